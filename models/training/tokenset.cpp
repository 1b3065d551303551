#include "models/training/tokenset.h"

#include <algorithm>
#include <array>
#include <future>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/safetensors.h"
#include "models/training/autocast.h"
#include "models/training/stacked.h"

namespace tessera::models
{

namespace
{

constexpr size_t kBatch = 32;             // windows; as many pixels of canvases
constexpr uint64_t kMapSeed = 0x6d617073; // maps of a view are drawn apart from its place
constexpr int64_t kWindowSide = 256;
const std::string kFingerprint = "fingerprint";
constexpr std::array kKinds{ConditionKind::Labels, ConditionKind::Depth, ConditionKind::Edges};

size_t batchOf(int64_t side)
{
    return std::max<size_t>(1, kBatch * size_t(kWindowSide * kWindowSide) / size_t(side * side));
}

std::string tensorName(ConditionKind kind)
{
    return "maps." + conditionKindName(kind);
}

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

std::vector<View> canvasViews(const PictureSet &pictures, int64_t factor)
{
    std::vector<View> views;
    for (int64_t picture = 0; picture < pictures.size(); ++picture) {
        for (const bool mirrored : {false, true}) {
            View view = pictures.wholeView(picture);
            view.side = int(view.side / factor * factor);
            view.mirrored = mirrored;
            views.push_back(view);
        }
    }
    return views;
}

TokenSet tokenise(const Autoencoder &firstStage, const PictureSet &pictures, std::vector<View> views, int64_t side,
                  std::stop_token stop, const ShareFn &share)
{
    const c10::NoGradGuard noGradients;
    const c10::Device device = firstStage.codebook.device();
    const Autocast autocast(device, bfloat16Pays(device));
    const int64_t cells = side / firstStage.config.factor();
    TokenSet result{std::move(views), {}, {}};
    std::vector<at::Tensor> codes;
    size_t done = 0;
    while (done < result.views.size() && !stop.stop_requested()) {
        std::vector<at::Tensor> batch;
        for (; batch.size() < batchOf(side) && done < result.views.size(); ++done)
            batch.push_back(pictures.rgb(result.views[done], side));
        const at::Tensor latents =
            firstStage.latents(at::stack(batch).to(device).contiguous(at::MemoryFormat::ChannelsLast));
        codes.push_back(exactCodes(firstStage, latents).cpu());
        if (share)
            share(double(done) / double(result.views.size()));
    }
    result.views.resize(done);
    result.codes = codes.empty() ? at::empty({0, cells, cells}, at::kLong) : at::cat(codes);
    return result;
}

void addPaintedMaps(TokenSet &set, const SequenceBuilder &builder, const PictureSet &pictures, ConditionKind kind,
                    int64_t count, uint64_t seed, std::stop_token stop, const ShareFn &share)
{
    const int64_t rows = set.codes.size(1), columns = set.codes.size(2);
    const int64_t side = rows * builder.side() / builder.config().window;
    at::Tensor maps = at::empty({int64_t(set.views.size()), count, rows, columns}, at::kLong);
    const size_t batch = std::max<size_t>(1, batchOf(side) / size_t(count)); // a round's maps are in memory at once
    const auto batchAt = [&](size_t first) { return int64_t(std::min(batch, set.views.size() - first)); };
    const auto paint = [&](size_t first) {
        return stacked(batchAt(first) * count, [&, first](int64_t i) {
            const size_t view = first + size_t(i / count);
            const uint64_t sample = mixedSeed(seed ^ kMapSeed, view, uint64_t(i % count));
            return builder.map(kind, {&pictures, set.views[view]}, side, &sample);
        });
    };
    std::future<at::Tensor> ahead; // a GPU codes maps while the processor paints the next
    size_t done = 0;
    while (done < set.views.size() && !stop.stop_requested()) {
        const int64_t views = batchAt(done);
        const at::Tensor painted = ahead.valid() ? ahead.get() : paint(done);
        if (!builder.device().is_cpu() && done + size_t(views) < set.views.size())
            ahead = std::async(std::launch::async, paint, done + size_t(views));
        maps.slice(0, int64_t(done), int64_t(done) + views)
            .copy_(builder.conditionTokens(kind, painted).reshape({views, count, rows, columns}));
        done += size_t(views);
        if (share)
            share(double(done) / double(set.views.size()));
    }
    if (ahead.valid())
        ahead.wait(); // it looks at the views
    set.maps[kind] = maps;
    set.views.resize(done);
    set.codes = set.codes.slice(0, 0, int64_t(done));
    for (auto &[other, tensor] : set.maps)
        tensor = tensor.slice(0, 0, int64_t(done));
}

void saveTokens(const std::filesystem::path &file, const TokenSet &set, const std::string &fingerprint)
{
    StateDict tensors{{"codes", set.codes.to(at::kInt)}};
    for (const auto &[kind, maps] : set.maps)
        tensors[tensorName(kind)] = maps.to(at::kInt);
    writeSafetensors(file, tensors, {{kFingerprint, fingerprint}});
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
        for (const ConditionKind kind : kKinds)
            if (const auto maps = tensors.find(tensorName(kind)); maps != tensors.end())
                set.maps[kind] = maps->second.to(at::kLong);
    } catch (const std::exception &) { // a damaged file is made again
        return false;
    }
    return true;
}

} // namespace tessera::models
