#include "core/sampling/enginechoice.h"

#include <algorithm>

#include "core/sampling/cpu/cpuengine.h"
#include "models/error.h"
#include "models/transformer.h"

#ifdef TESSERA_CUDA_ENGINE
#include "core/sampling/cuda/cudaengine.h"
#endif

namespace tessera::core
{

namespace
{

CpuPrecision cpuPrecision(const std::string &name)
{
    return name == "int8" ? CpuPrecision::Int8 : name == "bf16" ? CpuPrecision::BFloat16 : CpuPrecision::Float32;
}

ChosenEngine gpuEngine(const models::Transformer &model, [[maybe_unused]] const std::string &device,
                       const std::string &precision)
{
#ifdef TESSERA_CUDA_ENGINE
    if (cudaEngineRunsOn(c10::Device(device)) && cudaEngineSupports(model.config)) {
        CudaEngineOptions options{.device = c10::Device(device)};
        options.precision = precision == "bf16"   ? CudaPrecision::BFloat16
                            : precision == "fp16" ? CudaPrecision::Float16
                                                  : CudaPrecision::Float32;
        return {makeCudaEngine(model, options), true};
    }
#endif
    if (precision != "fp32")
        throw Error(ErrorCode::InvalidArgument,
                    "On a GPU the precision '" + precision
                        + "' is there for transformers with heads of 64 values; this one's have "
                        + std::to_string(model.config.headDim()) + ". It runs in fp32.");
    return {makeTorchEngine(model), false};
}

} // namespace

std::vector<std::string> enginePrecisions(const std::string &device)
{
    if (device == "cpu")
        return {"fp32", "bf16", "int8"};
#ifdef TESSERA_CUDA_ENGINE
    if (cudaEngineRunsOn(c10::Device(device)))
        return {"fp32", "bf16", "fp16"};
#endif
    return {"fp32"};
}

bool offersPrecision([[maybe_unused]] const models::TransformerConfig &config, const std::string &device,
                     const std::string &precision)
{
    const std::vector<std::string> offered = enginePrecisions(device);
    if (std::ranges::find(offered, precision) == offered.end())
        return false;
#ifdef TESSERA_CUDA_ENGINE
    return device == "cpu" || precision == "fp32" || cudaEngineSupports(config);
#else
    return true;
#endif
}

std::string fastestPrecision(const models::TransformerConfig &config, const std::string &device)
{
    for (const char *precision : {"int8", "bf16"})
        if (offersPrecision(config, device, precision))
            return precision;
    return "fp32";
}

ChosenEngine chooseEngine(const models::Transformer &model, const std::string &device, const std::string &precision,
                          int threads)
{
    if (device != "cpu")
        return gpuEngine(model, device, precision);
    return {cpuEngine(model, precision, threads), true};
}

std::unique_ptr<TransformerEngine> cpuEngine(models::Transformer model, const std::string &precision, int threads)
{
    return makeCpuEngine(std::move(model), {cpuPrecision(precision), threads, {}});
}

} // namespace tessera::core
