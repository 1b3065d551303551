#include "app/cli/renderrun.h"

#include <functional>
#include <set>

#include "app/cli/inputs.h"
#include "app/cli/interrupts.h"
#include "app/cli/outputs.h"
#include "core/document/imagefile.h"
#include "core/document/npyfile.h"
#include "core/document/picturefile.h"
#include "models/error.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

namespace
{

using Size = std::pair<int, int>; // width, height

fs::path numbered(const std::string &path, int number, int count)
{
    if (path.empty() || count == 1)
        return path;
    return withInsert(path, std::to_string(number));
}

// The option that would serve the model.
std::string wantedOption(const core::ModelInfo &model)
{
    if (model.paintsFrom == "labels")
        return "--map FILE";
    if (model.paintsFrom == "class")
        return "--class N";
    if (model.paintsFrom == "nothing")
        return "--unconditional";
    return "--" + model.paintsFrom + " FILE";
}

[[noreturn]] void refuseFor(const core::ModelInfo &model, const std::string &sentence)
{
    throw Error(ErrorCode::InvalidArgument, model.path.string() + " " + sentence);
}

void expectNoCondition(const core::ModelInfo &model, bool unconditional)
{
    const bool fits =
        model.paintsFrom == "coordinates" ? !unconditional : model.paintsFrom == "nothing" && unconditional;
    if (fits)
        return;
    if (model.paintsFrom == "coordinates")
        refuseFor(model, "paints from coordinates and takes no condition option.");
    if (model.paintsFrom == "objects")
        refuseFor(model, "paints from layouts of objects, which cannot be given here.");
    refuseFor(model, "paints from " + model.sources() + "; expected " + wantedOption(model) + ".");
}

// Sets the condition and returns its own size in pixels, when it has one.
std::optional<Size> readCondition(const core::ModelInfo &model, const ConditionOptions &options,
                                  const std::string &labels, core::RenderRequest &request, std::string &note)
{
    if (!options.map.empty()) {
        expectTakes(model, "labels");
        core::LabelMap map = readLabels(options.map, labels, model, note);
        const Size size{map.width, map.height};
        request.condition = std::move(map);
        return size;
    }
    if (!options.depth.empty() || !options.edges.empty()) {
        request.mapKind = options.depth.empty() ? "edges" : "depth";
        expectTakes(model, request.mapKind);
        core::FieldMap field = readField(options.depth.empty() ? options.edges : options.depth);
        const Size size{field.width, field.height};
        request.condition = std::move(field);
        return size;
    }
    if (!options.conditionCodes.empty()) {
        core::CodeGrid codes = core::readNpyCodes(options.conditionCodes);
        const Size size{codes.size.columns * model.factor, codes.size.rows * model.factor};
        if (!options.mapKind.empty())
            expectTakes(model, options.mapKind);
        request.mapKind = options.mapKind;
        request.condition = std::move(codes);
        return size;
    }
    if (options.classIndex) {
        expectTakes(model, "class");
        request.condition = *options.classIndex;
        return {};
    }
    expectNoCondition(model, options.unconditional);
    return {};
}

core::WindowPolicy windowFor(const std::string &text, const core::ModelInfo &model, const core::RenderRequest &request)
{
    return text == kAutoWindow ? core::automaticWindow(model, request.width, request.height)
                               : *parsedWindow(text, model.window);
}

void applyNumbers(const PaintOptions &paint, const core::ModelInfo &model, core::RenderRequest &request)
{
    for (const std::string &text : paint.controls) {
        const auto control = *parsedControl(text);
        request.controls[control.first] = control.second;
    }
    request.seed = paint.seed;
    request.variation = paint.variation.value_or(0);
    request.temperature = paint.temperature.value_or(request.temperature);
    request.topK = paint.topK.value_or(request.topK);
    request.topP = paint.topP.value_or(request.topP);
    request.guidance = paint.guidance.value_or(request.guidance);
    request.greedy = paint.greedy;
    request.window = windowFor(paint.window, model, request);
}

core::RenderEvents eventsFor(Progress &progress)
{
    core::RenderEvents events;
    events.progress = [&progress](const core::RenderProgress &value) { progress.update(value); };
    events.relieved = [&progress](core::Relief relief) { progress.note(core::reliefText(relief)); };
    events.decodeStopped = [] { return false; };
    return events;
}

// `write` gets the place to write to; its errors name the file as the user knows it.
void stage(StagedFiles &staged, const fs::path &target, const std::function<void(const fs::path &)> &write)
{
    if (target.empty())
        return;
    const fs::path place = staged.add(target);
    try {
        write(place);
    } catch (const Error &error) {
        std::string sentence = error.what();
        const size_t at = sentence.find(place.string());
        if (at != std::string::npos)
            sentence.replace(at, place.string().size(), target.string());
        throw Error(error.code(), sentence);
    }
}

void stageAll(StagedFiles &staged, const Finished &finished, Progress &progress)
{
    const Outputs &outputs = finished.outputs;
    stage(staged, outputs.codes, [&](const fs::path &place) { core::writeNpy(place, finished.result.codes); });
    stage(staged, outputs.scores, [&](const fs::path &place) { writeScores(place, finished.result); });
    bool whole = true;
    stage(staged, outputs.picture, [&](const fs::path &place) {
        whole = core::writePicture(place, core::toQImage(finished.result.picture),
                                   QByteArray::fromStdString(finished.record), finished.space);
    });
    if (!whole)
        progress.note(finished.outputs.picture.string()
                      + " was written without its render record, which is longer than a "
                        "PNG may carry.");
}

} // namespace

std::vector<Outputs> outputsFor(const OutputOptions &options, int variations)
{
    std::vector<Outputs> outputs;
    for (int i = 0; i < variations; ++i) {
        const fs::path picture = numbered(options.picture, i, variations);
        outputs.push_back({picture, numbered(options.codes, i, variations), numbered(options.scores, i, variations),
                           options.previewEvery > 0 ? withInsert(picture, "preview") : fs::path()});
    }
    return outputs;
}

std::vector<fs::path> pathsOf(const std::vector<Outputs> &outputs)
{
    std::vector<fs::path> paths;
    for (const Outputs &files : outputs)
        for (const fs::path &path : {files.picture, files.codes, files.scores})
            if (!path.empty())
                paths.push_back(path);
    return paths;
}

std::vector<fs::path> previewsOf(const std::vector<Outputs> &outputs)
{
    std::vector<fs::path> paths;
    for (const Outputs &files : outputs)
        if (!files.preview.empty())
            paths.push_back(files.preview);
    return paths;
}

std::vector<fs::path> inputsOf(const ConditionOptions &condition)
{
    std::vector<fs::path> inputs;
    for (const std::string &path : {condition.map, condition.depth, condition.edges, condition.conditionCodes})
        if (!path.empty())
            inputs.emplace_back(path);
    return inputs;
}

RequestFiles filesOf(const ConditionOptions &condition, const PaintOptions &paint)
{
    RequestFiles files;
    const std::vector<fs::path> inputs = inputsOf(condition);
    files.condition = inputs.empty() ? std::string() : inputs.front().string();
    files.scalable = condition.conditionCodes.empty();
    files.canvas = paint.size.empty() ? files.condition : std::string();
    return files;
}

void checkOutputs(const std::vector<Outputs> &outputs)
{
    std::set<fs::path> seen;
    const auto once = [&](const fs::path &path) {
        if (!seen.insert(resolvedPath(path)).second)
            throw Error(ErrorCode::InvalidArgument,
                        "Two outputs would be written to the same file, " + path.string() + ".");
    };
    for (const Outputs &files : outputs) {
        checkPictureTarget(files.picture);
        once(files.picture);
        for (const fs::path &path : {files.codes, files.scores}) {
            if (path.empty())
                continue;
            checkCodesTarget(path);
            once(path);
        }
        if (!files.preview.empty()) {
            checkPictureTarget(files.preview);
            once(files.preview);
        }
    }
}

core::RenderRequest requestFor(const core::Renderer &renderer, const ConditionOptions &condition,
                               const PaintOptions &paint, std::optional<Size> ownSize, std::string &note)
{
    const core::ModelInfo &model = renderer.info();
    if (model.paintsFrom.empty())
        refuseFor(model, "is a first stage alone: it encodes and decodes pictures, but cannot paint one.");
    core::RenderRequest request = renderer.defaultRequest();
    const std::optional<Size> mapSize = readCondition(model, condition, paint.labels, request, note);
    const int window = model.window * model.factor;
    Size size = ownSize ? *ownSize : mapSize.value_or(Size{window, window});
    if (!paint.size.empty())
        size = *parsedSize(paint.size);
    request.width = size.first;
    request.height = size.second;
    applyNumbers(paint, model, request);
    return request;
}

core::RenderResult renderOnce(core::Renderer &renderer, const core::RenderRequest &request, Progress &progress,
                              PreviewFile *preview, int previewEvery)
{
    const InterruptibleScope interruptible;
    core::RenderEvents events = eventsFor(progress);
    if (preview) {
        events.preview = [&](const core::RenderPreview &value) {
            preview->write(value.picture);
            progress.previewWritten(preview->path(), value.codesDone);
        };
        events.previewEvery = previewEvery;
    }
    core::RenderResult result = renderer.render(request, interruptible.token(), events);
    progress.end();
    interruptible.check();
    return result;
}

std::vector<core::RenderResult> renderVariations(core::Renderer &renderer, const core::RenderRequest &request,
                                                 int count, Progress &progress)
{
    const InterruptibleScope interruptible;
    std::vector<core::RenderResult> results =
        renderer.renderVariations(request, count, interruptible.token(), eventsFor(progress));
    progress.end();
    interruptible.check();
    return results;
}

void writeOutputs(const std::vector<Finished> &results, Progress &progress)
{
    const WritingScope writing;
    StagedFiles staged;
    for (const Finished &finished : results)
        stageAll(staged, finished, progress);
    staged.commit();
    for (const Finished &finished : results)
        if (finished.preview)
            finished.preview->keep();
}

} // namespace tessera::cli
