// What `inspect` and `convert` do with a model file as a whole. No LibTorch in this header.
#pragma once

#include <cstdint>
#include <filesystem>
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
    uint64_t nonFinite = 0; // values that are NaN or infinite
};

struct ModelReport {
    ModelInfo info;     // with the identity
    std::string format; // "safetensors", "torch zip", "torch legacy"
    std::string dtype;  // of most weights: "float32", "float16", "int8"
    uint64_t fileBytes = 0;
    std::vector<TensorReport> tensors;
    std::vector<std::string> foreignObjects;  // things in the file that are neither tensors nor plain values
    std::map<std::string, std::string> notes; // the rest of the file's metadata
};

// Reads everything and executes nothing. Throws Error like ModelBundle::open.
ModelReport reportOnModel(const std::filesystem::path &model);

// "fp32", "fp16", "int8". Throws Error like ModelBundle::open, FileWrite, InvalidArgument for other words.
void convertModel(const std::filesystem::path &model, const std::filesystem::path &target, const std::string &dtype);

} // namespace tessera::core
