// The .safetensors format, reading (every check of the reference reader and more: nothing is allocated before the
// header is proven) and writing (atomic: a temporary sibling is renamed over the target).
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/checkpoint/bytes.h"
#include "models/parameters.h"

namespace tessera::models
{

struct SafetensorsEntry {
    std::string dtype; // as in the file: "F32", "I8", ...
    std::vector<int64_t> shape;
    uint64_t begin = 0; // byte offsets in the file
    uint64_t end = 0;
};

// The header alone: cheap, reads no tensor. May be copied.
struct SafetensorsIndex {
    std::filesystem::path path;
    std::map<std::string, std::string> metadata;
    std::map<std::string, SafetensorsEntry> entries;
    // Holds the file open, so that what was proven is what is read later. Null: it is opened again for that.
    std::shared_ptr<const FileBytes> source;
};

// Throws Error: FileRead, also for what is no ordinary file, or FileFormat naming the file, the byte or tensor, what
// was found and what was expected.
SafetensorsIndex readSafetensorsIndex(const std::filesystem::path &path);
// Reads the tensors of `index` whose names begin with `prefix`. Data types are kept as they are in the file.
StateDict readSafetensors(const SafetensorsIndex &index, const std::string &prefix = "");
// Tensors may be on any device and of any stride; they are written contiguous, little-endian. Throws Error (FileWrite).
void writeSafetensors(const std::filesystem::path &path, const StateDict &tensors,
                      const std::map<std::string, std::string> &metadata);

} // namespace tessera::models
