#include "app/train/paintedmaps.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/error.h"
#include "models/training/indexedpng.h"
#include "models/training/mapaugment.h"
#include "models/yaml.h"

namespace tessera::train
{

namespace
{

at::Tensor labelsOf(const std::filesystem::path &path, int64_t side)
{
    const models::IndexedPicture picture = models::readIndexedPng(path);
    if (picture.width != side || picture.height != side)
        throw Error(ErrorCode::FileFormat, path.string() + " is " + std::to_string(picture.width) + " x "
                                               + std::to_string(picture.height) + " pixels large; expected "
                                               + std::to_string(side) + " x " + std::to_string(side) + ".");
    const uint8_t largest = std::ranges::max(picture.indices);
    if (largest >= models::kMapLabels)
        throw Error(ErrorCode::FileFormat, path.string() + " has the label " + std::to_string(largest)
                                               + "; expected indices below " + std::to_string(models::kMapLabels)
                                               + ".");
    at::Tensor labels = at::empty({side, side}, at::kLong);
    std::ranges::copy(picture.indices, labels.mutable_data_ptr<int64_t>());
    return labels;
}

void expectKnown(const std::string &where, const Controls &controls, const std::vector<models::ControlConfig> &known)
{
    for (const auto &[key, value] : controls) {
        const auto control = std::ranges::find(known, key, &models::ControlConfig::key);
        if (control == known.end())
            throw Error(ErrorCode::ModelMismatch, where + " the control '" + key + "', which the model has not.");
        if (std::ranges::find(control->values, value) == control->values.end())
            throw Error(ErrorCode::ModelMismatch, where + " the value '" + value + "' for '" + key
                                                      + "', which is none of the model's values of this control.");
    }
}

} // namespace

std::vector<PaintedMap> readPaintedMaps(const std::filesystem::path &folder, int64_t side, int count,
                                        const std::vector<models::ControlConfig> &known)
{
    const std::filesystem::path list = folder / "controls.json";
    const nlohmann::json json = models::parseJsonText(models::readTextFile(list, "list of maps"), list);
    std::vector<std::pair<std::string, Controls>> files;
    try {
        for (const auto &[file, controls] : json.items())
            files.emplace_back(file, controls.get<Controls>());
    } catch (const nlohmann::json::exception &) {
        throw Error(ErrorCode::FileFormat, list.string() + " does not name files with a text for each control.");
    }
    if (files.empty())
        throw Error(ErrorCode::FileFormat, list.string() + " names no file.");
    for (const auto &[file, controls] : files)
        expectKnown(list.string() + " gives '" + file + "'", controls, known);
    const size_t wanted = std::min(files.size(), size_t(std::max(1, count)));
    std::vector<PaintedMap> maps;
    for (size_t i = 0; i < wanted; ++i) {
        const auto &[file, controls] = files[i * files.size() / wanted];
        maps.push_back({file, labelsOf(folder / file, side), controls});
    }
    return maps;
}

} // namespace tessera::train
