#include "app/train/starter.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <thread>

#include <c10/core/Device.h>

#include "app/common/jsontext.h"
#include "app/train/landscapeprocessor.h"
#include "app/train/landscapestock.h"
#include "app/train/starterplan.h"
#include "app/train/threads.h"
#include "app/train/training.h"
#include "app/train/writabletarget.h"
#include "models/device.h"
#include "models/error.h"
#include "models/resources.h"
#include "models/training/evaluate.h"
#include "models/wholefile.h"

namespace tessera::train
{

namespace
{

namespace fs = std::filesystem;

constexpr uint32_t kFirstValidationSeed = 1'000'000'000; // training seeds lie below
constexpr uint32_t kFirstCanvasSeed = 500'000'000;
constexpr std::array kParts{"condition", "depth", "edges", "first-stage", "transformer"};
constexpr auto kPause = std::chrono::milliseconds(100);

fs::path planFile(const fs::path &named, c10::Device device)
{
    return named.empty()
               ? models::resourceFolder() / "recipes" / (device.is_cpu() ? "starter.yaml" : "starter-gpu.yaml")
               : named;
}

// None where the system does not tell. The folder need not be there yet.
std::optional<uint64_t> freeBytes(fs::path folder)
{
    std::error_code failure;
    folder = fs::absolute(folder, failure);
    while (!fs::exists(folder, failure) && folder.has_relative_path())
        folder = folder.parent_path();
    const fs::space_info space = fs::space(folder, failure);
    return failure ? std::nullopt : std::optional<uint64_t>(space.available);
}

std::string gigabytes(uint64_t bytes)
{
    char text[32];
    std::snprintf(text, sizeof text, "%.1f GB", double(bytes) / 1e9);
    return text;
}

class StarterRun
{
public:
    StarterRun(const StarterOptions &options, std::stop_token stop)
        : m_options(options)
        , m_stop(std::move(stop))
        , m_device(models::deviceNamed(options.device))
        , m_plan(readStarterPlan(planFile(options.plan, m_device)))
    {}

    void run()
    {
        checkBeforehand();
        makeLandscapes(validationOptions(), m_stop);
        if (makesCanvases())
            m_canvases.emplace(canvasOptions());
        if (makesPictures()) {
            const bool goesOn = hasBegun();
            m_stock.emplace(stockOptions());
            if (!goesOn)
                waitFor(*m_stock);
            if (!m_plan.data.background || m_stock->done())
                m_stock->finish();
        }
        train("condition", models::trainCondition, m_plan.condition);
        for (const auto &[kind, stage] : m_plan.fields)
            train(kind, models::trainCondition, stage);
        train("first-stage", models::trainVqgan, m_plan.firstStage);
        if (m_canvases)
            waitForFirst(*m_canvases);
        for (auto *making : {&m_stock, &m_canvases})
            if (*making)
                (*making)->finish(); // nobody would see later ones
        train("transformer", models::trainTransformer, m_plan.transformer, stages());
        if (!m_stop.stop_requested())
            writeFigures();
    }

private:
    fs::path checkpoint(const std::string &part) const { return m_options.output / part / "checkpoint.safetensors"; }
    // Whether an earlier run has left something of a part to go on with.
    bool hasBegun(const std::string &part) const
    {
        std::error_code ignored;
        return fs::exists(checkpoint(part), ignored);
    }
    bool hasBegun() const { return hasBegun(kParts.begin()); }
    bool hasBegun(const char *const *from) const
    {
        return std::any_of(from, kParts.end(), [&](const char *part) { return hasBegun(std::string(part)); });
    }
    // Each part learns from what the ones before it found, which must stay as it is then.
    bool isSettled(const std::string &part) const { return hasBegun(std::next(std::ranges::find(kParts, part))); }
    // With pictures made in the background each part learns from those that are there, and the transformer from all:
    // they are made until it begins. Else they are there before the first part.
    bool makesPictures() const { return !hasBegun() || (m_plan.data.background && !hasBegun("transformer")); }
    // The transformer is the one that sees them.
    bool makesCanvases() const { return m_plan.data.canvases > 0 && !hasBegun("transformer"); }

    // What would else be found out after hours.
    void checkBeforehand() const
    {
        expectLandscapeProcessor();
        if (!m_options.resume && hasBegun())
            throw Error(ErrorCode::InvalidArgument, m_options.output.string()
                                                        + " holds an earlier run: resume it, or name another "
                                                          "output folder.");
        checkRecipes(m_plan);
        expectName(m_options.output);
        expectOwnShards(validationOptions());
        if (makesPictures())
            expectOwnShards(stockOptions());
        if (m_plan.data.canvases > 0)
            expectOwnShards(canvasOptions());
        expectRoom();
        makeWritableFolder(m_options.output);
    }

    // The transformer's recipe names the other parts' files, and a recipe is UTF-8.
    static void expectName(const fs::path &folder)
    {
        try {
            nlohmann::json(folder.string()).dump();
        } catch (const nlohmann::json::exception &) {
            throw Error(ErrorCode::InvalidArgument,
                        "The output folder's name, '" + folder.string() + "', is no UTF-8; choose another.");
        }
    }

    // All pictures together are what a run needs most of the disk for.
    void expectRoom() const
    {
        uint64_t needed = bytesToMake(validationOptions());
        if (makesPictures())
            needed += bytesToMake(stockOptions());
        if (makesCanvases())
            needed += bytesToMake(canvasOptions());
        const auto free = freeBytes(m_options.data);
        if (free && needed > *free)
            throw Error(ErrorCode::FileWrite,
                        "The plan's pictures take " + gigabytes(needed) + " more in '" + m_options.data.string()
                            + "', where " + gigabytes(*free)
                            + " are free: make room, name another data folder, or lower 'most' and 'canvases' of the "
                              "plan's data.");
    }

    fs::path model(const std::string &part) const { return m_options.output / part / "model.safetensors"; }

    LandscapesOptions picturesIn(const char *folder) const
    {
        LandscapesOptions options;
        options.width = m_plan.data.width;
        options.height = m_plan.data.height;
        options.shard = m_plan.data.shard;
        options.output = m_options.data / folder;
        options.threads = m_options.threads;
        options.device = m_options.landscapeDevice;
        options.progress = m_options.progress;
        return options;
    }

    LandscapesOptions validationOptions() const
    {
        LandscapesOptions options = picturesIn("val");
        options.count = m_plan.data.validation;
        options.seed = kFirstValidationSeed;
        return options;
    }

    nlohmann::json stages() const
    {
        nlohmann::json files = {{"first_stage", model("first-stage").string()},
                                {"condition_stage", model("condition").string()}};
        for (const auto &[kind, stage] : m_plan.fields)
            files[kind + "_stage"] = model(kind).string();
        return files;
    }

    LandscapesOptions canvasOptions() const
    {
        LandscapesOptions options = picturesIn(kPlanCanvasFolder);
        options.width = options.height = m_plan.data.canvasSide;
        options.count = m_plan.data.canvases;
        options.seed = kFirstCanvasSeed;
        options.progress = ProgressStyle::None;
        options.shard = std::max(1, options.shard / 4); // as large as the other files
        if (options.threads == 0)
            options.threads = std::max(1, int(std::thread::hardware_concurrency()) / 4);
        return options;
    }

    LandscapesOptions stockOptions() const
    {
        LandscapesOptions options = picturesIn("train");
        options.count = m_plan.data.most;
        options.progress = ProgressStyle::None;
        if (m_plan.data.background && options.threads == 0) // networks want processors too
            options.threads = std::max(1, int(std::thread::hardware_concurrency()) * 3 / 4);
        return options;
    }

    // Until the data's share of the time is used up, and there are enough pictures to begin with.
    void waitFor(const LandscapeStock &stock) const
    {
        ProgressBar bar(m_options.progress, "pictures");
        const auto start = std::chrono::steady_clock::now();
        const double seconds = 60 * m_options.minutes * m_plan.data.share;
        while (!stock.done() && !m_stop.stop_requested()) {
            const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start;
            const int made = stock.made();
            bar.show({"pictures", made, m_plan.data.most, std::min(1.0, passed.count() / std::max(seconds, 1e-3)), {}});
            if (passed.count() >= seconds && made >= m_plan.data.least)
                return;
            std::this_thread::sleep_for(kPause);
        }
    }

    void waitForFirst(const LandscapeStock &stock) const
    {
        while (!stock.done() && stock.made() == 0 && !m_stop.stop_requested())
            std::this_thread::sleep_for(kPause);
    }

    void train(const std::string &part, Trainer trainer, const StarterPlan::Stage &stage,
               const nlohmann::json &files = nlohmann::json::object())
    {
        for (const auto *making : {&m_stock, &m_canvases})
            if (*making)
                (*making)->expectSound(); // rather now than when the pictures are asked for
        if (m_stop.stop_requested() || isSettled(part))
            return;
        models::TrainOptions request;
        request.recipe = stage.recipe;
        request.recipe.update(files);
        request.data = m_options.data;
        request.output = m_options.output / part;
        request.resume = m_options.resume && hasBegun(part);
        request.minutes = m_options.minutes * stage.share;
        request.device = m_device;
        request.stop = m_stop;
        trainWithProgress(request, trainer, m_options.progress);
    }

    void writeFigures() const
    {
        const std::string figures =
            app::jsonText(models::evaluateModel(model("transformer"), m_options.data / "val", m_device, m_stop)) + "\n";
        if (m_stop.stop_requested())
            return;
        models::WholeFile file(m_options.output / "figures.json");
        file.write(figures.data(), figures.size());
        file.commit();
        std::printf("%s", figures.c_str());
    }

    const StarterOptions &m_options;
    std::stop_token m_stop;
    c10::Device m_device;
    StarterPlan m_plan;
    std::optional<LandscapeStock> m_stock, m_canvases; // while they are made
};

} // namespace

void trainStarter(const StarterOptions &options, std::stop_token stop)
{
    setThreads(options.threads);
    StarterRun(options, stop).run();
    if (stop.stop_requested())
        std::fprintf(stderr, "tessera-train: stopped; --resume goes on from what is in '%s'\n", options.output.c_str());
}

} // namespace tessera::train
