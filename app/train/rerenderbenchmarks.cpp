#ifdef TESSERA_HAVE_BENCHMARK

#include "app/train/rerenderbenchmarks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include "app/train/benchmarkcase.h"
#include "app/train/codegrid.h"
#include "core/landscape/landscape.h"
#include "core/sampling/cpu/cpuengine.h"
#include "core/sampling/knowncodes.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/prefixstore.h"
#include "core/sampling/sampler.h"
#include "models/training/mapaugment.h"
#include "models/training/onehot.h"

namespace tessera::train
{

namespace
{

using Clock = std::chrono::steady_clock;
using Labels = std::vector<uint8_t>;

constexpr int kLandscapes = 4;
constexpr uint64_t kPrefixBytes = uint64_t(1) << 30;
constexpr uint32_t kFirstLandscape = 900;
constexpr std::array<uint8_t, kLandscapes> kPaints{20, 14, 9, 6}; // water, tree, snow, rock

// A map before and after a stroke, as condition codes.
struct Edit {
    core::CodeGrid before, after;
};

core::CodeGrid encoded(const models::Autoencoder &stage, const Labels &labels, int side)
{
    const at::Tensor map = at::empty({1, side, side}, at::kByte);
    std::ranges::copy(labels, map.mutable_data_ptr<uint8_t>());
    const at::Tensor planes = models::oneHot(map.to(at::kLong), stage.config.inChannels);
    return codeGridOf(stage.encode(planes.contiguous(at::MemoryFormat::ChannelsLast)));
}

// A square of so many cells in another place of each map; 256 cells are all of a map of 16 x 16.
void paint(Labels &labels, int side, int factor, int cells, int index)
{
    int length = 1;
    while ((length + 1) * (length + 1) <= cells)
        ++length;
    const int edge = std::min(side, length * factor), room = side - edge;
    const int left = room * (index % 2) / 2 + room / 4, top = room * (index / 2) / 2 + room / 4;
    for (int y = top; y < top + edge; ++y)
        std::fill_n(labels.begin() + y * side + left, edge, kPaints[size_t(index)]);
}

std::vector<Edit> edits(const models::ModelBundle &bundle, int cells)
{
    const models::Autoencoder &stage = *bundle.conditionStage();
    const int factor = int(stage.config.factor()), side = int(bundle.config().window) * factor;
    std::vector<Edit> all;
    for (int i = 0; i < kLandscapes; ++i) {
        const core::Landscape made = core::renderLandscape(kFirstLandscape + uint32_t(i), side, side);
        Labels labels =
            models::trainingLabels({side, side, made.object.data(), made.material.data(), made.depth.data()});
        Edit edit{encoded(stage, labels, side), {}};
        paint(labels, side, factor, cells, i);
        edit.after = encoded(stage, labels, side);
        all.push_back(std::move(edit));
    }
    return all;
}

// One model's engine and what is kept between its pictures.
class Redrawing
{
public:
    Redrawing(const models::ModelBundle &bundle, core::CpuPrecision precision, int threads)
        : m_config(bundle.config())
        , m_engine(core::makeCpuEngine(*bundle.transformer(), {precision, threads, {}}))
        , m_prefixes(*m_engine, m_config.transformer->unmasked, kPrefixBytes)
    {
        for (const models::ControlConfig &control : m_config.controls)
            m_request.controlTokens.push_back(control.first);
        m_request.params.temperature = m_config.sampling.temperature;
        m_request.params.topK = m_config.sampling.topK;
        m_request.params.topP = m_config.sampling.topP;
        m_request.params.guidance = m_config.sampling.guidance;
    }

    void forget()
    {
        m_prefixes.clear();
        m_known = {};
    }

    core::SampleResult draw(const core::CodeGrid &condition)
    {
        m_request.canvas = condition.size;
        m_request.condition = condition;
        m_request.draft = {};
        if (m_known.size == condition.size) {
            m_request.draft = core::CodeGrid(condition.size);
            std::ranges::transform(m_known.values, m_request.draft.values.begin(), &core::KnownCode::code);
        }
        const core::WindowPlan plan = core::planFor(m_config, condition.size, {}, true);
        return core::sampleCodes(m_config, *m_engine, m_request, plan, {}, {}, {&m_prefixes, &m_known});
    }

private:
    const models::ModelConfig m_config;
    const std::unique_ptr<core::TransformerEngine> m_engine;
    core::PrefixStore m_prefixes;
    core::SampleRequest m_request;
    core::KnownCodes m_known;
};

void rerender(benchmark::State &state, Redrawing &redrawing, const std::vector<Edit> &all)
{
    double coldMs = 0, coldPasses = 0, passes = 0;
    size_t next = 0;
    for (auto _ : state) {
        state.PauseTiming();
        const Edit &edit = all[next++ % all.size()];
        redrawing.forget();
        const Clock::time_point start = Clock::now();
        coldPasses += double(redrawing.draw(edit.after).passes);
        coldMs += std::chrono::duration<double, std::milli>(Clock::now() - start).count();
        redrawing.forget();
        redrawing.draw(edit.before);
        state.ResumeTiming();
        passes += double(redrawing.draw(edit.after).passes);
    }
    const auto mean = [](double sum) { return benchmark::Counter(sum, benchmark::Counter::kAvgIterations); };
    state.counters["cold ms"] = mean(coldMs);
    state.counters["cold passes"] = mean(coldPasses);
    state.counters["passes"] = mean(passes);
}

} // namespace

void addRerenderBenchmarks(const std::string &name, std::function<const models::ModelBundle &()> bundle, int threads,
                           std::stop_token stop)
{
    for (const int cells : {16, 64, 256}) {
        const auto all = std::make_shared<Lazy<std::vector<Edit>>>([=] { return edits(bundle(), cells); });
        for (const auto &[engine, precision] :
             {std::pair{"fp32", core::CpuPrecision::Float32}, {"int8", core::CpuPrecision::Int8}}) {
            addBenchmark("rerender/" + name + "/" + engine + "/" + std::to_string(cells), stop,
                         [=, precision = precision](benchmark::State &state) {
                             const c10::InferenceMode inference;
                             Redrawing redrawing(bundle(), precision, threads > 0 ? threads : at::get_num_threads());
                             rerender(state, redrawing, all->get());
                         });
        }
    }
}

} // namespace tessera::train

#endif
