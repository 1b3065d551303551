#include "core/render/encoding.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "core/render/condition.h"
#include "core/render/labelplanes.h"
#include "core/render/memory.h"
#include "core/render/pixels.h"
#include "models/tiledencoder.h"

namespace tessera::core
{

namespace
{

PixelRect rectOf(const models::Area &area)
{
    return {int(area.columns.first), int(area.rows.first), int(area.columns.length()), int(area.rows.length())};
}

// `width` x `height` pixels, of which `part` gives any rectangle: float [1, C, h, w], on the CPU.
template<typename Part>
CodeGrid encoded(const models::Autoencoder &stage, int width, int height, Part part, uint64_t memory,
                 const std::stop_token &stop)
{
    const int64_t rows = stage.config.seenPixels(height), columns = stage.config.seenPixels(width);
    // In the layout that convolutions on the CPU like best, on the device of the stage.
    const auto ready = [&](const models::Area &area) {
        return part(rectOf(area)).to(stage.codebook.device()).contiguous(at::MemoryFormat::ChannelsLast);
    };
    const int64_t factor = stage.config.factor();
    const GridSize size{int(rows / factor), int(columns / factor)};
    const int tile = encodingTile(stage.config, size, memory);
    if (tile == 0) {
        const at::Tensor codes = stage.encode(ready({{0, rows}, {0, columns}}), stop);
        return codes.defined() ? gridOf(codes) : CodeGrid(size); // what was stopped is not looked at
    }
    return gridOf(models::encodeInTiles(stage, {rows, columns, ready}, tile, stop));
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

} // namespace

CodeGrid encodedPicture(const models::Autoencoder &stage, const Image &picture, uint64_t memory, std::stop_token stop)
{
    const auto part = [&](const PixelRect &rect) { return pictureTensor(picture, rect); };
    return encoded(stage, picture.width, picture.height, part, memory, stop);
}

CodeGrid encodedLabels(const models::Autoencoder &stage, const std::string &labelSet, const LabelMap &map,
                       uint64_t memory, std::stop_token stop)
{
    const int64_t channels = stage.config.inChannels;
    const LabelPlanes planes = labelPlanes(labelSet, channels);
    const auto part = [&](const PixelRect &rect) { return oneHot(map.cropped(rect), planes, channels); };
    return encoded(stage, map.width, map.height, part, memory, stop);
}

CodeGrid encodedField(const models::Autoencoder &stage, const FieldMap &field, uint64_t memory, std::stop_token stop)
{
    auto *values = const_cast<float *>(field.values.data()); // read only: from_blob takes no const pointer
    const at::Tensor all = at::from_blob(values, {1, 1, field.height, field.width}, at::kFloat);
    const auto part = [&](const PixelRect &rect) {
        const at::Tensor cut = all.narrow(2, rect.y, rect.height).narrow(3, rect.x, rect.width);
        return cut.expand({1, stage.config.inChannels, rect.height, rect.width});
    };
    return encoded(stage, field.width, field.height, part, memory, stop);
}

} // namespace tessera::core
