#include "app/train/evaluation.h"

#include <cstdio>
#include <string>

#include <c10/core/InferenceMode.h>
#include <nlohmann/json.hpp>

#include "app/common/jsontext.h"
#include "app/train/heldoutpicture.h"
#include "app/train/landscapeprocessor.h"
#include "app/train/paintedmaps.h"
#include "app/train/threads.h"
#include "app/train/writabletarget.h"
#include "models/bundle.h"
#include "models/device.h"
#include "models/error.h"
#include "models/modelfile.h"
#include "models/training/evalnet.h"
#include "models/training/evaluate.h"
#include "models/training/imagenetfeatures.h"
#include "models/training/shard.h"

namespace tessera::train
{

namespace
{

std::string valueText(const nlohmann::json &value)
{
    if (!value.is_number_float()) {
        return value.is_string() ? value.get<std::string>() : value.dump();
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.4f", value.get<double>());
    return text;
}

// One figure a line; a nested object's figures carry its name in front.
void printFigures(const nlohmann::json &figures, const std::string &prefix = "")
{
    for (const auto &[name, value] : figures.items()) {
        if (value.is_object()) {
            printFigures(value, prefix + name + " ");
        } else {
            std::printf("%-40s %s\n", (prefix + name).c_str(), valueText(value).c_str());
        }
    }
}

// Before hours of painting, not after. Throws Error.
void checkJudging(const EvaluationOptions &options)
{
    const JudgingOptions &judging = options.judging;
    if (judging.judge.empty())
        return;
    if (judging.canvases > 0 || !judging.sheet.empty())
        expectLandscapeProcessor();
    const models::EvalNetConfig judge = models::EvalNet::load(judging.judge).config;
    if (!judging.photographs.empty())
        models::ImagenetFeatures::load(judging.photographs, c10::kCPU);
    if (!judging.others.empty()
        && (!std::filesystem::is_directory(judging.others) || models::listShards(judging.others).empty()))
        throw Error(ErrorCode::FileRead, "There are no shards of pictures in " + judging.others.string() + ".");
    checkPictures(options.data, judging);
    if (!judging.sheet.empty())
        expectWritableFile(judging.sheet);
    const models::ModelConfig config = models::ModelFile::open(options.model).config;
    expectLabels(config, options.model);
    if (judging.maps.empty())
        return;
    const int64_t side = config.window * config.firstStage.factor();
    checkJudge(judge, side);
    readPaintedMaps(judging.maps, side, judging.mapsCount, config.controls);
}

void addJudgement(nlohmann::json &figures, const EvaluationOptions &options, const std::stop_token &stop)
{
    const c10::InferenceMode inference;
    const auto bundle = models::ModelBundle::open(options.model, models::deviceNamed(options.device));
    figures.update(judgedFigures(bundle, options.data, options.judging, options.threads, stop));
}

} // namespace

void evaluate(const EvaluationOptions &options, std::stop_token stop)
{
    setThreads(options.threads);
    checkJudging(options);
    nlohmann::json figures =
        models::evaluateModel(options.model, options.data, models::deviceNamed(options.device), stop);
    if (!options.judging.judge.empty() && !stop.stop_requested()) {
        addJudgement(figures, options, stop);
    }
    if (stop.stop_requested()) {
        return;
    }
    if (options.json) {
        std::printf("%s\n", app::jsonText(figures).c_str());
    } else {
        printFigures(figures);
    }
}

} // namespace tessera::train
