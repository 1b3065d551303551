// What this machine is and offers. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tessera::core
{

struct DeviceInfo {
    std::string name;                    // "cpu", "cuda:0"
    std::vector<std::string> precisions; // "fp32", ...
};

struct SystemInfo {
    std::string program;      // version of Tessera
    std::string torch;        // version of LibTorch
    std::string cpuFeatures;  // the instructions LibTorch uses: "AVX512", "AVX2", "DEFAULT"
    std::string instructions; // those of the transformer's own kernels: "amx", "avx512", "avxvnni", "avx2", "portable"
    int cores = 0;
    int threads = 0;                 // LibTorch's own choice
    uint64_t memory = 0;             // bytes
    uint64_t memoryFree = 0;         // bytes, without swapping
    std::vector<DeviceInfo> devices; // usable ones, the CPU first
};

SystemInfo systemInfo();

// "auto", "cpu", "cuda", "cuda:N" -> "cpu" or "cuda:N". `auto` takes the first GPU where there is one.
// Throws Error: InvalidArgument for other words, Device for a GPU that is not there.
std::string resolvedDevice(const std::string &name);

// "auto", "fp32", "bf16", "fp16", "int8" -> the one to use. Throws Error (InvalidArgument) for other words and for what
// the device does not offer.
std::string resolvedPrecision(const std::string &name, const std::string &device);

} // namespace tessera::core
