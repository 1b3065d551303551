#include "core/render/system.h"

#include <algorithm>
#include <thread>

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/version.h>

#include "core/render/systemmemory.h"
#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/enginechoice.h"
#include "models/device.h"
#include "models/error.h"

namespace tessera::core
{

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
    info.devices.push_back({"cpu", enginePrecisions("cpu")});
    for (int i = 0; i < models::gpuCount(); ++i) {
        const std::string name = "cuda:" + std::to_string(i);
        info.devices.push_back({name, enginePrecisions(name)});
    }
    return info;
}

std::string resolvedDevice(const std::string &name)
{
    return models::deviceNamed(name).str();
}

std::string resolvedPrecision(const std::string &name, const std::string &device)
{
    static const std::vector<std::string> kKnown{"auto", "fp32", "bf16", "fp16", "int8"};
    if (std::ranges::find(kKnown, name) == kKnown.end())
        throw Error(ErrorCode::InvalidArgument,
                    "The precision '" + name + "' is not known; expected auto, fp32, bf16, fp16 or int8.");
    if (name == "auto")
        return "fp32";
    const std::vector<std::string> offered = enginePrecisions(device);
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
