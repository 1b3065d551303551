#include "app/train/landscapes.h"

#include <algorithm>
#include <cstdio>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/train/landscapeprocessor.h"
#include "core/landscape/batchpainter.h"
#include "core/landscape/device.h"
#include "core/landscape/landscape.h"
#include "models/device.h"
#include "models/error.h"
#include "models/training/png.h"
#include "models/training/runfolder.h"
#include "models/training/shard.h"

namespace tessera::train
{

namespace
{

namespace fs = std::filesystem;

// Consecutive pictures that are made in one go.
struct Run {
    int first = 0;
    int count = 0;
};

std::string factsJson(const core::SceneFacts &facts)
{
    const nlohmann::json json = {
        {"seed", facts.seed},      {"lighting", facts.lighting}, {"biome", facts.biome},
        {"light", facts.light},    {"weather", facts.weather},   {"sunElevation", facts.sunElevationDegrees},
        {"fov", facts.fovDegrees}, {"river", facts.river},       {"road", facts.road}};
    return json.dump();
}

std::string numbered(const char *format, uint32_t seed)
{
    char name[64];
    std::snprintf(name, sizeof name, format, unsigned(seed));
    return name;
}

class Maker
{
public:
    Maker(const LandscapesOptions &options, std::stop_token stop)
        : m_options(options)
        , m_device(models::deviceNamed(options.device))
        , m_stop(std::move(stop))
        , m_bar(options.progress, "pictures")
        , m_shard(std::max(options.shard - options.shard % options.lightings, options.lightings))
        , m_suffix(options.lightings > 1 ? "-x" + std::to_string(options.lightings) : "")
    {}

    void make()
    {
        core::checkRequest(m_options.width, m_options.height, m_options.lightings);
        expectSeeds();
        const models::SharedFolder folder(m_options.output);
        for (const Run &run : missingRuns()) {
            makeRun(run);
        }
    }

private:
    // Beyond the last one they would begin again at 0, among those that models learn from.
    void expectSeeds() const
    {
        constexpr uint64_t kLast = std::numeric_limits<uint32_t>::max();
        const uint64_t last = uint64_t(m_options.seed) + uint64_t((m_options.count - 1) / m_options.lightings);
        if (last > kLast)
            throw Error(ErrorCode::InvalidArgument,
                        std::to_string(m_options.count) + " pictures from seed " + std::to_string(m_options.seed)
                            + " on reach seed " + std::to_string(last) + "; the last one is " + std::to_string(kLast));
    }

    uint32_t seedOf(int index) const { return m_options.seed + uint32_t(index / m_options.lightings); }
    int shardSize(int first) const { return std::min(m_shard, m_options.count - first); }
    fs::path shardPath(int first) const
    {
        return m_options.output / (numbered("landscapes-%010u", seedOf(first)) + m_suffix + ".tlds");
    }
    fs::path pngPath(uint32_t seed, int lighting) const
    {
        const std::string which = m_options.lightings > 1 ? "-" + std::to_string(lighting) : "";
        return m_options.output / (numbered("landscape-%010u", seed) + which + ".png");
    }

    std::vector<Run> missingRuns()
    {
        std::vector<Run> runs;
        if (m_options.png) {
            runs.push_back({0, m_options.count});
        }
        for (int first = 0; !m_options.png && first < m_options.count; first += shardSize(first)) {
            if (isThere(first)) {
                m_done += shardSize(first);
            } else if (!runs.empty() && runs.back().first + runs.back().count == first) {
                runs.back().count += shardSize(first);
            } else {
                runs.push_back({first, shardSize(first)});
            }
        }
        showProgress();
        return runs;
    }

    bool isThere(int first) const
    {
        const fs::path path = shardPath(first);
        if (!fs::exists(path)) {
            return false;
        }
        const models::ShardReader reader(path);
        if (reader.width() != m_options.width || reader.height() != m_options.height
            || int(reader.size()) != shardSize(first)) {
            throw Error(ErrorCode::InvalidArgument, "'" + path.string() + "' is already there with "
                                                        + describe(int(reader.size()), reader.width(), reader.height())
                                                        + ", but "
                                                        + describe(shardSize(first), m_options.width, m_options.height)
                                                        + " were asked for; choose another folder or seed");
        }
        return true;
    }

    static std::string describe(int count, int width, int height)
    {
        return std::to_string(count) + " pictures of " + std::to_string(width) + "x" + std::to_string(height);
    }

    void makeRun(const Run &run)
    {
        if (run.count == 0 || m_stop.stop_requested()) {
            return;
        }
        int index = run.first;
        generate(run, [&](uint32_t seed, core::Landscape &&picture) {
            keep(index++, seed, std::move(picture));
            ++m_done;
            showProgress();
        });
        m_writer.reset(); // a shard that a stop left incomplete vanishes
    }

    void generate(const Run &run, const std::function<void(uint32_t, core::Landscape &&)> &take)
    {
        const int threads =
            std::max(1, m_options.threads > 0 ? m_options.threads : int(std::thread::hardware_concurrency()));
        const int width = m_options.width, height = m_options.height;
        if (m_device.is_cpu()) {
            core::generateLandscapes(seedOf(run.first), run.count, width, height, threads, m_stop, take,
                                     m_options.lightings);
            return;
        }
        core::generateLandscapesOnGpu(m_device.index(), seedOf(run.first), run.count, width, height, threads, m_stop,
                                      take, m_options.lightings, [this](const std::string &sentence) {
                                          m_bar.finish();
                                          std::fprintf(stderr, "tessera-train: %s\n", sentence.c_str());
                                      });
    }

    void keep(int index, uint32_t seed, core::Landscape &&picture)
    {
        if (m_options.png) {
            models::writePng(pngPath(seed, picture.facts.lighting), picture.width, picture.height, picture.rgb.data());
            return;
        }
        if (index % m_shard == 0) {
            m_writer.emplace(shardPath(index), m_options.width, m_options.height);
        }
        m_writer->add({picture.width, picture.height, std::move(picture.rgb), std::move(picture.object),
                       std::move(picture.material), std::move(picture.depth), factsJson(picture.facts)});
        if (m_writer->count() == shardSize(index - index % m_shard)) {
            m_writer->close();
            m_writer.reset();
        }
    }

    void showProgress()
    {
        ProgressState state;
        state.done = m_done;
        state.total = m_options.count;
        state.fraction = double(m_done) / m_options.count;
        m_bar.show(state);
    }

    const LandscapesOptions &m_options;
    const c10::Device m_device;
    std::stop_token m_stop;
    ProgressBar m_bar;
    const int m_shard;          // whole lands
    const std::string m_suffix; // of files with several lightings
    std::optional<models::ShardWriter> m_writer;
    int m_done = 0;
};

} // namespace

void makeLandscapes(const LandscapesOptions &options, std::stop_token stop)
{
    expectLandscapeProcessor();
    Maker(options, std::move(stop)).make();
}

} // namespace tessera::train
