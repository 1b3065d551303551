// encode, decode, reconstruct and encode-condition: the stages alone.
#include <chrono>
#include <cmath>
#include <functional>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/interrupts.h"
#include "app/cli/naming.h"
#include "app/cli/options.h"
#include "app/cli/outputs.h"
#include "app/cli/progress.h"
#include "core/document/imagefile.h"
#include "core/document/npyfile.h"
#include "core/document/picturefile.h"
#include "models/error.h"

namespace tessera::cli
{

namespace
{

using Clock = std::chrono::steady_clock;
using nlohmann::json;

struct StageOptions {
    ModelOptions model;
    ReportOptions report;
    std::string image;
    std::string codes;
    std::string map;
    std::string depth;
    std::string edges;
    std::string labels = "auto";
    std::string output;
};

// Runs one stage; `work` tells its phases, calls finishUndisturbed() before it writes the output, and returns what it
// wants to add to the JSON.
void runStage(const StageOptions &options, const std::function<json(core::Renderer &, Progress &)> &work)
{
    const Clock::time_point start = Clock::now();
    Progress progress(options.report.progress);
    progress.phase("load");
    core::Renderer renderer(options.model.model, options.model.renderer);
    json result;
    naming(
        renderer.info().path.string(), [&] { result = work(renderer, progress); }, ErrorCode::ModelMismatch);
    progress.end();
    if (!options.report.json)
        return;
    const double total = std::chrono::duration<double>(Clock::now() - start).count();
    result["seconds"] = {{"load", renderer.loadSeconds()}, {"total", total}};
    result["device"] = renderer.device();
    result["precision"] = renderer.precision();
    result["outputs"] = {options.output};
    printJson(result);
}

json gridReport(const core::CodeGrid &codes)
{
    return {{"codes", codes.size.cells()}, {"grid", {codes.size.rows, codes.size.columns}}};
}

json writeCodes(const StageOptions &options, const core::CodeGrid &codes)
{
    finishUndisturbed();
    core::writeNpy(options.output, codes);
    return gridReport(codes);
}

json writeDecoded(const StageOptions &options, const core::CodeGrid &codes, const core::Image &picture,
                  const QColorSpace &space)
{
    finishUndisturbed();
    core::writePicture(options.output, core::toQImage(picture), {}, space);
    json report = gridReport(codes);
    report["size"] = {picture.width, picture.height};
    return report;
}

// Peak signal-to-noise ratio in dB over the part that both pictures cover.
double signalToNoise(const core::Image &original, const core::Image &decoded)
{
    double squares = 0;
    for (int y = 0; y < decoded.height; ++y) {
        const uint8_t *one = &original.rgb[3 * size_t(y) * size_t(original.width)];
        const uint8_t *other = &decoded.rgb[3 * size_t(y) * size_t(decoded.width)];
        for (int i = 0; i < 3 * decoded.width; ++i)
            squares += double((one[i] - other[i]) * (one[i] - other[i]));
    }
    const double mean = squares / double(decoded.rgb.size());
    return mean > 0 ? 10 * std::log10(255.0 * 255.0 / mean) : 99;
}

core::CodeGrid encoded(const StageOptions &options, core::Renderer &renderer, const core::Image &picture,
                       Progress &progress)
{
    progress.phase("encode");
    core::CodeGrid codes;
    naming(options.image, [&] { codes = renderer.encode(picture); });
    return codes;
}

void runEncode(const StageOptions &options)
{
    expectOtherThanInputs({options.output}, {options.image});
    checkCodesTarget(options.output);
    requireFile(options.image);
    runStage(options, [&](core::Renderer &renderer, Progress &progress) {
        return writeCodes(options, encoded(options, renderer, core::readPicture(options.image).image, progress));
    });
}

void runDecode(const StageOptions &options)
{
    expectOtherThanInputs({options.output}, {options.codes});
    checkPictureTarget(options.output);
    requireFile(options.codes);
    const core::CodeGrid codes = core::readNpyCodes(options.codes);
    runStage(options, [&](core::Renderer &renderer, Progress &progress) {
        progress.phase("decode");
        core::Image picture;
        naming(options.codes, [&] { picture = renderer.decode(codes); });
        return writeDecoded(options, codes, picture, {});
    });
}

void runReconstruct(const StageOptions &options)
{
    expectOtherThanInputs({options.output}, {options.image});
    checkPictureTarget(options.output);
    requireFile(options.image);
    runStage(options, [&](core::Renderer &renderer, Progress &progress) {
        const core::FilePicture original = core::readPicture(options.image);
        const core::CodeGrid codes = encoded(options, renderer, original.image, progress);
        progress.phase("decode");
        const core::Image decoded = renderer.decode(codes);
        json report = writeDecoded(options, codes, decoded, original.space);
        report["psnr"] = signalToNoise(original.image, decoded);
        return report;
    });
}

core::CodeGrid conditionCodes(const StageOptions &options, core::Renderer &renderer, Progress &progress)
{
    const core::ModelInfo &model = renderer.info();
    const std::string wanted = !options.map.empty() ? "labels" : !options.depth.empty() ? "depth" : "edges";
    expectTakes(model, wanted);
    progress.phase("condition");
    core::CodeGrid codes;
    if (options.map.empty()) {
        const std::string &file = options.depth.empty() ? options.edges : options.depth;
        naming(file, [&] { codes = renderer.encodeCondition(readField(file), wanted); });
        return codes;
    }
    std::string note;
    naming(options.map,
           [&] { codes = renderer.encodeCondition(readLabels(options.map, options.labels, model, note)); });
    if (!note.empty())
        progress.note(note);
    return codes;
}

void runEncodeCondition(const StageOptions &options)
{
    expectOtherThanInputs({options.output}, {options.map, options.depth, options.edges});
    checkCodesTarget(options.output);
    for (const std::string &path : {options.map, options.depth, options.edges})
        if (!path.empty())
            requireFile(path);
    runStage(options, [&](core::Renderer &renderer, Progress &progress) {
        return writeCodes(options, conditionCodes(options, renderer, progress));
    });
}

using Run = void (*)(const StageOptions &);

std::shared_ptr<StageOptions> addStage(CLI::App &app, const std::string &name, const std::string &description,
                                       const std::string &outputHelp, Run run, CLI::App *&command)
{
    command = app.add_subcommand(name, description);
    const auto options = std::make_shared<StageOptions>();
    addModelOptions(*command, options->model);
    addJsonOption(*command, options->report);
    addProgressOption(*command, options->report);
    command->add_option("-o,--output", options->output, outputHelp)->required();
    command->callback([options, run] { run(*options); });
    return options;
}

void addConditionStage(CLI::App &app)
{
    CLI::App *command = nullptr;
    const auto options = addStage(app, "encode-condition", "A map to condition codes",
                                  "Codes to write, .npy, int64 [h, w]", runEncodeCondition, command);
    CLI::App *source = command->add_option_group("map");
    source->add_option("--map", options->map, "Label map, a picture");
    source->add_option("--depth", options->depth, "Depth map");
    source->add_option("--edges", options->edges, "Edge map");
    source->require_option(1);
    addLabelsOption(*command, options->labels);
}

} // namespace

void addStageCommands(CLI::App &app)
{
    CLI::App *command = nullptr;
    const std::string codesHelp = "Codes to write, .npy, int64 [h, w]";
    const std::string pictureHelp = "Picture to write: PNG, JPEG, WebP or TIFF by suffix";
    const auto encode =
        addStage(app, "encode", "A picture to codes, by the first stage alone", codesHelp, runEncode, command);
    command->add_option("--image", encode->image, "Picture to read")->required();
    const auto decode =
        addStage(app, "decode", "Codes to a picture, by the first stage alone", pictureHelp, runDecode, command);
    command->add_option("--codes", decode->codes, "Codes to read, .npy, int64 [h, w]")->required();
    const auto reconstruct =
        addStage(app, "reconstruct", "A picture to codes and back", pictureHelp, runReconstruct, command);
    command->add_option("--image", reconstruct->image, "Picture to read")->required();
    addConditionStage(app);
}

} // namespace tessera::cli
