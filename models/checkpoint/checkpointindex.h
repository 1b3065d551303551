// What a checkpoint of torch (.ckpt, .pt, .pth) holds, read without running anything from it and without reading any
// tensor. Understands what torch.save and PyTorch Lightning have written from 2019 on, in both containers.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "models/checkpoint/bytes.h"
#include "models/checkpoint/container.h"
#include "models/checkpoint/tensorreader.h"

namespace tessera::models
{

// Holds the file open, so that what was proven is what is read later. May be copied; constant.
struct CheckpointIndex {
    std::filesystem::path path;
    std::string container;                             // "zip" or "legacy"
    std::map<std::string, CheckpointTensor> tensors;   // of the state_dict, by the original's names
    std::map<std::string, CheckpointStorage> storages; // those that the tensors lie in, by key
    std::map<std::string, std::string> facts;          // what else stands beside the state_dict: "epoch" -> "12"
    std::vector<std::string> foreignGlobals;           // classes and functions that do not belong in a checkpoint
    std::vector<std::string> notices;                  // sentences for people
    std::shared_ptr<const ByteSource> source;
};

// The state_dict is the root's entry of that name, or else the root itself where all its values are tensors. Throws
// Error: FileRead, or FileFormat naming the file, the byte or tensor, what was found and what was expected. Memory: at
// most 64 MiB and twice the file's size, whatever the file says.
CheckpointIndex readCheckpointIndex(const std::filesystem::path &path);
// From any bytes: for tests and fuzzing.
CheckpointIndex readCheckpointIndex(std::shared_ptr<const ByteSource> source);

} // namespace tessera::models
