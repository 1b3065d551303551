#include "models/training/evaluate.h"

#include <cmath>
#include <numeric>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/bundle.h"
#include "models/training/fieldscores.h"
#include "models/training/labelscores.h"
#include "models/training/likelihood.h"
#include "models/training/onehot.h"
#include "models/training/sheet.h"
#include "models/training/slicedwasserstein.h"
#include "models/training/tokenset.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kShown = 8;
constexpr int64_t kEvaluated = 256;

double meanGradient(const at::Tensor &x)
{
    return (x.slice(3, 1) - x.slice(3, 0, -1)).abs().mean().item<double>();
}

constexpr double kBlur = 1.5; // pixels

double meanDistance(const std::vector<at::Tensor> &a, const std::vector<at::Tensor> &b)
{
    const std::vector<double> levels = slicedWasserstein(a, b);
    return 1000 * std::accumulate(levels.begin(), levels.end(), 0.0) / double(levels.size());
}

double entropyOf(const at::Tensor &counts)
{
    const at::Tensor p = counts.to(at::kDouble) / counts.sum();
    return (p * (p + 1e-30).log()).sum().neg().item<double>();
}

} // namespace

ReconstructionFigures evaluateReconstruction(const Autoencoder &firstStage, const PictureSet &pictures, int64_t side,
                                             int64_t count, const std::stop_token &stop)
{
    count = std::min(count, pictures.size());
    ReconstructionFigures figures;
    double squares = 0, made = 0, real = 0;
    std::vector<at::Tensor> originals, reconstructions, soft;
    at::Tensor used = at::zeros({firstStage.config.drawnCodes()}, at::kLong);
    for (int64_t i = 0; i < count; ++i) {
        if (stop.stop_requested())
            return {};
        const at::Tensor x = pictures.rgb(pictures.wholeView(i), side).unsqueeze(0).cpu();
        const at::Tensor codes = firstStage.encode(x.to(firstStage.codebook.device()));
        const at::Tensor y = firstStage.decode(codes).clamp(-1, 1).cpu();
        used += at::bincount(codes.cpu().reshape({-1}), {}, firstStage.config.drawnCodes());
        squares += (x - y).square().mean().item<double>() / 4; // values span 2
        made += meanGradient(y);
        real += meanGradient(x);
        if (i < kShown)
            figures.shown.push_back(at::cat({x, y}, 2).squeeze(0));
        originals.push_back(x.squeeze(0));
        reconstructions.push_back(y.squeeze(0));
        soft.push_back(blurred(originals.back(), kBlur));
    }
    figures.patches = meanDistance(originals, reconstructions);
    figures.patchesBlurred = meanDistance(originals, soft);
    figures.psnr = -10 * std::log10(squares / double(count));
    figures.texture = made / real;
    figures.codesUsed = (used > 0).sum().item<int64_t>();
    figures.unigramNats = entropyOf(used);
    figures.perplexity = std::exp(figures.unigramNats);
    return figures;
}

MapFigures evaluateMaps(const Autoencoder &conditionStage, const PictureSet &pictures, int64_t side, int64_t count,
                        const std::stop_token &stop)
{
    count = std::min(count, pictures.size());
    MapFigures figures;
    at::Tensor used = at::zeros({conditionStage.config.drawnCodes()}, at::kLong);
    const int64_t labelCount = conditionStage.config.inChannels;
    LabelScores scores(labelCount);
    for (int64_t i = 0; i < count; ++i) {
        if (stop.stop_requested())
            return {};
        const at::Tensor labels = pictures.exactLabels(pictures.wholeView(i), side);
        const at::Tensor input = labels.unsqueeze(0).to(conditionStage.codebook.device());
        const at::Tensor codes = conditionStage.encode(oneHot(input, conditionStage.config.inChannels));
        used += at::bincount(codes.cpu().reshape({-1}), {}, conditionStage.config.drawnCodes());
        if (conditionStage.config.encoderOnly)
            continue;
        const at::Tensor back = conditionStage.decode(codes).argmax(1).squeeze(0).cpu();
        scores.add(labels, back);
        if (i < kShown)
            figures.shown.push_back(at::cat({labelColours(labels), labelColours(back)}, 1));
    }
    if (!conditionStage.config.encoderOnly) {
        figures.accuracy = scores.accuracy();
        figures.meanIou = scores.meanIou();
    }
    figures.codesUsed = (used > 0).sum().item<int64_t>();
    return figures;
}

namespace
{

void addMapFigures(nlohmann::json &json, const Autoencoder &stage, const PictureSet &pictures, int64_t side,
                   const std::stop_token &stop)
{
    const MapFigures maps = evaluateMaps(stage, pictures, side, kEvaluated, stop);
    if (maps.accuracy) {
        json["map_accuracy"] = *maps.accuracy;
        json["map_iou"] = *maps.meanIou;
    }
    json["map_codes_used"] = maps.codesUsed;
}

void addFieldFigures(nlohmann::json &json, const ModelBundle &stage, const PictureSet &pictures, int64_t side,
                     const std::stop_token &stop)
{
    const auto fields = evaluateFields(stage.firstStage(), stage.config().condition, pictures, side, kEvaluated, stop);
    if (fields.psnr) {
        json["map_psnr"] = *fields.psnr;
        json["map_mean_error"] = *fields.meanError;
    }
    json["map_codes_used"] = fields.codesUsed;
}

bool readsFields(const ModelConfig &config)
{
    const ConditionConfig &condition = config.condition;
    return !config.transformer
           && (condition.kind == ConditionKind::Depth
               || (condition.kind == ConditionKind::Edges && condition.edgeReach > 0));
}

bool readsMaps(const ModelConfig &config)
{
    return !config.transformer && config.firstStage.inChannels == kMapLabels;
}

} // namespace

nlohmann::json evaluateModel(const std::filesystem::path &model, const std::filesystem::path &data, c10::Device device,
                             std::stop_token stop)
{
    const c10::NoGradGuard noGradients;
    const ModelBundle bundle = ModelBundle::open(model, device);
    const PictureSet pictures(std::filesystem::is_directory(data / "val") ? data / "val" : data);
    const ModelConfig &config = bundle.config();
    const int64_t side = config.window * config.firstStage.factor();
    nlohmann::json json = {{"model", bundle.path().string()}, {"pictures", std::min(kEvaluated, pictures.size())}};

    if (readsMaps(config)) { // a condition stage alone
        addMapFigures(json, bundle.firstStage(), pictures, side, stop);
        return json;
    }
    if (readsFields(config)) {
        addFieldFigures(json, bundle, pictures, side, stop);
        return json;
    }
    const auto reconstruction = evaluateReconstruction(bundle.firstStage(), pictures, side, kEvaluated, stop);
    json["psnr"] = reconstruction.psnr;
    json["texture"] = reconstruction.texture;
    json["patch_distance"] = reconstruction.patches;
    json["patch_distance_blurred"] = reconstruction.patchesBlurred;
    json["codes"] = config.firstStage.codes;
    json["codes_used"] = reconstruction.codesUsed;
    json["perplexity"] = reconstruction.perplexity;
    json["unigram_nats"] = reconstruction.unigramNats;
    const bool maps = bundle.transformer() && bundle.conditionStage() && config.nullToken;
    if (!maps || !pictures.labelled() || stop.stop_requested())
        return json;

    addMapFigures(json, *bundle.conditionStage(), pictures, side, stop);
    const SequenceBuilder builder(config, stagesOf(bundle));
    const TokenSet set = tokenise(bundle.firstStage(), pictures, trainingViews(pictures, 1, {}, 0), side, stop);
    for (const auto &[name, nats] :
         evaluateLikelihood(*bundle.transformer(), builder, pictures, set.codes, kEvaluated, stop))
        json[name] = nats;
    return json;
}

} // namespace tessera::models
