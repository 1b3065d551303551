#include "app/train/precisionprices.h"

#include <array>
#include <cstdio>
#include <memory>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <nlohmann/json.hpp>

#include "app/common/jsontext.h"
#include "app/train/heldoutpicture.h"
#include "app/train/threads.h"
#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/precisionprice.h"
#include "models/bundle.h"
#include "models/training/pictureset.h"

namespace tessera::train
{

namespace
{

using core::CpuPrecision;
using nlohmann::json;

struct Reduced {
    const char *name;
    CpuPrecision precision;
};

constexpr std::array kReduced{Reduced{"bf16", CpuPrecision::BFloat16}, Reduced{"int8", CpuPrecision::Int8}};

using Prices = std::array<core::PrecisionPrice, kReduced.size()>;

std::unique_ptr<core::TransformerEngine> engineFor(const models::ModelBundle &bundle, CpuPrecision precision)
{
    return core::makeCpuEngine(*bundle.transformer(), {precision, at::get_num_threads(), {}});
}

// No codes are judged after a stop.
Prices measured(const models::ModelBundle &bundle, const models::PictureSet &pictures, ProgressStyle progress,
                const std::stop_token &stop)
{
    const auto exact = engineFor(bundle, CpuPrecision::Float32);
    std::array<std::unique_ptr<core::TransformerEngine>, kReduced.size()> engines;
    for (size_t i = 0; i < kReduced.size(); ++i)
        engines[i] = engineFor(bundle, kReduced[i].precision);
    const int64_t side = bundle.config().window * bundle.config().firstStage.factor();
    Prices prices;
    ProgressBar bar(progress, "pictures");
    for (int64_t picture = 0; picture < pictures.size(); ++picture) {
        const core::ScoreRequest request = heldOutPicture(bundle, pictures, picture, side);
        for (size_t i = 0; i < kReduced.size(); ++i)
            if (!core::addPrecisionPrice(bundle.config(), *exact, *engines[i], request, prices[i], stop))
                return {};
        bar.show({"precisions", picture + 1, pictures.size(), double(picture + 1) / double(pictures.size()), {}});
    }
    return prices;
}

void print(const models::ModelBundle &bundle, const Prices &prices, int64_t pictures)
{
    json precisions = json::array();
    for (size_t i = 0; i < kReduced.size(); ++i) {
        const core::PrecisionPrice &price = prices[i];
        precisions.push_back({{"precision", kReduced[i].name},
                              {"divergence_nats", price.divergencePerCode()},
                              {"percent", price.percent()},
                              {"nats_per_code", price.nats / double(price.codes)},
                              {"exact_nats_per_code", price.exactNats / double(price.codes)},
                              {"codes", price.codes}});
    }
    const json all{{"model", bundle.path().string()}, {"pictures", pictures}, {"precisions", std::move(precisions)}};
    std::printf("%s\n", app::jsonText(all).c_str());
}

void printLines(const Prices &prices)
{
    for (size_t i = 0; i < kReduced.size(); ++i)
        std::printf("%-5s divergence %.2e nats a code, codes %+.4f %% less likely, %lld codes\n", kReduced[i].name,
                    prices[i].divergencePerCode(), prices[i].percent(), static_cast<long long>(prices[i].codes));
}

} // namespace

void measurePrecisionPrices(const PrecisionPriceOptions &options, std::stop_token stop)
{
    setThreads(options.threads);
    const c10::InferenceMode inference;
    const models::ModelBundle bundle = models::ModelBundle::open(options.model);
    expectLabels(bundle);
    const models::PictureSet pictures = heldOutPictures(options.data);
    const Prices prices = measured(bundle, pictures, options.progress, stop);
    if (prices.front().codes == 0)
        return;
    if (options.json)
        print(bundle, prices, pictures.size());
    else
        printLines(prices);
}

} // namespace tessera::train
