// batch: every map of a folder to a picture of the same name in another.
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <iterator>
#include <list>
#include <map>
#include <memory>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/madefolder.h"
#include "app/cli/outputs.h"
#include "app/cli/renderrun.h"
#include "app/common/sentence.h"
#include "core/render/requesterror.h"
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
    std::string codes;  // folder; may be empty
    std::string scores; // folder; may be empty
    std::string shard = "1/1";
    bool resume = false;
};

// "2/4": the second of four.
std::optional<Shard> parsedShard(const std::string &text)
{
    Shard shard;
    const char *const end = text.data() + text.size();
    const auto number = std::from_chars(text.data(), end, shard.number);
    if (number.ec != std::errc{} || number.ptr == end || *number.ptr != '/')
        return {};
    const auto count = std::from_chars(number.ptr + 1, end, shard.count);
    const bool whole = count.ec == std::errc{} && count.ptr == end;
    return whole && shard.number >= 1 && shard.number <= shard.count ? std::optional(shard) : std::nullopt;
}

bool isPicture(const fs::path &path)
{
    if (path.filename().string().starts_with('.')) // hidden: what other programs leave beside pictures
        return false;
    static const std::vector<std::string> kSuffixes{".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp"};
    return std::ranges::find(kSuffixes, lowerSuffix(path)) != kSuffixes.end();
}

// In name order, so that shards agree on who takes what.
std::vector<fs::path> picturesIn(const fs::path &folder)
{
    std::error_code error, ignored;
    if (!fs::is_directory(folder, error))
        throw Error(ErrorCode::FileRead, folder.string() + " is no folder; expected a folder of maps.");
    std::vector<fs::path> pictures;
    const fs::directory_iterator entries(folder, error);
    if (error)
        throw Error(ErrorCode::FileRead, "The folder " + folder.string() + " cannot be read: " + error.message() + ".");
    for (const auto &entry : entries)
        if (entry.is_regular_file(ignored) && isPicture(entry.path()))
            pictures.push_back(entry.path());
    std::ranges::sort(pictures);
    std::map<fs::path, fs::path> byStem;
    for (const fs::path &picture : pictures)
        if (const auto [other, isNew] = byStem.emplace(picture.stem(), picture); !isNew)
            throw Error(ErrorCode::InvalidArgument, other->second.string() + " and " + picture.string()
                                                        + " would both be written to " + picture.stem().string()
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
    if (!kind.empty())
        expectTakes(model, kind);
    ConditionOptions condition;
    if (kind == "labels")
        condition.map = map.string();
    else if (kind == "depth")
        condition.depth = map.string();
    else if (kind == "edges")
        condition.edges = map.string();
    else
        throw Error(ErrorCode::InvalidArgument, model.path.string() + " paints from "
                                                    + (model.paintsFrom.empty() ? "nothing" : model.paintsFrom)
                                                    + "; a batch needs one that paints from labels, depth or edges.");
    return condition;
}

std::vector<Outputs> targetsOf(const BatchOptions &options, const fs::path &map)
{
    const auto in = [&](const std::string &folder, const char *suffix) {
        return folder.empty() ? folder : (fs::path(folder) / (map.stem().string() + suffix)).string();
    };
    return outputsFor({in(options.output, ".png"), in(options.codes, ".npy"), in(options.scores, ".npy"), 0},
                      options.paint.variations);
}

// A crash or a full disk may leave an empty file, which is no picture.
bool isThere(const Outputs &files)
{
    return std::ranges::all_of(pathsOf({files}), [](const fs::path &path) {
        std::error_code error;
        const auto bytes = fs::file_size(path, error);
        return !error && bytes > 0;
    });
}

// One map and its pictures.
struct Job {
    fs::path map;
    std::vector<Outputs> targets;
    bool done = false; // by an earlier run
};

// What this run has to do. Throws where an output would replace any map, also one of another share.
std::vector<Job> jobsFor(const BatchOptions &options)
{
    const std::vector<fs::path> maps = picturesIn(options.folder);
    std::vector<Job> jobs;
    std::vector<fs::path> outputs;
    for (const fs::path &map : shardOf(maps, *parsedShard(options.shard))) {
        Job job{map, targetsOf(options, map)};
        job.done = options.resume && std::ranges::all_of(job.targets, isThere);
        std::ranges::copy(pathsOf(job.targets), std::back_inserter(outputs));
        jobs.push_back(std::move(job));
    }
    expectOtherThanInputs(outputs, maps);
    return jobs;
}

// What came of the run so far.
struct Tally {
    int codes = 0;
    size_t written = 0; // pictures
    size_t there = 0;   // pictures, since an earlier run
    nlohmann::json outputs = nlohmann::json::array();
    nlohmann::json skipped = nlohmann::json::array();
    nlohmann::json failed = nlohmann::json::array();
};

class Batch
{
public:
    Batch(const BatchOptions &options, Progress &progress)
        : m_options(options)
        , m_progress(progress)
        , m_renderer(options.model.model, options.model.renderer)
    {}

    // Goes on without a map that cannot be painted. Throws what would end the next map just so.
    void paint(const Job &job)
    {
        const auto request = judged(job);
        if (!request)
            return;
        try {
            render(*request, job);
        } catch (const Error &error) {
            throw Error(error.code(),
                        error.code() == ErrorCode::FileWrite ? error.what() : named(error.what(), job.map.string()));
        }
        m_tally.written += job.targets.size();
        list(job, m_tally.outputs);
    }

    void skip(const Job &job)
    {
        m_tally.there += job.targets.size();
        list(job, m_tally.skipped);
    }

    const Tally &tally() const { return m_tally; }

private:
    static void list(const Job &job, nlohmann::json &files)
    {
        for (const fs::path &path : pathsOf(job.targets))
            files.push_back(path.string());
    }

    // None when the map is to blame, which has been told then.
    std::optional<core::RenderRequest> judged(const Job &job)
    {
        const ConditionOptions condition = conditionFor(m_renderer.info(), m_options.mapKind, job.map);
        try {
            std::string note;
            core::RenderRequest request = requestFor(m_renderer, condition, m_options.paint, std::nullopt, note);
            if (!note.empty())
                m_progress.note(note);
            checkNamed(m_renderer, request, filesOf(condition, m_options.paint));
            return request;
        } catch (const core::RequestError &error) {
            if (!isOfMap(error.part()))
                throw;
            tellFailed(job.map, error);
        } catch (const Error &error) {
            if (!isInputFault(error.code()))
                throw;
            tellFailed(job.map, error);
        }
        return {};
    }

    // A canvas whose size was chosen suits no map.
    bool isOfMap(core::RequestPart part) const
    {
        return part == core::RequestPart::Condition
               || (part == core::RequestPart::Canvas && m_options.paint.size.empty());
    }

    static bool isInputFault(ErrorCode code)
    {
        return code == ErrorCode::FileRead || code == ErrorCode::FileFormat || code == ErrorCode::InvalidArgument;
    }

    void tellFailed(const fs::path &map, const Error &error)
    {
        const std::string sentence = app::withFullStop(named(error.what(), map.string()));
        m_progress.failed(map, sentence);
        m_tally.failed.push_back({{"map", map.string()}, {"error", sentence}});
    }

    void render(core::RenderRequest request, const Job &job)
    {
        m_progress.begin(job.map.filename().string());
        std::vector<core::RenderResult> results;
        if (job.targets.size() > 1)
            results = renderVariations(m_renderer, request, int(job.targets.size()), m_progress);
        else
            results.push_back(renderOnce(m_renderer, request, m_progress));
        for (size_t i = 0; i < job.targets.size(); ++i) {
            if (job.targets.size() > 1)
                request.variation = uint32_t(i);
            m_tally.codes += results[i].drawn;
            std::string record = m_renderer.record(request, results[i]);
            writeOutputs({{job.targets[i], std::move(results[i]), std::move(record), nullptr, {}}}, m_progress);
        }
    }

    const BatchOptions &m_options;
    Progress &m_progress;
    core::Renderer m_renderer;
    Tally m_tally;
};

void report(const BatchOptions &options, const Tally &tally)
{
    if (options.report.json)
        printJson(
            {{"codes", tally.codes}, {"outputs", tally.outputs}, {"skipped", tally.skipped}, {"failed", tally.failed}});
    else
        std::printf("%zu pictures written, %zu were there already\n", tally.written, tally.there);
    if (!tally.failed.empty())
        throw Error(ErrorCode::FileFormat, "Not all maps of " + options.folder + " were painted: failed "
                                               + std::to_string(tally.failed.size()) + ", pictures written "
                                               + std::to_string(tally.written) + ", there already "
                                               + std::to_string(tally.there) + ".");
}

void run(const BatchOptions &options)
{
    expectControlsOnce(options.paint.controls);
    const std::vector<Job> jobs = jobsFor(options);
    std::list<MadeFolder> folders;
    for (const std::string &folder : {options.output, options.codes, options.scores})
        if (!folder.empty())
            folders.emplace_back(folder);
    for (const Job &job : jobs)
        if (!job.done)
            checkOutputs(job.targets);
    Progress progress(options.report.progress);
    Batch batch(options, progress);
    for (const Job &job : jobs) {
        if (job.done)
            batch.skip(job);
        else
            batch.paint(job);
    }
    for (MadeFolder &folder : folders)
        folder.keep(); // other shards may still be at their first map
    report(options, batch.tally());
}

} // namespace

void addBatchCommand(CLI::App &app)
{
    const auto options = std::make_shared<BatchOptions>();
    CLI::App *command = app.add_subcommand("batch", "Paint every map of a folder");
    command->add_option("folder", options->folder, "Folder of maps")->required();
    command->add_option("-o,--output", options->output, "Folder for the pictures, NAME.png each; made when missing")
        ->required();
    command->add_option("--codes", options->codes, "Folder for the codes, NAME.npy each, int64 [h, w]");
    command->add_option("--scores", options->scores,
                        "Folder for log-probability and entropy in nats, NAME.npy each, float32 [2, h, w]");
    addMapKindOption(*command, options->mapKind, "What the maps show, where the model takes several kinds");
    addModelOptions(*command, options->model);
    addPaintOptions(*command, options->paint);
    command->add_option("--shard", options->shard, "I/N: only the I-th of N shares of the maps, I from 1 to N")
        ->check([](const std::string &text) {
            return parsedShard(text) ? std::string() : "'" + text + "' was found, expected I/N with I from 1 to N";
        })
        ->capture_default_str();
    command->add_flag("--resume", options->resume, "Leave out maps whose files are there");
    addJsonOption(*command, options->report);
    addProgressOption(*command, options->report);
    command->callback([options] { run(*options); });
}

} // namespace tessera::cli
