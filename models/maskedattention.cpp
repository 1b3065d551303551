#include "models/maskedattention.h"

#include <algorithm>
#include <cmath>
#include <tuple>

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/SDPBackend.h>
#include <c10/core/GradMode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace tessera::models
{

namespace
{

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

double scaleOf(const at::Tensor &q)
{
    return 1 / std::sqrt(double(q.size(3)));
}

// The layout that q, k and v have as views of [B, T, heads * D]: their gradients are views of such a tensor as well.
at::Tensor emptyByToken(const at::Tensor &like)
{
    return at::empty_like(like.transpose(1, 2), at::MemoryFormat::Contiguous).transpose(1, 2);
}

struct Attention : torch::autograd::Function<Attention> {
    static at::Tensor forward(AutogradContext *context, const at::Tensor &q, const at::Tensor &k, const at::Tensor &v,
                              const at::Tensor &mask)
    {
        context->save_for_backward({q, k, v, mask});
        return at::scaled_dot_product_attention(q, k, v, mask);
    }

    static variable_list backward(AutogradContext *context, const variable_list &upstream)
    {
        const variable_list saved = context->get_saved_variables();
        const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
        const at::Tensor mask = saved[3].expand({q.size(1), q.size(2), k.size(2)});
        const double scale = scaleOf(q);
        at::Tensor ofQ = emptyByToken(q), ofK = emptyByToken(k), ofV = emptyByToken(v);
        at::parallel_for(0, q.size(0), 1, [&](int64_t begin, int64_t end) {
            const c10::NoGradGuard noGradients;     // a setting of each thread
            for (int64_t i = begin; i < end; ++i) { // the weights of one sequence stay in a core's cache
                const at::Tensor up = upstream[0][i];
                const at::Tensor weights = at::softmax(at::baddbmm(mask, q[i], k[i].transpose(1, 2), 1, scale), 2);
                ofV[i].copy_(at::bmm(weights.transpose(1, 2), up));
                const at::Tensor ofWeights = at::bmm(up, v[i].transpose(1, 2));
                const at::Tensor ofScores =
                    at::_softmax_backward_data(ofWeights, weights, 2, weights.scalar_type()).mul_(scale);
                ofQ[i].copy_(at::bmm(ofScores, k[i]));
                ofK[i].copy_(at::bmm(ofScores.transpose(1, 2), q[i]));
            }
        });
        return {ofQ, ofK, ofV, at::Tensor()};
    }
};

// [B, M, heads, D]. `causal`: the last query sees all keys, each one before it one key less.
at::Tensor flash(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, bool causal)
{
    return std::get<0>(at::_scaled_dot_product_flash_attention(q, k, v, 0.0, causal)).transpose(1, 2);
}

bool hasSlowGradient(const at::Tensor &q)
{
    return q.is_cpu() && q.scalar_type() == at::kBFloat16 && q.requires_grad();
}

} // namespace

at::Tensor maskedAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, const at::Tensor &mask)
{
    return hasSlowGradient(q) ? Attention::apply(q, k, v, mask) : at::scaled_dot_product_attention(q, k, v, mask);
}

bool hasUnmaskedKernels(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v)
{
    if (!q.is_cuda() || (q.scalar_type() != at::kBFloat16 && q.scalar_type() != at::kHalf)
        || !at::globalContext().userEnabledFlashSDP())
        return false;
    const auto chosen = at::SDPBackend(at::_fused_sdp_choice(k, k, v)); // of the device's kernels, for equal lengths
    return chosen == at::SDPBackend::flash_attention || chosen == at::SDPBackend::cudnn_attention;
}

at::Tensor prefixedAttention(const at::Tensor &q, const at::Tensor &k, const at::Tensor &v, int64_t unmasked)
{
    unmasked = std::min(unmasked, k.size(2));
    const int64_t skip = k.size(2) - q.size(2);
    const int64_t early = std::max<int64_t>(0, unmasked - 1 - skip); // queries that see what is behind them
    const at::Tensor later = flash(q.slice(2, early), k, v, true);
    if (early == 0)
        return later.transpose(1, 2);
    const at::Tensor prefix = flash(q.slice(2, 0, early), k.slice(2, 0, unmasked), v.slice(2, 0, unmasked), false);
    return at::cat({prefix, later}, 1).transpose(1, 2);
}

} // namespace tessera::models
