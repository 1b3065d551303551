// batch: every map of a folder to a picture of the same name in another.
#include <algorithm>
#include <cstdio>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/inputs.h"
#include "app/cli/outputs.h"
#include "app/cli/renderrun.h"
#include "models/error.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

namespace
{

struct Shard {
    int number = 1; // 1 .. count
    int count = 1;
};

struct BatchOptions {
    ModelOptions model;
    ReportOptions report;
    PaintOptions paint;
    std::string folder;
    std::string mapKind; // empty: what the model paints from first
    std::string output;
    std::string shard = "1/1";
    bool resume = false;
};

// "2/4": the second of four.
std::optional<Shard> parsedShard(const std::string &text)
{
    Shard shard;
    char rest = 0;
    if (std::sscanf(text.c_str(), "%d/%d%c", &shard.number, &shard.count, &rest) != 2)
        return {};
    return shard.number >= 1 && shard.number <= shard.count ? std::optional(shard) : std::nullopt;
}

bool isPicture(const fs::path &path)
{
    static const std::vector<std::string> kSuffixes{".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"};
    std::string suffix = path.extension().string();
    std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return std::ranges::find(kSuffixes, suffix) != kSuffixes.end();
}

// In name order, so that shards agree on who takes what.
std::vector<fs::path> picturesIn(const fs::path &folder)
{
    if (!fs::is_directory(folder))
        throw Error(ErrorCode::FileRead, folder.string() + " is no folder; expected a folder of maps.");
    std::vector<fs::path> pictures;
    for (const auto &entry : fs::directory_iterator(folder))
        if (entry.is_regular_file() && isPicture(entry.path()))
            pictures.push_back(entry.path());
    std::ranges::sort(pictures);
    for (size_t i = 1; i < pictures.size(); ++i)
        if (pictures[i].stem() == pictures[i - 1].stem())
            throw Error(ErrorCode::InvalidArgument, pictures[i - 1].string() + " and " + pictures[i].string()
                                                        + " would both be written to " + pictures[i].stem().string()
                                                        + ".png.");
    if (pictures.empty())
        throw Error(ErrorCode::FileRead, folder.string() + " holds no maps: no PNG, JPEG, WebP, TIFF or BMP.");
    return pictures;
}

std::vector<fs::path> shardOf(const std::vector<fs::path> &all, Shard shard)
{
    std::vector<fs::path> own;
    for (size_t i = size_t(shard.number - 1); i < all.size(); i += size_t(shard.count))
        own.push_back(all[i]);
    return own;
}

ConditionOptions conditionFor(const core::ModelInfo &model, const std::string &mapKind, const fs::path &map)
{
    const std::string &kind = mapKind.empty() ? model.paintsFrom : mapKind;
    ConditionOptions condition;
    if (kind == "labels")
        condition.map = map.string();
    else if (kind == "depth")
        condition.depth = map.string();
    else if (kind == "edges")
        condition.edges = map.string();
    else
        throw Error(ErrorCode::InvalidArgument, "This model paints from "
                                                    + (model.paintsFrom.empty() ? "nothing" : model.paintsFrom)
                                                    + "; a batch needs one that paints from labels, depth or edges.");
    return condition;
}

std::vector<Outputs> targetsOf(const BatchOptions &options, const fs::path &map)
{
    const fs::path picture = fs::path(options.output) / (map.stem().string() + ".png");
    return outputsFor({picture.string(), {}, {}, 0}, options.paint.variations);
}

bool allThere(const std::vector<Outputs> &targets)
{
    return std::ranges::all_of(targets, [](const Outputs &files) { return fs::exists(files.picture); });
}

// Returns the number of codes drawn.
int renderMap(const BatchOptions &options, core::Renderer &renderer, const fs::path &map, Progress &progress)
{
    std::string note;
    core::RenderRequest request =
        requestFor(renderer, conditionFor(renderer.info(), options.mapKind, map), options.paint, std::nullopt, note);
    if (!note.empty())
        progress.note(note);
    int codes = 0;
    const std::vector<Outputs> targets = targetsOf(options, map);
    progress.begin(map.filename().string());
    std::vector<core::RenderResult> results;
    if (targets.size() > 1)
        results = renderVariations(renderer, request, int(targets.size()), progress);
    else
        results.push_back(renderOnce(renderer, request, progress));
    for (size_t i = 0; i < targets.size(); ++i) {
        if (targets.size() > 1)
            request.variation = uint32_t(i);
        codes += results[i].drawn;
        std::string record = recordFor(renderer, options.model.model, request, results[i]);
        writeOutputs({{targets[i], std::move(results[i]), std::move(record), nullptr}}, progress);
    }
    return codes;
}

void run(const BatchOptions &options)
{
    const std::vector<fs::path> maps = shardOf(picturesIn(options.folder), *parsedShard(options.shard));
    fs::create_directories(options.output);
    Progress progress(options.report.progress);
    core::Renderer renderer(options.model.model, options.model.renderer);
    nlohmann::json outputs = nlohmann::json::array(), skipped = nlohmann::json::array();
    int codes = 0;
    for (const fs::path &map : maps) {
        const std::vector<Outputs> targets = targetsOf(options, map);
        const bool done = options.resume && allThere(targets);
        if (!done)
            codes += renderMap(options, renderer, map, progress);
        for (const Outputs &files : targets)
            (done ? skipped : outputs).push_back(files.picture.string());
    }
    if (options.report.json)
        printJson({{"codes", codes}, {"outputs", outputs}, {"skipped", skipped}});
    else
        std::printf("%zu pictures written, %zu were there already\n", outputs.size(), skipped.size());
}

} // namespace

void addBatchCommand(CLI::App &app)
{
    const auto options = std::make_shared<BatchOptions>();
    CLI::App *command = app.add_subcommand("batch", "Paint every map of a folder");
    command->add_option("folder", options->folder, "Folder of maps")->required();
    command->add_option("-o,--output", options->output, "Folder for the pictures, NAME.png each; made when missing")
        ->required();
    addMapKindOption(*command, options->mapKind, "What the maps show, where the model takes several kinds");
    addModelOptions(*command, options->model);
    addPaintOptions(*command, options->paint);
    command->add_option("--shard", options->shard, "I/N: only the I-th of N shares of the maps, I from 1 to N")
        ->check([](const std::string &text) {
            return parsedShard(text) ? std::string() : "'" + text + "' was found, expected I/N with I from 1 to N";
        })
        ->capture_default_str();
    command->add_flag("--resume", options->resume, "Leave out maps whose pictures are there");
    addJsonOption(*command, options->report);
    addProgressOption(*command, options->report);
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
