#include "core/render/condition.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include <ATen/ATen.h>

#include "core/map/depthmap.h"
#include "core/render/encoding.h"
#include "core/render/memory.h"
#include "models/edgefield.h"

namespace tessera::core
{

namespace
{

// The pixels of a map that the stage reads. One of the canvas' size is read as it is, others are scaled to the canvas'
// whole codes.
GridSize pixelsFor(const models::Autoencoder &stage, const RenderRequest &request, GridSize map, GridSize canvas)
{
    const int factor = int(stage.config.factor());
    if (map == GridSize{request.height, request.width})
        return map;
    return {canvas.rows * factor, canvas.columns * factor};
}

CodeGrid singleCell(int64_t value)
{
    return CodeGrid({1, 1}, value);
}

} // namespace

CodeGrid conditionGrid(const models::ModelBundle &bundle, const RenderRequest &request, GridSize canvas, bool tiled,
                       std::stop_token stop)
{
    const auto memoryOf = [&](const models::Autoencoder &stage) { return tiled ? 0 : stageMemory(stage); };
    if (const auto *codes = std::get_if<CodeGrid>(&request.condition))
        return *codes;
    if (const auto *index = std::get_if<int64_t>(&request.condition))
        return singleCell(*index);
    if (const auto *map = std::get_if<LabelMap>(&request.condition)) {
        const models::Autoencoder &stage = *bundle.stageOf(models::ConditionKind::Labels);
        const GridSize pixels = pixelsFor(stage, request, {map->height, map->width}, canvas);
        return encodedLabels(stage, bundle.config().condition.labelSet,
                             map->resizedNearest(pixels.columns, pixels.rows), memoryOf(stage), std::move(stop));
    }
    if (const auto *field = std::get_if<FieldMap>(&request.condition)) {
        const models::ConditionKind kind = *mapKindOf(bundle.config(), request);
        const models::Autoencoder &stage = *bundle.stageOf(kind);
        const GridSize pixels = pixelsFor(stage, request, {field->height, field->width}, canvas);
        return encodedField(stage, fieldToRead(bundle.config(), kind, *field, pixels), memoryOf(stage),
                            std::move(stop));
    }
    const models::ModelConfig &config = bundle.config();
    if (config.condition.kind == models::ConditionKind::Coordinates)
        return coordinateGrid(canvas, int(config.firstStage.factor()), config.condition.tokens.count);
    return singleCell(0);
}

// Nearness first, at the map's own size: thin lines would be lost in scaling, nearness is smooth. Published models
// learned from lines as 0 and 1.
FieldMap fieldToRead(const models::ModelConfig &config, models::ConditionKind kind, const FieldMap &field,
                     GridSize pixels)
{
    constexpr double kReachWindow = 256; // pixels of the window that a reach is told for
    const double reach = config.conditionOf(kind)->edgeReach;
    if (reach <= 0) {
        FieldMap scaled = resizedBilinear(field, pixels.columns, pixels.rows);
        if (kind == models::ConditionKind::Edges)
            std::ranges::transform(scaled.values, scaled.values.begin(), [](float v) { return (v + 1) / 2; });
        return scaled;
    }
    const double window = double(config.window * config.firstStage.factor());
    const double scale = window / kReachWindow * field.width / pixels.columns;
    std::vector<uint8_t> lines(field.values.size());
    std::ranges::transform(field.values, lines.begin(), [](float value) { return uint8_t(value > 0); });
    const FieldMap nearness{field.width, field.height,
                            models::edgeField(lines, field.width, field.height, reach * scale)};
    return resizedBilinear(nearness, pixels.columns, pixels.rows);
}

std::optional<models::ConditionKind> mapKindOf(const models::ModelConfig &config, const RenderRequest &request)
{
    using models::ConditionKind;
    const auto taken = [&](ConditionKind kind) { return config.conditionOf(kind) != nullptr; };
    if (std::holds_alternative<LabelMap>(request.condition))
        return taken(ConditionKind::Labels) ? std::optional(ConditionKind::Labels) : std::nullopt;
    for (const ConditionKind kind : {ConditionKind::Labels, ConditionKind::Depth, ConditionKind::Edges})
        if (taken(kind) && request.mapKind == models::conditionKindName(kind))
            return kind;
    if (!request.mapKind.empty())
        return {};
    return config.condition.kind;
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

std::vector<int64_t> controlTokens(const models::ModelConfig &config,
                                   const std::map<std::string, std::string> &controls)
{
    std::vector<int64_t> tokens;
    for (const models::ControlConfig &control : config.controls) {
        const auto chosen = controls.find(control.key);
        const auto value =
            chosen == controls.end() ? control.values.begin() : std::ranges::find(control.values, chosen->second);
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
