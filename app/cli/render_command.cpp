#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <numeric>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/interrupts.h"
#include "app/cli/outputs.h"
#include "app/cli/renderrun.h"
#include "app/common/sentence.h"
#include "core/document/picturefile.h"
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
    bool precisionGiven = false;
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
    std::unique_ptr<core::Renderer> renderer;
    core::RenderRequest request;
    std::optional<core::RenderRecord> record; // of the picture that is made again
    QColorSpace space;                        // of the picture that a part is repainted of
};

std::vector<fs::path> inputsOf(const RenderOptions &options)
{
    std::vector<fs::path> inputs = inputsOf(options.condition);
    for (const std::string &path : {options.init, options.region})
        if (!path.empty())
            inputs.emplace_back(path);
    return inputs;
}

// A picture may be made again in its own place; its preview may not.
void checkFiles(const RenderOptions &options, const std::vector<Outputs> &outputs)
{
    std::vector<fs::path> inputs = inputsOf(options);
    expectOtherThanInputs(pathsOf(outputs), inputs);
    if (!options.again.empty())
        inputs.emplace_back(options.again);
    expectOtherThanInputs(previewsOf(outputs), inputs);
    checkOutputs(outputs);
    for (const fs::path &path : inputs)
        requireFile(path);
}

Task freshTask(const RenderOptions &options, Progress &progress)
{
    Task task;
    task.renderer = std::make_unique<core::Renderer>(options.model.model, options.model.renderer);
    std::optional<core::Image> initial;
    if (!options.init.empty()) {
        core::FilePicture before = core::readPicture(options.init);
        initial = std::move(before.image);
        task.space = before.space;
    }
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
    RequestFiles files = filesOf(options.condition, options.paint);
    if (ownSize && options.paint.size.empty())
        files.canvas = options.init;
    files.initial = options.init;
    files.region = options.region;
    checkNamed(*task.renderer, task.request, files);
    return task;
}

// The record's model in the record's precision, unless others are asked for.
std::unique_ptr<core::Renderer> rendererFor(const core::RenderRecord &record, const RenderOptions &options)
{
    const std::string &model = options.modelGiven ? options.model.model : record.modelFile;
    if (model.empty())
        throw Error(ErrorCode::FileFormat, options.again + " says no model's place; --model names it.");
    core::RendererOptions how = options.model.renderer;
    if (!options.precisionGiven)
        how.precision = record.precision;
    try {
        return std::make_unique<core::Renderer>(model, how);
    } catch (const Error &error) {
        const std::string found = " (" + app::withoutFullStop(error.what()) + ")";
        if (error.code() == ErrorCode::ModelNotFound && !options.modelGiven)
            throw Error(error.code(), "The model of " + options.again + " is not where it was" + found
                                          + "; --model names its place.");
        if (error.code() == ErrorCode::InvalidArgument && !options.precisionGiven)
            throw Error(error.code(), options.again + " was made in " + record.precision + " and cannot be made so here"
                                          + found + "; --precision renders it in another one.");
        throw;
    }
}

// The picture's own request, on the model it was made with.
Task repeatedTask(const RenderOptions &options)
{
    core::RecordedPicture picture = readRecorded(options.again);
    core::RenderRecord &record = picture.record;
    Task task;
    task.renderer = rendererFor(record, options);
    const core::ModelInfo &info = task.renderer->info();
    if (info.identity != record.request.modelIdentity)
        throw Error(ErrorCode::ModelMismatch, options.again + " was made with the model " + record.request.modelIdentity
                                                  + " (" + record.modelName + "), but " + info.path.string()
                                                  + " is the model " + info.identity + ".");
    task.request = record.request;
    checkNamed(*task.renderer, task.request,
               {.values = options.again,
                .condition = options.again,
                .canvas = options.again,
                .initial = options.again,
                .region = options.again});
    task.record = std::move(record);
    task.space = picture.image.colorSpace();
    return task;
}

// How the picture differs from what it was; empty when it does not: another device or precision may decide a close
// choice otherwise.
std::string differenceFromRecord(const Task &task, const core::CodeGrid &codes)
{
    const std::vector<int64_t> &before = task.record->codes.values, &now = codes.values;
    size_t differing = now.size();
    if (task.record->codes.size == codes.size)
        differing =
            std::inner_product(before.begin(), before.end(), now.begin(), size_t(0), std::plus(), std::not_equal_to());
    if (differing == 0)
        return {};
    return "in " + std::to_string(differing) + " of " + std::to_string(now.size()) + " codes; that was made on "
           + task.record->device + " in " + task.record->precision + ", this on " + task.renderer->device() + " in "
           + task.renderer->precision() + ".";
}

// Throws where another picture would take the old one's place.
void writeAgain(const RenderOptions &options, const Task &task, const std::vector<Finished> &results,
                Progress &progress)
{
    const Finished &picture = results.front();
    const std::string difference = differenceFromRecord(task, picture.result.codes);
    if (!difference.empty() && resolvedPath(picture.outputs.picture) == resolvedPath(options.again))
        throw Error(ErrorCode::InvalidArgument,
                    options.again + " stays as it is, for what was made again differs from it " + difference);
    writeOutputs(results, progress);
    if (!difference.empty())
        progress.note(picture.outputs.picture.string() + " differs from " + options.again + " " + difference);
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
        for (const fs::path &path : pathsOf({finished.outputs}))
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
        std::string names;
        for (const Finished &finished : results)
            names += (names.empty() ? "" : ", ") + finished.outputs.picture.string();
        std::printf("%s: %d codes, %.2f s, %.3f nats per code\n", names.c_str(), codes, total, meanNats(results));
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
        const auto preview = outputs[i].preview.empty() ? nullptr : std::make_shared<PreviewFile>(outputs[i].preview);
        core::RenderResult result =
            renderOnce(*task.renderer, request, progress, preview.get(), options.output.previewEvery);
        std::string record = task.renderer->record(request, result);
        results.push_back({outputs[i], std::move(result), std::move(record), preview, task.space});
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
        std::string record = task.renderer->record(request, pictures[i]);
        results.push_back({outputs[i], std::move(pictures[i]), std::move(record), nullptr, task.space});
    }
    return results;
}

void run(const RenderOptions &options)
{
    const Clock::time_point start = Clock::now();
    expectControlsOnce(options.paint.controls);
    Progress progress(options.report.progress);
    const int variations = options.paint.variations;
    const std::vector<Outputs> outputs = outputsFor(options.output, variations);
    checkFiles(options, outputs);
    Task task = options.again.empty() ? freshTask(options, progress) : repeatedTask(options);

    const InterruptibleScope interruptible; // for all variations: their previews stay or go together
    const bool together = variations > 1 && options.output.previewEvery == 0;
    const std::vector<Finished> results =
        together ? paintTogether(task, outputs, progress) : paintOneByOne(options, task, outputs, progress);
    finishUndisturbed();
    if (task.record)
        writeAgain(options, task, results, progress);
    else
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
    addPreviewOption(*command, options->output.previewEvery);
    CLI::Option *again = command->add_option(
        "--again", options->again,
        "Make the picture in a PNG written by Tessera again, from what it carries and in its precision");
    for (CLI::Option *option : own)
        again->excludes(option);
    addJsonOption(*command, options->report);
    addProgressOption(*command, options->report);
    command->callback([options, command] {
        options->modelGiven = command->count("--model") > 0;
        options->precisionGiven = command->count("--precision") > 0;
        run(*options);
    });
}

} // namespace tessera::cli
