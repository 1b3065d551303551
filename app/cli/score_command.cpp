// score: what the model thinks of a picture, teacher-forced.
#include <algorithm>
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
#include "app/cli/progress.h"
#include "app/cli/renderrun.h"
#include "core/document/npyfile.h"
#include "core/document/picturefile.h"

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
    std::vector<std::string> windows; // none: windowsFor
};

// The paper's windows, and those in steps that the canvas has room for, so that their price is seen.
std::vector<core::WindowPolicy> windowsFor(core::GridSize canvas, int window)
{
    std::vector<core::WindowPolicy> policies{{}};
    const int room = std::max(canvas.rows, canvas.columns) - window;
    for (int step = 2; step < window && step <= room; step *= 2)
        policies.push_back({core::WindowPolicy::Kind::Block, step});
    return policies;
}

std::vector<core::WindowPolicy> windowsOf(const ScoreOptions &options, core::GridSize canvas, int window)
{
    if (options.windows.empty())
        return windowsFor(canvas, window);
    std::vector<core::WindowPolicy> policies;
    for (const std::string &text : options.windows)
        policies.push_back(*parsedWindow(text, window));
    return policies;
}

core::RenderScore scored(core::Renderer &renderer, const core::RenderRequest &request, const core::CodeGrid &codes,
                         const std::vector<core::WindowPolicy> &windows, Progress &progress)
{
    const InterruptibleScope interruptible;
    core::RenderScore score = renderer.score(request, codes, windows, interruptible.token(),
                                             [&](const core::RenderProgress &value) { progress.update(value); });
    progress.end();
    interruptible.check();
    return score;
}

core::CodeGrid codesOf(const ScoreOptions &options, core::Renderer &renderer)
{
    if (!options.codes.empty())
        return core::readNpyCodes(options.codes);
    core::CodeGrid codes;
    naming(options.image, [&] { codes = renderer.encode(core::readPicture(options.image).image); });
    return codes;
}

double bitsPerCode(const core::PolicyScore &judged)
{
    return judged.natsPerCode / std::numbers::ln2;
}

nlohmann::json policyJson(const core::PolicyScore &judged)
{
    return {{"window", windowText(judged.window)},
            {"nats_per_code", judged.natsPerCode},
            {"bits_per_code", bitsPerCode(judged)}};
}

// The first policy's numbers stand for themselves, all policies' in "policies".
void reportJson(const core::Renderer &renderer, const core::RenderScore &score, double guidance, double total)
{
    const core::PolicyScore &first = score.policies.front();
    nlohmann::json policies = nlohmann::json::array();
    for (const core::PolicyScore &judged : score.policies)
        policies.push_back(policyJson(judged));
    printJson({{"codes", first.entropy.size.cells()},
               {"nats_per_code", first.natsPerCode},
               {"bits_per_code", bitsPerCode(first)},
               {"seconds",
                {{"load", renderer.loadSeconds()},
                 {"condition", score.times.condition},
                 {"score", score.times.sample},
                 {"total", total}}},
               {"device", renderer.device()},
               {"precision", renderer.precision()},
               {"window", windowText(first.window)},
               {"guidance", guidance},
               {"policies", std::move(policies)}});
}

void print(const core::RenderScore &score)
{
    for (const core::PolicyScore &judged : score.policies) {
        const std::string name = score.policies.size() > 1 ? windowText(judged.window) + ": " : "";
        std::printf("%s%.4f nats per code, %.4f bits per code, %d codes\n", name.c_str(), judged.natsPerCode,
                    bitsPerCode(judged), judged.entropy.size.cells());
    }
}

void run(const ScoreOptions &options)
{
    const auto start = std::chrono::steady_clock::now();
    expectControlsOnce(options.paint.controls);
    const std::string &judgedFile = options.codes.empty() ? options.image : options.codes;
    for (const std::string &path : {options.image, options.codes, options.condition.map, options.condition.depth,
                                    options.condition.edges, options.condition.conditionCodes})
        if (!path.empty())
            requireFile(path);
    core::Renderer renderer(options.model.model, options.model.renderer);
    const core::CodeGrid codes = codesOf(options, renderer);
    const int factor = renderer.info().factor;
    std::string note;
    core::RenderRequest request = requestFor(renderer, options.condition, options.paint, std::nullopt, note);
    // The map is read as `render` reads it: in its own size where that holds just the picture's codes.
    if (core::GridSize{request.height / factor, request.width / factor} != codes.size) {
        request.width = codes.size.columns * factor;
        request.height = codes.size.rows * factor;
    }
    // A model's own odds, unless asked otherwise: guidance is a way to draw, not to judge.
    request.guidance = options.paint.guidance.value_or(1.0);
    RequestFiles files = filesOf(options.condition, options.paint);
    files.canvas = judgedFile;
    files.scalable = false; // there is no --size
    checkNamed(renderer, request, files);
    core::RenderScore score;
    Progress progress(options.report.progress);
    if (!note.empty())
        progress.note(note);
    naming(judgedFile, [&] {
        score = scored(renderer, request, codes, windowsOf(options, codes.size, renderer.info().window), progress);
    });
    if (!options.report.json)
        return print(score);
    reportJson(renderer, score, request.guidance,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

} // namespace

void addScoreCommand(CLI::App &app)
{
    const auto options = std::make_shared<ScoreOptions>();
    CLI::App *command =
        app.add_subcommand("score", "How probable a picture is to the model, in nats and bits per code");
    addModelOptions(*command, options->model);
    CLI::App *source = command->add_option_group("picture");
    source->add_option("--image", options->image, "Picture to judge");
    source->add_option("--codes", options->codes, "Its codes, .npy, int64 [h, w]");
    source->require_option(1);
    addConditionOptions(*command, options->condition);
    addLabelsOption(*command, options->paint.labels);
    addControlOption(*command, options->paint.controls);
    addGuidanceOption(*command, options->paint.guidance);
    addWindowOption(*command, options->windows);
    addJsonOption(*command, options->report);
    addProgressOption(*command, options->report);
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
