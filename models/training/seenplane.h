// A number for each pixel of what a view shows of a picture.
#pragma once

#include <cstddef>
#include <cstdint>

#include <ATen/ATen.h>

#include "models/training/pictureset.h"
#include "models/training/shard.h"

namespace tessera::models
{

// `value` of each pixel's index in the picture, scaled with an area filter, before the view is mirrored: float32 [side,
// side] on the CPU, contiguous.
template<typename Value>
at::Tensor seenPlane(const ShardPicture &picture, const View &view, int64_t side, const Value &value)
{
    at::Tensor plane = at::empty({1, 1, view.side, view.side}, at::kFloat);
    float *out = plane.mutable_data_ptr<float>();
    for (int y = view.y; y < view.y + view.side; ++y)
        for (int x = view.x; x < view.x + view.side; ++x)
            *out++ = value(size_t(y) * size_t(picture.width) + size_t(x));
    if (view.side != side)
        plane = at::_upsample_bilinear2d_aa(plane, {side, side}, false);
    return plane.reshape({side, side}).contiguous();
}

} // namespace tessera::models
