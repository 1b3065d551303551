#include "models/training/tokenset.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/training/autocast.h"

namespace tessera::models
{

namespace
{

constexpr size_t kBatch = 16;

std::vector<View> viewsOf(const PictureSet &pictures, int64_t count, const ViewSettings &settings, uint64_t seed)
{
    std::vector<View> views;
    for (int64_t picture = 0; picture < pictures.size(); ++picture) {
        for (int64_t i = 0; i < count; ++i) {
            View view = pictures.wholeView(picture);
            if (i >= 2) {
                const int64_t side = view.side;
                view = pictures.randomView(mixedSeed(seed, uint64_t(picture), uint64_t(i)), settings);
                view.picture = picture; // all pictures of a set have one size
                view.side = int(std::min<int64_t>(view.side, side));
            } else {
                view.mirrored = i == 1;
            }
            views.push_back(view);
        }
    }
    return views;
}

} // namespace

TokenSet tokenise(const Autoencoder &firstStage, const PictureSet &pictures, int64_t window, int64_t viewsPerPicture,
                  const ViewSettings &settings, uint64_t seed, std::stop_token stop)
{
    const c10::NoGradGuard noGradients;
    const Autocast autocast(c10::kCPU, bfloat16Pays(c10::kCPU));
    const int64_t side = window * firstStage.config.factor();
    TokenSet result{viewsOf(pictures, viewsPerPicture, settings, seed), {}};
    std::vector<at::Tensor> codes;
    size_t done = 0;
    while (done < result.views.size() && !stop.stop_requested()) {
        std::vector<at::Tensor> batch;
        for (; batch.size() < kBatch && done < result.views.size(); ++done)
            batch.push_back(pictures.rgb(result.views[done], side));
        const at::Tensor latents = firstStage.latents(at::stack(batch).contiguous(at::MemoryFormat::ChannelsLast));
        codes.push_back(exactCodes(firstStage, latents));
    }
    result.views.resize(done);
    result.codes = codes.empty() ? at::empty({0, window, window}, at::kLong) : at::cat(codes);
    return result;
}

} // namespace tessera::models
