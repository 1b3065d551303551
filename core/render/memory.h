// How much memory a render needs, known before any of it is taken.
#pragma once

#include <cstdint>
#include <string>

#include "core/sampling/grid.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::core
{

// Bytes that can be had without swapping (MemAvailable of /proc/meminfo), the whole of the machine's memory. UINT64_MAX
// where the system does not say.
uint64_t availableMemory();
uint64_t totalMemory();

// What a network that works on a canvas of that many codes holds at its widest, in bytes (float32). An estimate: five
// maps of the widest level live at once, as measured.
uint64_t activationBytes(const models::AutoencoderConfig &config, GridSize canvas);

// At least WindowPlan::liveWindows() of the canvas' plan, and hardly more, without making the plan.
int mostLiveWindows(int window, GridSize canvas, const WindowPolicy &policy);

// Caches of the windows alive at once, and the largest activations, in bytes. `cacheBytes`: of one window.
uint64_t renderBytes(const models::ModelConfig &config, GridSize canvas, const WindowPolicy &policy, bool guided,
                     uint64_t cacheBytes);

// "1.4 GiB", "310 MiB".
std::string bytesText(uint64_t bytes);

} // namespace tessera::core
