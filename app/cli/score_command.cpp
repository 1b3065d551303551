// score: what the model thinks of a picture, teacher-forced.
#include <chrono>
#include <cstdio>
#include <memory>
#include <numbers>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/interrupts.h"
#include "app/cli/outputs.h"
#include "app/cli/renderrun.h"
#include "core/document/npyfile.h"

namespace tessera::cli
{

namespace
{

struct ScoreOptions {
    ModelOptions model;
    ReportOptions report;
    ConditionOptions condition;
    PaintOptions paint;
    std::string image;
    std::string codes;
};

core::RenderScore scored(core::Renderer &renderer, const core::RenderRequest &request, const core::CodeGrid &codes)
{
    const InterruptibleScope interruptible;
    core::RenderScore score = renderer.score(request, codes, interruptible.token());
    interruptible.check();
    return score;
}

void report(const ScoreOptions &options, const core::Renderer &renderer, const core::RenderRequest &request,
            const core::RenderScore &score, double total)
{
    const int codes = score.entropy.size.cells();
    const double bits = score.natsPerCode / std::numbers::ln2;
    if (!options.report.json) {
        std::printf("%.4f nats per code, %.4f bits per code, %d codes\n", score.natsPerCode, bits, codes);
        return;
    }
    printJson({{"codes", codes},
               {"nats_per_code", score.natsPerCode},
               {"bits_per_code", bits},
               {"seconds",
                {{"load", renderer.loadSeconds()},
                 {"condition", score.times.condition},
                 {"score", score.times.sample},
                 {"total", total}}},
               {"device", renderer.device()},
               {"precision", renderer.precision()},
               {"window", windowText(request.window)}});
}

void run(const ScoreOptions &options)
{
    const auto start = std::chrono::steady_clock::now();
    for (const std::string &path : {options.image, options.codes, options.condition.map, options.condition.depth,
                                    options.condition.edges, options.condition.conditionCodes})
        if (!path.empty())
            requireFile(path);
    core::Renderer renderer(options.model.model, options.model.renderer);
    const core::CodeGrid codes =
        options.codes.empty() ? renderer.encode(readPicture(options.image)) : core::readNpyCodes(options.codes);
    const int factor = renderer.info().factor;
    const std::pair size{codes.size.columns * factor, codes.size.rows * factor};
    std::string note;
    core::RenderRequest request = requestFor(renderer, options.condition, options.paint, size, note);
    // A model's own odds, unless asked otherwise: guidance is a way to draw, not to judge.
    request.guidance = options.paint.guidance.value_or(1.0);
    const core::RenderScore score = scored(renderer, request, codes);
    report(options, renderer, request, score, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

} // namespace

void addScoreCommand(CLI::App &app)
{
    const auto options = std::make_shared<ScoreOptions>();
    CLI::App *command = app.add_subcommand("score", "How probable a picture is to the model, in nats and bits per code");
    addModelOptions(*command, options->model);
    CLI::App *source = command->add_option_group("picture");
    source->add_option("--image", options->image, "Picture to judge");
    source->add_option("--codes", options->codes, "Its codes, .npy, int64 [h, w]");
    source->require_option(1);
    addConditionOptions(*command, options->condition);
    addLabelsOption(*command, options->paint.labels);
    addControlOption(*command, options->paint.controls);
    addGuidanceOption(*command, options->paint.guidance);
    addWindowOption(*command, options->paint.window);
    addJsonOption(*command, options->report);
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
