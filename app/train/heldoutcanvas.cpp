#include "app/train/heldoutcanvas.h"

#include <algorithm>
#include <vector>

#include <ATen/ATen.h>

#include "core/landscape/landscape.h"
#include "models/training/mapaugment.h"

namespace tessera::train
{

namespace
{

constexpr uint32_t kFirstSeed = 1'000'200'000;

} // namespace

HeldOutCanvas heldOutCanvas(uint32_t number, int width, int height)
{
    const core::Landscape scene = core::renderLandscape(kFirstSeed + number, width, height);
    const std::vector<uint8_t> ids = models::trainingLabels(
        {scene.width, scene.height, scene.object.data(), scene.material.data(), scene.depth.data()});
    at::Tensor labels = at::empty({height, width}, at::kLong);
    std::ranges::copy(ids, labels.mutable_data_ptr<int64_t>());
    at::Tensor rgb = at::empty({height, width, 3}, at::kByte);
    std::ranges::copy(scene.rgb, rgb.mutable_data_ptr<uint8_t>());
    return {rgb.permute({2, 0, 1}).to(at::kFloat).div(127.5).sub(1),
            labels,
            {{"light", scene.facts.light}, {"biome", scene.facts.biome}, {"weather", scene.facts.weather}}};
}

} // namespace tessera::train
