#include "app/train/windowprices.h"

#include <cmath>
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <nlohmann/json.hpp>

#include "app/common/jsontext.h"
#include "app/train/heldoutpicture.h"
#include "app/train/threads.h"
#include "app/train/writabletarget.h"
#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/windowprice.h"
#include "models/bundle.h"
#include "models/modelfile.h"
#include "models/training/pictureset.h"

namespace tessera::train
{

namespace
{

using nlohmann::json;

// Empty after a stop.
std::vector<core::WindowPrice> measured(const models::ModelBundle &bundle, const models::PictureSet &pictures,
                                        ProgressStyle progress, const std::stop_token &stop)
{
    const auto engine =
        core::makeCpuEngine(*bundle.transformer(), {core::CpuPrecision::Float32, at::get_num_threads(), {}});
    core::WindowPriceMeter meter(bundle.config(), *engine);
    ProgressBar bar(progress, "pictures");
    for (int64_t i = 0; i < pictures.size(); ++i) {
        if (!meter.add(heldOutPicture(bundle, pictures, i), stop)) {
            return {};
        }
        bar.show({"windows", i + 1, pictures.size(), double(i + 1) / double(pictures.size()), {}});
    }
    return meter.prices();
}

// In thousandths of a percent: finer is noise.
double recorded(const core::WindowPrice &price)
{
    return std::round(price.percent() * 1000) / 1000;
}

std::string policyName(const core::WindowPrice &price)
{
    return "block:" + std::to_string(price.step);
}

void print(const models::ModelBundle &bundle, const std::vector<core::WindowPrice> &prices, int64_t pictures)
{
    json policies = json::array();
    for (const core::WindowPrice &price : prices) {
        policies.push_back({{"window", policyName(price)},
                            {"percent", price.percent()},
                            {"nats_per_code", price.nats},
                            {"exact_nats_per_code", price.exactNats},
                            {"standard_error_nats", price.standardError},
                            {"codes", price.codes}});
    }
    const json all{{"model", bundle.path().string()}, {"pictures", pictures}, {"policies", std::move(policies)}};
    std::printf("%s\n", app::jsonText(all).c_str());
}

void printLines(const std::vector<core::WindowPrice> &prices)
{
    for (const core::WindowPrice &price : prices) {
        std::printf("%-9s %+7.3f %% (+- %.3f)   %.4f nats a code, exact %.4f, %lld codes\n", policyName(price).c_str(),
                    price.percent(), 100 * price.standardError / price.exactNats, price.nats, price.exactNats,
                    static_cast<long long>(price.codes));
    }
}

void record(const std::filesystem::path &model, const std::filesystem::path &target,
            const std::vector<core::WindowPrice> &prices)
{
    const models::ModelFile file = models::ModelFile::open(model);
    models::ModelConfig config = file.config;
    config.windowPrices.clear();
    for (const core::WindowPrice &price : prices) {
        config.windowPrices[price.step] = recorded(price);
    }
    models::ModelBundle::write(target, config, file.readTensors(), file.notes);
}

std::vector<std::filesystem::path> filesOf(const models::ModelFile &model)
{
    std::vector<std::filesystem::path> files{model.path};
    if (const auto *set = std::get_if<models::SafetensorsSet>(&model.index)) {
        for (const models::SafetensorsIndex &part : set->files) {
            files.push_back(part.path);
        }
    }
    return files;
}

// Before the measuring. Throws Error.
void expectRecord(const WindowPriceOptions &options)
{
    const std::filesystem::path &target = options.record;
    if (target.extension() != ".safetensors" && !models::namesSafetensorsSet(target)) {
        throw Error(ErrorCode::InvalidArgument,
                    "'" + target.string() + "' is no name for a model, expected one that ends in .safetensors.");
    }
    for (const std::filesystem::path &file : filesOf(models::ModelFile::open(options.model))) {
        std::error_code ignored; // of a target that is not there
        if (std::filesystem::equivalent(target, file, ignored)) {
            throw Error(ErrorCode::InvalidArgument,
                        "'" + target.string() + "' belongs to the model that is measured, expected another file.");
        }
    }
    expectWritableFile(target);
}

} // namespace

void measureWindowPrices(const WindowPriceOptions &options, std::stop_token stop)
{
    setThreads(options.threads);
    if (!options.record.empty()) {
        expectRecord(options);
    }
    const c10::InferenceMode inference;
    const models::ModelBundle bundle = models::ModelBundle::open(options.model);
    expectLabels(bundle);
    const models::PictureSet pictures = heldOutPictures(options.data);
    const std::vector<core::WindowPrice> prices = measured(bundle, pictures, options.progress, stop);
    if (prices.empty()) {
        return;
    }
    if (!options.record.empty()) {
        record(options.model, options.record, prices);
    }
    if (options.json) {
        print(bundle, prices, pictures.size());
    } else {
        printLines(prices);
    }
}

} // namespace tessera::train
