// How much memory there is for this process.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tessera::core
{

// Bytes that can be had without swapping, and the whole of the memory: the machine's (/proc/meminfo), or less where a
// control group sets a limit, as containers and services do (cgroup v2: memory.max; v1: memory.limit_in_bytes).
// UINT64_MAX where the system says nothing. `root` stands for "/" in tests.
uint64_t availableMemory(const std::filesystem::path &root = "/");
uint64_t totalMemory(const std::filesystem::path &root = "/");

} // namespace tessera::core
