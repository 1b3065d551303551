// A folder of painted maps with the controls to paint them with, such as tests/data/crude.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "app/train/mappainter.h"

namespace tessera::train
{

struct PaintedMap {
    std::string name;
    at::Tensor labels; // int64 [H, W], indices of the landscape label set
    Controls controls;
};

// Reads FOLDER/controls.json, {"NAME.png": {"light": "day", ...}, ...}, and the files that it names, PNG with labels as
// indices, `side` pixels wide and high. At most `count`, spread over all. Throws Error: FileRead, FileFormat, and
// ModelMismatch for a control or a value that `known`, a model's controls, has not.
std::vector<PaintedMap> readPaintedMaps(const std::filesystem::path &folder, int64_t side, int count,
                                        const std::vector<models::ControlConfig> &known);

} // namespace tessera::train
