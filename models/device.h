// Devices by the names that users give them.
#pragma once

#include <string>

#include <c10/core/Device.h>

namespace tessera::models
{

// GPUs that this LibTorch can use.
int gpuCount();

// "cpu", "cuda" (the first GPU) or "cuda:N"; "auto" is the first GPU where there is one, else the CPU.
// Throws Error: InvalidArgument for other words, Device for a GPU that is not there.
c10::Device deviceNamed(const std::string &name);

} // namespace tessera::models
