#include "models/training/tokenset.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/safetensors.h"
#include "models/training/autocast.h"
#include "models/training/stacked.h"

namespace tessera::models
{

namespace
{

constexpr size_t kBatch = 32;
constexpr uint64_t kMapSeed = 0x6d617073; // maps of a view are drawn apart from its place
const std::string kFingerprint = "fingerprint";

} // namespace

std::vector<View> trainingViews(const PictureSet &pictures, int64_t viewsPerPicture, const ViewSettings &settings,
                                uint64_t seed)
{
    std::vector<View> views;
    for (int64_t picture = 0; picture < pictures.size(); ++picture) {
        for (int64_t i = 0; i < viewsPerPicture; ++i) {
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

TokenSet tokenise(const Autoencoder &firstStage, const PictureSet &pictures, int64_t window, int64_t viewsPerPicture,
                  const ViewSettings &settings, uint64_t seed, std::stop_token stop, const ShareFn &share)
{
    const c10::NoGradGuard noGradients;
    const c10::Device device = firstStage.codebook.device();
    const Autocast autocast(device, bfloat16Pays(device));
    const int64_t side = window * firstStage.config.factor();
    TokenSet result{trainingViews(pictures, viewsPerPicture, settings, seed), {}, {}};
    std::vector<at::Tensor> codes;
    size_t done = 0;
    while (done < result.views.size() && !stop.stop_requested()) {
        std::vector<at::Tensor> batch;
        for (; batch.size() < kBatch && done < result.views.size(); ++done)
            batch.push_back(pictures.rgb(result.views[done], side));
        const at::Tensor latents =
            firstStage.latents(at::stack(batch).to(device).contiguous(at::MemoryFormat::ChannelsLast));
        codes.push_back(exactCodes(firstStage, latents).cpu());
        if (share)
            share(double(done) / double(result.views.size()));
    }
    result.views.resize(done);
    result.codes = codes.empty() ? at::empty({0, window, window}, at::kLong) : at::cat(codes);
    return result;
}

void addPaintedMaps(TokenSet &set, const SequenceBuilder &builder, const PictureSet &pictures, int64_t count,
                    uint64_t seed, std::stop_token stop, const ShareFn &share)
{
    const auto painted = [&](const View &view, uint64_t sample) {
        // Augmented at half size, where it costs a quarter, then enlarged.
        const at::Tensor small = pictures.paintedLabels(view, builder.side() / 2, sample, {});
        return small.repeat_interleave(2, 0).repeat_interleave(2, 1);
    };
    const int64_t cells = set.codes.size(1) * set.codes.size(2);
    set.maps = at::empty({int64_t(set.views.size()), count, cells}, at::kLong);
    size_t done = 0;
    while (done < set.views.size() && !stop.stop_requested()) {
        const auto views = int64_t(std::min(kBatch, set.views.size() - done));
        const at::Tensor labels = stacked(views * count, [&](int64_t i) {
            const size_t view = done + size_t(i / count);
            return painted(set.views[view], mixedSeed(seed ^ kMapSeed, view, uint64_t(i % count)));
        });
        set.maps.slice(0, int64_t(done), int64_t(done) + views)
            .copy_(builder.conditionCodes(labels).reshape({views, count, cells}));
        done += size_t(views);
        if (share)
            share(double(done) / double(set.views.size()));
    }
    set.views.resize(done);
    set.codes = set.codes.slice(0, 0, int64_t(done));
    set.maps = set.maps.slice(0, 0, int64_t(done));
}

void saveTokens(const std::filesystem::path &file, const TokenSet &set, const std::string &fingerprint)
{
    writeSafetensors(file, {{"codes", set.codes.to(at::kInt)}, {"maps", set.maps.to(at::kInt)}},
                     {{kFingerprint, fingerprint}});
}

bool loadTokens(const std::filesystem::path &file, TokenSet &set, const std::string &fingerprint)
{
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored))
        return false;
    try {
        const SafetensorsIndex index = readSafetensorsIndex(file);
        const auto found = index.metadata.find(kFingerprint);
        if (found == index.metadata.end() || found->second != fingerprint)
            return false;
        const StateDict tensors = readSafetensors(index);
        set.codes = tensors.at("codes").to(at::kLong);
        set.maps = tensors.at("maps").to(at::kLong);
    } catch (const std::exception &) { // a damaged file is made again
        return false;
    }
    return true;
}

} // namespace tessera::models
