// What `inspect` and `convert` do with a model file as a whole. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/render/render.h"

namespace tessera::core
{

struct TensorReport {
    std::string name;
    std::string dtype; // as in the file: "F32", "I8", ...
    std::vector<int64_t> shape;
    uint64_t bytes = 0;
    uint64_t nonFinite = 0; // values that are NaN or infinite; 0 where weights were not read
};

struct ModelReport {
    ModelInfo info;     // with the identity, where weights were read
    std::string format; // "safetensors", "torch zip", "torch legacy"
    std::string dtype;  // of most weights: "float32", "float16", "int8"
    uint64_t fileBytes = 0;
    bool weightsRead = false;
    std::vector<TensorReport> tensors;
    std::vector<std::string> foreignObjects;  // things in the file that are neither tensors nor plain values
    std::map<std::string, std::string> notes; // the rest of the file's metadata
};

// Whether weights are read, which takes seconds for gigabytes of them: the identity and the count of values that are
// not finite need it, nothing else does.
enum class WeightReading { Always, WhenSmall };
inline constexpr uint64_t kSmallWeightBytes = uint64_t(256) << 20;

// Executes nothing. Throws Error like ModelBundle::inspect.
ModelReport reportOnModel(const std::filesystem::path &model, WeightReading reading = WeightReading::WhenSmall);

// "fp32", "fp16", "int8". A tensor with values beyond float16 stays float32, and the file's notes name it
// ("kept_as_float32"). `writing` is called once all is read and converted, before the target is touched.
// Throws Error like ModelBundle::open, FileWrite, InvalidArgument for other words.
void convertModel(const std::filesystem::path &model, const std::filesystem::path &target, const std::string &dtype,
                  const std::function<void()> &writing = {});

} // namespace tessera::core
