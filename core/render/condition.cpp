#include "core/render/condition.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <ATen/ATen.h>

#include "core/map/depthmap.h"
#include "core/render/labelplanes.h"

namespace tessera::core
{

namespace
{

// [1, C, H, W] in the layout that convolutions on the CPU like best, on the device of `stage`.
CodeGrid encoded(const models::Autoencoder &stage, const at::Tensor &planes)
{
    const at::Tensor input = planes.to(stage.codebook.device()).contiguous(at::MemoryFormat::ChannelsLast);
    return gridOf(stage.encode(input));
}

// The pixels of a map that the stage reads. One of the canvas' size is read as it is, others are scaled to the canvas'
// whole codes.
GridSize pixelsFor(const models::Autoencoder &stage, const RenderRequest &request, GridSize map, GridSize canvas)
{
    const int factor = int(stage.config.factor());
    if (map == GridSize{request.height, request.width})
        return map;
    return {canvas.rows * factor, canvas.columns * factor};
}

// [1, planes, H, W]: 1 in the plane of each pixel's label. The unpainted may be in none.
at::Tensor oneHot(const LabelMap &map, const LabelPlanes &planes, int64_t count)
{
    const at::Tensor index = at::empty({1, 1, map.height, map.width}, at::kLong);
    const at::Tensor value = at::empty({1, 1, map.height, map.width}, at::kFloat);
    auto *indices = index.data_ptr<int64_t>();
    auto *values = value.data_ptr<float>();
    for (size_t i = 0; i < map.labels.size(); ++i) {
        const int plane = planes.planeOf[map.labels[i]];
        indices[i] = std::max(plane, 0);
        values[i] = plane >= 0 ? 1.f : 0.f;
    }
    return at::zeros({1, count, map.height, map.width}, at::kFloat).scatter_(1, index, value);
}

CodeGrid singleCell(int64_t value)
{
    return CodeGrid({1, 1}, value);
}

} // namespace

CodeGrid encodeLabels(const models::Autoencoder &stage, const std::string &labelSet, const LabelMap &map)
{
    const LabelMap part =
        map.cropped({0, 0, int(stage.config.seenPixels(map.width)), int(stage.config.seenPixels(map.height))});
    return encoded(stage, oneHot(part, labelPlanes(labelSet, stage.config.inChannels), stage.config.inChannels));
}

CodeGrid encodeField(const models::Autoencoder &stage, const FieldMap &field)
{
    const int64_t width = stage.config.seenPixels(field.width), height = stage.config.seenPixels(field.height);
    auto *values = const_cast<float *>(field.values.data());
    const at::Tensor all = at::from_blob(values, {1, 1, field.height, field.width}, at::kFloat);
    const at::Tensor part = all.narrow(2, 0, height).narrow(3, 0, width);
    return encoded(stage, part.expand({1, stage.config.inChannels, height, width}));
}

CodeGrid conditionGrid(const models::ModelBundle &bundle, const RenderRequest &request, GridSize canvas)
{
    if (const auto *codes = std::get_if<CodeGrid>(&request.condition))
        return *codes;
    if (const auto *index = std::get_if<int64_t>(&request.condition))
        return singleCell(*index);
    if (const auto *map = std::get_if<LabelMap>(&request.condition)) {
        const GridSize pixels = pixelsFor(*bundle.conditionStage(), request, {map->height, map->width}, canvas);
        return encodeLabels(*bundle.conditionStage(), bundle.config().condition.labelSet,
                            map->resizedNearest(pixels.columns, pixels.rows));
    }
    if (const auto *field = std::get_if<FieldMap>(&request.condition)) {
        const GridSize pixels = pixelsFor(*bundle.conditionStage(), request, {field->height, field->width}, canvas);
        return encodeField(*bundle.conditionStage(), resizedBilinear(*field, pixels.columns, pixels.rows));
    }
    const models::ModelConfig &config = bundle.config();
    if (config.condition.kind == models::ConditionKind::Coordinates)
        return coordinateGrid(canvas, int(config.firstStage.factor()), config.condition.tokens.count);
    return singleCell(0);
}

CodeGrid coordinateGrid(GridSize canvas, int factor, int64_t levels)
{
    const double width = double(canvas.columns) * factor, height = double(canvas.rows) * factor;
    const double centre = (factor - 1) / 2.0; // of a cell's pixels
    CodeGrid grid(canvas);
    for (int row = 0; row < canvas.rows; ++row) {
        for (int column = 0; column < canvas.columns; ++column) {
            const double y = row * double(factor) + centre, x = column * double(factor) + centre;
            const double place = (y * width + x) / (width * height);
            grid.at({row, column}) = std::min(levels - 1, int64_t(std::nearbyint(place * double(levels))));
        }
    }
    return grid;
}

std::vector<int64_t> controlTokens(const models::ModelConfig &config, const std::map<std::string, std::string> &controls)
{
    std::vector<int64_t> tokens;
    for (const models::ControlConfig &control : config.controls) {
        const auto chosen = controls.find(control.key);
        const auto value = chosen == controls.end() ? control.values.begin()
                                                    : std::ranges::find(control.values, chosen->second);
        tokens.push_back(control.first + (value - control.values.begin()));
    }
    return tokens;
}

CodeGrid gridOf(const at::Tensor &codes)
{
    const at::Tensor values = codes.squeeze(0).to(at::kCPU, at::kLong).contiguous();
    CodeGrid grid({int(values.size(0)), int(values.size(1))});
    std::memcpy(grid.values.data(), values.data_ptr<int64_t>(), grid.values.size() * sizeof(int64_t));
    return grid;
}

at::Tensor tensorOf(const CodeGrid &codes)
{
    const at::Tensor tensor = at::empty({1, codes.size.rows, codes.size.columns}, at::kLong);
    std::memcpy(tensor.data_ptr<int64_t>(), codes.values.data(), codes.values.size() * sizeof(int64_t));
    return tensor;
}

} // namespace tessera::core
