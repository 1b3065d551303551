#include "models/training/fieldscores.h"

#include <algorithm>
#include <cmath>

#include <ATen/ATen.h>

#include "models/training/fieldmaps.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kShown = 8;

} // namespace

FieldFigures evaluateFields(const Autoencoder &stage, const ConditionConfig &condition, const PictureSet &pictures,
                            int64_t side, int64_t count, const std::stop_token &stop)
{
    count = std::min(count, pictures.size());
    FieldFigures figures;
    at::Tensor used = at::zeros({stage.config.drawnCodes()}, at::kLong);
    double squares = 0, errors = 0;
    for (int64_t i = 0; i < count; ++i) {
        if (stop.stop_requested())
            return {};
        const at::Tensor x = fieldOf(condition, pictures, pictures.wholeView(i), side, 0, true).unsqueeze(0);
        const at::Tensor codes = stage.encode(x.unsqueeze(0).to(stage.codebook.device())); // [1, h, w]
        used += at::bincount(codes.cpu().reshape({-1}), {}, stage.config.drawnCodes());
        if (stage.config.encoderOnly)
            continue;
        const at::Tensor y = stage.decode(codes).squeeze(0).to(at::kFloat).clamp(-1, 1).cpu(); // [1, side, side]
        squares += (x - y).square().mean().item<double>() / 4;                                 // values span 2
        errors += (x - y).abs().mean().item<double>();
        if (i < kShown)
            figures.shown.push_back(at::cat({x, y}, 1).expand({3, 2 * side, side}));
    }
    if (!stage.config.encoderOnly) {
        figures.psnr = -10 * std::log10(squares / double(count));
        figures.meanError = errors / double(count);
    }
    figures.codesUsed = (used > 0).sum().item<int64_t>();
    return figures;
}

} // namespace tessera::models
