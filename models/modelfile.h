// A model's file, whatever its make: a .safetensors file of ours, or a published checkpoint with its configuration.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "models/checkpoint/checkpointindex.h"
#include "models/config.h"
#include "models/safetensorsset.h"

namespace tessera::models
{

struct ModelFile {
    struct Entry {
        std::string dtype; // "F32", "I8", ...
        std::vector<int64_t> shape;
        uint64_t bytes = 0;
    };

    std::filesystem::path path;
    std::string title;                    // shown to people: the configuration's name, or else one made of the path
    std::string format;                   // "safetensors", "torch zip", "torch legacy"
    ModelConfig config;                   // what the file says, wherever it lies and however its path was typed
    std::map<std::string, Entry> entries; // every tensor of the file
    std::map<std::string, std::string> notes;
    std::vector<std::string> foreignObjects; // classes and functions that a checkpoint names; never looked up
    std::variant<SafetensorsSet, CheckpointIndex> index;

    // Finds and opens a model without reading tensors. `path` is one of
    // - a .safetensors file whose metadata "config" holds the configuration as JSON, or the .safetensors.index.json of
    //   several files, or a folder with one (of several model.safetensors is taken, else the first index, else the
    //   first file by name), or the word "starter";
    // - a published folder: checkpoints/last.ckpt or ckpts/last.ckpt, else the last .ckpt by name in the folder itself
    //   or in one of these two;
    // - a checkpoint, told by its content.
    // A checkpoint's configuration is the .yaml of its name beside it, else model.yaml or config.yaml there, else
    // configs/model.yaml or the last configs/*-project.yaml: beside it, or where it lies in checkpoints/ or ckpts/
    // beside that folder.
    // Where a checkpoint has no configuration, it is inferred from its tensors; `notes` say what was assumed.
    // Throws Error: ModelNotFound, FileRead, FileFormat, ModelMismatch, also where both do not fit (modelfit.h).
    static ModelFile open(const std::filesystem::path &path);
    // The file that holds the tensors.
    static std::filesystem::path resolve(const std::filesystem::path &path);

    // The tensors that the model's networks take, as stored, and what belongs to them (".scale"). Nothing else of the
    // file is read.
    StateDict readTensors() const;
    uint64_t bytes() const; // on the disk
    // The names of entries that no network takes: losses, masks, whatever else training left.
    std::vector<std::string> ignoredTensors() const;
};

} // namespace tessera::models
