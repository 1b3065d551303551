#include "models/device.h"

#include <charconv>

#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

const std::string kCuda = "cuda";

std::string gpusText(int count)
{
    if (count == 0)
        return "this LibTorch (" + std::string(TORCH_VERSION) + ") finds no GPU it can use; expected auto or cpu";
    return "this machine has " + std::to_string(count) + (count == 1 ? " GPU, cuda:0" : " GPUs, from cuda:0");
}

// The N of "cuda:N", 0 for "cuda", -1 for anything else.
int gpuIndex(const std::string &name)
{
    if (name == kCuda)
        return 0;
    const std::string prefix = kCuda + ":";
    if (!name.starts_with(prefix))
        return -1;
    int index = -1;
    const char *first = name.data() + prefix.size(), *last = name.data() + name.size();
    const auto [end, error] = std::from_chars(first, last, index);
    return error == std::errc{} && end == last ? index : -1;
}

} // namespace

int gpuCount()
{
    return at::globalContext().hasCUDA() ? int(at::detail::getCUDAHooks().deviceCount()) : 0;
}

c10::Device deviceNamed(const std::string &name)
{
    const int count = name == "cpu" ? 0 : gpuCount();
    if (name == "cpu" || (name == "auto" && count == 0))
        return c10::kCPU;
    const int index = name == "auto" ? 0 : gpuIndex(name);
    if (index < 0)
        throw Error(ErrorCode::InvalidArgument,
                    "The device '" + name + "' is not known; expected auto, cpu, cuda or cuda:N.");
    if (index >= count)
        throw Error(ErrorCode::Device, "The device '" + name + "' was asked for, but " + gpusText(count) + ".");
    return {c10::kCUDA, c10::DeviceIndex(index)};
}

} // namespace tessera::models
