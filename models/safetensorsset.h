// Tensors that are divided between several .safetensors files, in the form that others write and read too: beside
// NAME-00001-of-00002.safetensors and its like lies NAME.safetensors.index.json, whose "weight_map" says which file
// holds which tensor. A single file is a set of one.
#pragma once

#include <vector>

#include "models/safetensors.h"
#include "models/setname.h"

namespace tessera::models
{

struct SafetensorsSet {
    std::filesystem::path path; // of the index, or of the single file
    std::map<std::string, std::string> metadata;
    std::vector<SafetensorsIndex> files; // each with those of its tensors that the index gives it

    uint64_t bytes() const; // of all files on the disk
};

// Reads headers alone. Of an index, metadata are its own. Throws Error: FileRead, FileFormat naming the file, what was
// found and what was expected; also when a tensor is not in the file that the index names, or a file is not beside the
// index.
SafetensorsSet readSafetensorsSet(const std::filesystem::path &path);

// Writes the index to `path`, which must end in .safetensors.index.json, and files of about `fileBytes` bytes at most
// beside it, whose names no earlier set has; a single larger tensor has a file of its own. The index comes last: until
// then an earlier set of this name stays whole, after that its files go. Throws Error (FileWrite, or InvalidArgument
// for another ending and for a name that is no UTF-8).
void writeSafetensorsSet(const std::filesystem::path &path, const StateDict &tensors,
                         const std::map<std::string, std::string> &metadata, uint64_t fileBytes);

} // namespace tessera::models
