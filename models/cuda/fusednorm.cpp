#include "models/cuda/fusednorm.h"

#include <limits>

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <c10/core/GradMode.h>
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#include <torch/csrc/autograd/custom_function.h>

#include "models/cuda/groupnormkernels.h"

namespace tessera::models::cuda
{

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kAlignment = 16;
constexpr int64_t kStatistics = sizeof(GroupStatistics) / sizeof(float);
constexpr int64_t kMostPictures = 65535;

bool isKnown(at::ScalarType type)
{
    return type == at::kFloat || type == at::kBFloat16 || type == at::kHalf;
}

Format formatOf(const at::Tensor &x)
{
    if (x.scalar_type() == at::kFloat)
        return Format::Float32;
    return x.scalar_type() == at::kBFloat16 ? Format::BFloat16 : Format::Float16;
}

NormShape shapeOf(const at::Tensor &x, int64_t groups)
{
    return {int(x.size(0)), int(x.size(2) * x.size(3)), int(x.size(1)), int(groups)};
}

// Channels-last, beginning where 16 bytes are loaded at once.
at::Tensor packed(const at::Tensor &x)
{
    const at::Tensor dense = x.contiguous(at::MemoryFormat::ChannelsLast);
    const bool aligned = reinterpret_cast<uintptr_t>(dense.const_data_ptr()) % kAlignment == 0;
    return aligned ? dense : dense.clone(at::MemoryFormat::ChannelsLast);
}

at::Tensor workspaceFor(const at::Tensor &x, int64_t groups)
{
    const size_t floats = normWorkspace(formatOf(x), shapeOf(x, groups));
    return at::empty({int64_t(floats)}, x.options().dtype(at::kFloat));
}

NormParameters parametersOf(const at::Tensor &weight, const at::Tensor &bias)
{
    return {weight.const_data_ptr<float>(), bias.const_data_ptr<float>()};
}

// x as packed() gives it; weight and bias float32, contiguous.
struct FusedNorm : torch::autograd::Function<FusedNorm> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &x, const at::Tensor &weight,
                              const at::Tensor &bias, int64_t groups, double epsilon, bool silu)
    {
        const c10::cuda::CUDAGuard device(x.device());
        const at::Tensor result = at::empty_like(x, at::MemoryFormat::ChannelsLast);
        const at::Tensor workspace = workspaceFor(x, groups);
        const at::Tensor statistics = at::empty({x.size(0), groups, kStatistics}, workspace.options());
        normForward(formatOf(x), x.const_data_ptr(), parametersOf(weight, bias), epsilon, shapeOf(x, groups), silu,
                    workspace.mutable_data_ptr<float>(),
                    reinterpret_cast<GroupStatistics *>(statistics.mutable_data_ptr<float>()),
                    result.mutable_data_ptr(), c10::cuda::getCurrentCUDAStream());
        C10_CUDA_KERNEL_LAUNCH_CHECK();
        context->save_for_backward({x, weight, bias, statistics});
        context->saved_data["groups"] = groups;
        context->saved_data["silu"] = silu;
        return result;
    }

    static variable_list backward(AutogradContext *context, const variable_list &upstream)
    {
        TORCH_CHECK(!c10::GradMode::is_enabled(), "the fused group normalisation has no second derivatives");
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &x = saved[0], &weight = saved[1], &bias = saved[2];
        const int64_t groups = context->saved_data["groups"].toInt();
        const c10::cuda::CUDAGuard device(x.device());
        const at::Tensor up = packed(upstream[0].to(x.scalar_type())), workspace = workspaceFor(x, groups);
        at::Tensor ofX = at::empty_like(x, at::MemoryFormat::ChannelsLast);
        at::Tensor ofWeight = at::empty_like(weight), ofBias = at::empty_like(bias);
        normBackward(formatOf(x), x.const_data_ptr(), up.const_data_ptr(),
                     reinterpret_cast<const GroupStatistics *>(saved[3].const_data_ptr<float>()),
                     parametersOf(weight, bias), shapeOf(x, groups), context->saved_data["silu"].toBool(),
                     workspace.mutable_data_ptr<float>(), ofX.mutable_data_ptr(), ofWeight.mutable_data_ptr<float>(),
                     ofBias.mutable_data_ptr<float>(), c10::cuda::getCurrentCUDAStream());
        C10_CUDA_KERNEL_LAUNCH_CHECK();
        return {ofX, ofWeight, ofBias, at::Tensor(), at::Tensor(), at::Tensor()};
    }
};

bool isWanted(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias)
{
    const bool graded = x.requires_grad() || weight.requires_grad() || bias.requires_grad();
    return (graded && c10::GradMode::is_enabled()) || at::autocast::is_autocast_enabled(at::kCUDA);
}

bool fits(const at::Tensor &x)
{
    return x.dim() == 4 && x.size(0) > 0 && x.size(0) <= kMostPictures && x.size(2) * x.size(3) > 1
           && x.numel() / x.size(0) <= std::numeric_limits<int32_t>::max();
}

} // namespace

bool suitsFusedNorm(const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias)
{
    return x.is_cuda() && fits(x) && isKnown(x.scalar_type())
           && x.suggest_memory_format() == at::MemoryFormat::ChannelsLast && weight.device() == x.device()
           && bias.device() == x.device() && isWanted(x, weight, bias);
}

at::Tensor fusedGroupNorm(const at::Tensor &x, int64_t groups, const at::Tensor &weight, const at::Tensor &bias,
                          double epsilon, bool silu)
{
    TORCH_CHECK(groups > 0 && x.size(1) % groups == 0 && weight.numel() == x.size(1) && bias.numel() == x.size(1),
                "group normalisation: ", x.size(1), " channels, ", groups, " groups, ", weight.numel(), " weights");
    return FusedNorm::apply(packed(x), weight.to(at::kFloat).contiguous(), bias.to(at::kFloat).contiguous(), groups,
                            epsilon, silu);
}

} // namespace tessera::models::cuda
