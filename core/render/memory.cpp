#include "core/render/memory.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <limits>

namespace tessera::core
{

namespace
{

uint64_t meminfo(const std::string &key)
{
    std::ifstream file("/proc/meminfo");
    std::string name, unit;
    uint64_t kibibytes = 0;
    while (file >> name >> kibibytes) {
        std::getline(file, unit);
        if (name == key + ":")
            return kibibytes * 1024;
    }
    return std::numeric_limits<uint64_t>::max();
}

} // namespace

uint64_t availableMemory()
{
    return meminfo("MemAvailable");
}

uint64_t totalMemory()
{
    return meminfo("MemTotal");
}

uint64_t activationBytes(const models::AutoencoderConfig &config, GridSize canvas)
{
    constexpr uint64_t kLiveMaps = 5, kFloatBytes = 4;
    const uint64_t pixels = uint64_t(canvas.cells()) * uint64_t(config.factor() * config.factor());
    uint64_t widest = 0;
    for (size_t level = 0; level < config.multipliers.size(); ++level) {
        // An upsampling decoder brings the next level's channels to this level's size.
        const int64_t multiplier = std::max(config.multipliers[level],
                                            config.multipliers[std::min(level + 1, config.multipliers.size() - 1)]);
        const uint64_t side = uint64_t(config.patch) << level;
        widest = std::max(widest, pixels / (side * side) * uint64_t(config.width * multiplier));
    }
    const uint64_t ends = 2 * pixels * uint64_t(std::max(config.inChannels, config.outChannels));
    return kFloatBytes * (kLiveMaps * widest + ends);
}

// A window lives from the first row that draws from it to the last. Rows whose windows start at the same height share
// them, one for each place along the row where a window may start; windows of two heights never live at once for long.
int mostLiveWindows(int window, GridSize canvas, const WindowPolicy &policy)
{
    const int step = policy.kind == WindowPolicy::Kind::Block ? std::max(1, policy.step) : 1;
    return (canvas.columns - window + step - 1) / step + 1 + (canvas.rows > window ? 1 : 0);
}

uint64_t renderBytes(const models::ModelConfig &config, GridSize canvas, const WindowPolicy &policy, bool guided,
                     uint64_t cacheBytes)
{
    uint64_t activations = activationBytes(config.firstStage, canvas);
    if (config.condition.stage)
        activations = std::max(activations, activationBytes(*config.condition.stage, canvas));
    const int windows = mostLiveWindows(int(config.window), canvas, policy);
    return uint64_t(windows) * cacheBytes * (guided ? 2 : 1) + activations;
}

std::string bytesText(uint64_t bytes)
{
    char text[32];
    const double mebibytes = double(bytes) / (1 << 20);
    if (mebibytes >= 1024)
        std::snprintf(text, sizeof text, "%.1f GiB", mebibytes / 1024);
    else
        std::snprintf(text, sizeof text, "%.0f MiB", mebibytes);
    return text;
}

} // namespace tessera::core
