#include "core/render/system.h"

#include <algorithm>
#include <charconv>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <ATen/detail/CUDAHooksInterface.h>
#include <torch/version.h>

#include "core/render/memory.h"
#include "core/sampling/cpu/cpuengine.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

const std::string kCuda = "cuda";

int gpuCount()
{
    return at::globalContext().hasCUDA() ? int(at::detail::getCUDAHooks().deviceCount()) : 0;
}

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

std::vector<std::string> offeredPrecisions(const std::string &device)
{
    return device == "cpu" ? std::vector<std::string>{"fp32", "bf16", "int8"} : std::vector<std::string>{"fp32"};
}

} // namespace

SystemInfo systemInfo()
{
    SystemInfo info;
    info.program = TESSERA_VERSION;
    info.torch = TORCH_VERSION;
    info.cpuFeatures = at::get_cpu_capability();
    info.instructions = cpuInstructionSets().front();
    info.cores = int(std::thread::hardware_concurrency());
    info.threads = at::get_num_threads();
    info.memory = totalMemory();
    info.memoryFree = availableMemory();
    info.devices.push_back({"cpu", offeredPrecisions("cpu")});
    for (int i = 0; i < gpuCount(); ++i) {
        const std::string name = kCuda + ":" + std::to_string(i);
        info.devices.push_back({name, offeredPrecisions(name)});
    }
    return info;
}

std::string resolvedDevice(const std::string &name)
{
    const int count = name == "cpu" ? 0 : gpuCount();
    if (name == "cpu" || (name == "auto" && count == 0))
        return "cpu";
    if (name == "auto")
        return kCuda + ":0";
    const int index = gpuIndex(name);
    if (index < 0)
        throw Error(ErrorCode::InvalidArgument, "The device '" + name + "' is not known; expected auto, cpu, cuda or cuda:N.");
    if (index >= count)
        throw Error(ErrorCode::Device, "The device '" + name + "' was asked for, but " + gpusText(count) + ".");
    return kCuda + ":" + std::to_string(index);
}

std::string resolvedPrecision(const std::string &name, const std::string &device)
{
    static const std::vector<std::string> kKnown{"auto", "fp32", "bf16", "fp16", "int8"};
    if (std::ranges::find(kKnown, name) == kKnown.end())
        throw Error(ErrorCode::InvalidArgument,
                    "The precision '" + name + "' is not known; expected auto, fp32, bf16, fp16 or int8.");
    if (name == "auto")
        return "fp32";
    const std::vector<std::string> offered = offeredPrecisions(device);
    if (std::ranges::find(offered, name) == offered.end()) {
        std::string list;
        for (const std::string &precision : offered)
            list += (list.empty() ? "" : ", ") + precision;
        throw Error(ErrorCode::InvalidArgument,
                    "The precision '" + name + "' is not offered on " + device + "; it offers " + list + ".");
    }
    return name;
}

} // namespace tessera::core
