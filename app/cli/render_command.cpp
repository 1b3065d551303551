#include <chrono>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/interrupts.h"
#include "app/cli/outputs.h"
#include "app/cli/renderrun.h"
#include "models/error.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

namespace
{

using Clock = std::chrono::steady_clock;

struct RenderOptions {
    ModelOptions model;
    bool modelGiven = false;
    ReportOptions report;
    ConditionOptions condition;
    PaintOptions paint;
    OutputOptions output;
    std::string init;
    std::string region;
    std::string again;
};

// A request and the model to render it with.
struct Task {
    std::string model; // as it was named
    std::unique_ptr<core::Renderer> renderer;
    core::RenderRequest request;
};

void requireInputs(const RenderOptions &options)
{
    for (const std::string &path : {options.condition.map, options.condition.depth, options.condition.edges,
                                    options.condition.conditionCodes, options.init, options.region, options.again})
        if (!path.empty())
            requireFile(path);
}

Task freshTask(const RenderOptions &options, Progress &progress)
{
    Task task;
    task.model = options.model.model;
    task.renderer = std::make_unique<core::Renderer>(task.model, options.model.renderer);
    std::optional<core::Image> initial;
    if (!options.init.empty())
        initial = readPicture(options.init);
    std::optional<std::pair<int, int>> ownSize;
    if (initial)
        ownSize = {initial->width, initial->height};
    std::string note;
    task.request = requestFor(*task.renderer, options.condition, options.paint, ownSize, note);
    task.request.initial = std::move(initial);
    if (!options.region.empty())
        task.request.region = readMask(options.region);
    if (!note.empty())
        progress.note(note);
    return task;
}

// The picture's own request, on the model it was made with.
Task repeatedTask(const RenderOptions &options)
{
    const core::RenderRecord record = readRecord(options.again);
    Task task;
    task.model = options.modelGiven ? options.model.model : record.modelFile;
    task.renderer = std::make_unique<core::Renderer>(task.model, options.model.renderer);
    const core::ModelInfo &info = task.renderer->info();
    if (info.identity != record.request.modelIdentity)
        throw Error(ErrorCode::ModelMismatch, options.again + " was made with the model " + record.request.modelIdentity
                                                  + " (" + record.modelName + "), but " + info.path.string()
                                                  + " is the model " + info.identity + ".");
    task.request = record.request;
    return task;
}

nlohmann::json secondsJson(const std::vector<Finished> &results, double load, double total)
{
    nlohmann::json seconds = {{"load", load}, {"condition", 0.0}, {"sample", 0.0}, {"decode", 0.0}, {"total", total}};
    const auto add = [&](const char *key, double value) { seconds[key] = seconds[key].get<double>() + value; };
    for (const Finished &finished : results) {
        add("condition", finished.result.times.condition);
        add("sample", finished.result.times.sample);
        add("decode", finished.result.times.decode);
    }
    return seconds;
}

double meanNats(const std::vector<Finished> &results)
{
    double sum = 0;
    for (const Finished &finished : results)
        sum += finished.result.natsPerCode;
    return sum / double(results.size());
}

std::vector<std::string> outputPaths(const std::vector<Finished> &results)
{
    std::vector<std::string> paths;
    for (const Finished &finished : results)
        for (const fs::path &path : {finished.outputs.picture, finished.outputs.codes, finished.outputs.scores})
            if (!path.empty())
                paths.push_back(path.string());
    return paths;
}

void report(const RenderOptions &options, const Task &task, const std::vector<Finished> &results, double total)
{
    int codes = 0;
    int64_t passes = 0;
    for (const Finished &finished : results) {
        codes += finished.result.drawn;
        passes += finished.result.passes;
    }
    if (!options.report.json) {
        std::printf("%s: %d codes, %.2f s, %.3f nats per code\n", results.front().outputs.picture.string().c_str(),
                    codes, total, meanNats(results));
        return;
    }
    const core::Image &picture = results.front().result.picture;
    printJson({{"codes", codes},
               {"passes", passes},
               {"seconds", secondsJson(results, task.renderer->loadSeconds(), total)},
               {"device", task.renderer->device()},
               {"precision", task.renderer->precision()},
               {"window", windowText(task.request.window)},
               {"nats_per_code", meanNats(results)},
               {"seed", task.request.seed},
               {"variation", task.request.variation},
               {"variations", results.size()},
               {"size", {picture.width, picture.height}},
               {"model", {{"name", task.renderer->info().name}, {"identity", task.renderer->info().identity}}},
               {"outputs", outputPaths(results)}});
}

std::vector<Finished> paintOneByOne(const RenderOptions &options, const Task &task, const std::vector<Outputs> &outputs,
                                    Progress &progress)
{
    std::vector<Finished> results;
    for (size_t i = 0; i < outputs.size(); ++i) {
        core::RenderRequest request = task.request;
        if (outputs.size() > 1) {
            request.variation = uint32_t(i);
            progress.begin("variation " + std::to_string(i) + " of " + std::to_string(outputs.size()));
        }
        const auto preview = std::make_shared<PreviewFile>(withInsert(outputs[i].picture, "preview"));
        core::RenderResult result =
            renderOnce(*task.renderer, request, progress, preview.get(), options.output.previewEvery);
        std::string record = recordFor(*task.renderer, task.model, request, result);
        results.push_back({outputs[i], std::move(result), std::move(record), preview});
    }
    return results;
}

std::vector<Finished> paintTogether(const Task &task, const std::vector<Outputs> &outputs, Progress &progress)
{
    progress.begin(std::to_string(outputs.size()) + " variations");
    std::vector<core::RenderResult> pictures =
        renderVariations(*task.renderer, task.request, int(outputs.size()), progress);
    std::vector<Finished> results;
    for (size_t i = 0; i < pictures.size(); ++i) {
        core::RenderRequest request = task.request;
        request.variation = uint32_t(i);
        std::string record = recordFor(*task.renderer, task.model, request, pictures[i]);
        results.push_back({outputs[i], std::move(pictures[i]), std::move(record), nullptr});
    }
    return results;
}

void run(const RenderOptions &options)
{
    const Clock::time_point start = Clock::now();
    Progress progress(options.report.progress);
    const int variations = options.paint.variations;
    const std::vector<Outputs> outputs = outputsFor(options.output, variations);
    checkOutputs(outputs);
    requireInputs(options);
    Task task = options.again.empty() ? freshTask(options, progress) : repeatedTask(options);

    const InterruptibleScope interruptible; // for all variations: their previews stay or go together
    const bool together = variations > 1 && options.output.previewEvery == 0;
    const std::vector<Finished> results =
        together ? paintTogether(task, outputs, progress) : paintOneByOne(options, task, outputs, progress);
    writeOutputs(results, progress);
    report(options, task, results, std::chrono::duration<double>(Clock::now() - start).count());
}

} // namespace

void addRenderCommand(CLI::App &app)
{
    CLI::App *command = app.add_subcommand("render", "Paint a picture");
    const auto options = std::make_shared<RenderOptions>();
    addModelOptions(*command, options->model);
    std::vector<CLI::Option *> own = addConditionOptions(*command, options->condition);
    for (CLI::Option *option : addPaintOptions(*command, options->paint))
        own.push_back(option);
    CLI::Option *init = command->add_option("--init", options->init, "Picture to repaint a part of");
    CLI::Option *region =
        command->add_option("--region", options->region, "Mask: only what lies under its white pixels may change");
    init->needs(region);
    region->needs(init);
    own.insert(own.end(), {init, region});

    command->add_option("-o,--output", options->output.picture, "Picture to write: PNG, JPEG, WebP or TIFF by suffix")
        ->required();
    command->add_option("--codes", options->output.codes, "Also write the codes, .npy, int64 [h, w]");
    command->add_option("--scores", options->output.scores,
                        "Also write log-probability and entropy in nats, .npy, float32 [2, h, w]");
    command
        ->add_option("--preview-every", options->output.previewEvery,
                     "Every N codes write the unfinished picture to OUT-preview beside OUT")
        ->check(CLI::Range(1, 1000000000));
    CLI::Option *again = command->add_option(
        "--again", options->again, "Make the picture in a PNG written by Tessera again, from what it carries");
    for (CLI::Option *option : own)
        again->excludes(option);
    addJsonOption(*command, options->report);
    addProgressOption(*command, options->report);
    command->callback([options, command] {
        options->modelGiven = command->count("--model") > 0;
        run(*options);
    });
}

} // namespace tessera::cli
