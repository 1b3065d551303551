#include "core/sampling/sampler.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <ATen/Parallel.h>

#include "core/sampling/knowncodes.h"
#include "core/sampling/noise.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/validation.h"
#include "core/sampling/windowprefix.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

// Chooses codes from logits, for several threads at once.
class Chooser
{
public:
    Chooser(const SamplingParams &params, int64_t pictureCodes) : m_params(params), m_codes(pictureCodes) {}

    int64_t codes() const { return m_codes; }

    int64_t choose(Cell cell, std::span<const float> logits) const
    {
        if (m_params.greedy) { // filters never remove the most probable code
            return chooseCode(logits);
        }
        std::vector<float> scores(logits.size()), noise(logits.size());
        filteredLogProbabilities(logits, m_params, scores);
        gumbelNoise(m_params.seed, m_params.variation, cell, scores, noise.data());
        return chooseCode(scores, noise);
    }

private:
    const SamplingParams &m_params;
    const int64_t m_codes;
};

CodeGrid startingCodes(const SampleRequest &request)
{
    CodeGrid codes(request.canvas, kNoCode);
    for (size_t i = 0; i < request.locked.values.size(); ++i) {
        if (request.locked.values[i]) {
            codes.values[i] = request.initial.values[i];
        }
    }
    return codes;
}

// One request on its way to its result.
class Sampling
{
public:
    Sampling(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
             const WindowPlan &plan, const DrawnFn &drawn, SampleAids aids)
        : m_engine(engine)
        , m_params(request.params)
        , m_plan(plan)
        , m_drawn(drawn)
        , m_known(aids.known)
        , m_total(plan.codes())
        , m_chooser(request.params, config.imageTokens.count)
        , m_prefix(config, request)
        , m_digests(request.params, m_prefix, plan)
        , m_walk(config, engine, plan, {m_prefix, request.params.guidance}, walkAids(request, aids))
    {
        m_result.codes = startingCodes(request);
        m_result.logProbability = m_result.entropy = Grid<float>(request.canvas);
        if (m_known && !(m_known->size == request.canvas)) {
            *m_known = KnownCodes(request.canvas);
        }
    }

    SampleResult run(const std::stop_token &stop)
    {
        const int64_t tokens = m_engine.tokenForwards(), passes = m_engine.passes();
        const StopFn stopped = [&stop] { return stop.stop_requested(); };
        m_result.finished = true;
        std::span<const PlanStep> steps = m_plan.steps;
        while (!steps.empty() && m_result.finished) {
            const size_t count = stretchOf(steps);
            m_result.finished =
                !stopped() && (count > 1 ? drawStretch(steps.first(count), stopped) : drawStep(steps.front(), stopped));
            steps = steps.subspan(count);
        }
        m_result.tokenForwards = m_engine.tokenForwards() - tokens;
        m_result.passes = m_engine.passes() - passes;
        m_result.accepted = m_walk.accepted();
        return std::move(m_result);
    }

private:
    WalkAids walkAids(const SampleRequest &request, const SampleAids &aids)
    {
        if (m_engine.keepsBitsInChunks()) {
            m_draft.emplace(request.draft.values.empty() ? CodeGrid(request.canvas, kNoCode) : request.draft);
        }
        return {aids.prefixes, m_draft ? &*m_draft : nullptr,
                [this](Cell cell, std::span<const float> logits) { return m_chooser.choose(cell, logits); }};
    }

    // So many of the next steps the engine can draw by itself: one code each, place after place in one window.
    // Otherwise one.
    size_t stretchOf(std::span<const PlanStep> steps) const
    {
        if (m_draft || !m_engine.drawsCodes(m_chooser.codes()) || steps.front().codes.size() != 1) {
            return 1;
        }
        size_t count = 1;
        const PlannedCode *before = &steps.front().codes.front();
        for (; count < steps.size() && steps[count].codes.size() == 1; ++count) {
            const PlannedCode &code = steps[count].codes.front();
            if (code.window != before->window || code.localPosition != before->localPosition + 1) {
                break;
            }
            before = &code;
        }
        return count;
    }

    bool drawStretch(std::span<const PlanStep> steps, const StopFn &stopped)
    {
        const auto take = [this](const PlannedCode &place, int64_t code, std::span<const float> logits) {
            Drawn drawn;
            note(code, logits, drawn.code);
            settle(place, drawn);
        };
        return m_walk.draw(steps, m_result.codes, m_params, take, stopped);
    }

    // Codes of a step do not depend on each other, so what is known of them is settled first.
    bool drawStep(const PlanStep &step, const StopFn &stopped)
    {
        m_step.clear();
        m_asked.codes.clear();
        m_askedFor.clear();
        for (const PlannedCode &place : step.codes) {
            const Drawn &drawn = m_step.emplace_back(recalled(place));
            if (drawn.known) {
                m_walk.skip(place);
            } else {
                m_asked.codes.push_back(place);
                m_askedFor.push_back(m_step.size() - 1);
            }
        }
        if (!m_asked.codes.empty() && !m_walk.logits(m_asked, m_result.codes, stopped)) {
            return false;
        }
        chooseAsked();
        for (size_t i = 0; i < step.codes.size(); ++i) {
            settle(step.codes[i], m_step[i]);
        }
        return true;
    }

    // Side by side where codes come without guesses, many at once: to wake LibTorch's threads takes as long as a few
    // codes.
    void chooseAsked()
    {
        const auto choose = [this](size_t row) {
            const std::span<const float> logits = m_walk.row(row);
            const Cell cell = m_asked.codes[row].cell;
            note(m_chooser.choose(cell, logits), logits, m_step[m_askedFor[row]].code);
        };
        const int64_t rows = int64_t(m_asked.codes.size());
        at::parallel_for(0, rows, m_draft ? std::max<int64_t>(1, rows) : 1, [&](int64_t begin, int64_t end) {
            for (int64_t row = begin; row < end; ++row) {
                choose(size_t(row));
            }
        });
    }

    struct Drawn {
        KnownCode code;
        bool known = false;
    };

    // Bits of an engine that does not keep them in chunks repeat only where the window's tokens come all at once, and
    // by themselves: a code that is recalled would be missing in its batch.
    bool repeatable(const PlannedCode &place) const
    {
        const bool alone = !m_engine.gainsFromBatches() && place.opensWindow && place.closesWindow;
        return m_known && (m_engine.keepsBitsInChunks() || alone);
    }

    // The code as it was drawn before from the very same, or else its digest alone.
    Drawn recalled(const PlannedCode &place)
    {
        Drawn drawn;
        if (repeatable(place)) {
            drawn.code.from = m_digests.of(place, m_result.codes);
            const KnownCode &before = m_known->at(place.cell);
            if (before.code != kNoCode && before.from == drawn.code.from) {
                drawn = {before, true};
                ++m_result.known;
            }
        }
        return drawn;
    }

    static void note(int64_t code, std::span<const float> logits, KnownCode &chosen)
    {
        const CodeOdds odds = oddsOf(logits, code);
        chosen.code = code;
        chosen.logProbability = odds.logProbability;
        chosen.entropy = odds.entropy;
    }

    void settle(const PlannedCode &place, const Drawn &drawn)
    {
        m_result.codes.at(place.cell) = drawn.code.code;
        m_result.logProbability.at(place.cell) = drawn.code.logProbability;
        m_result.entropy.at(place.cell) = drawn.code.entropy;
        if (m_known) { // without a digest, where it is not repeatable: a guess for whoever draws it again
            m_known->at(place.cell) = drawn.code;
        }
        if (m_draft) {
            m_draft->settle(place.cell, drawn.code.code);
        }
        ++m_done;
        if (m_drawn) {
            m_drawn({place.cell, drawn.code.code, place.origin, m_done, m_total});
        }
    }

    TransformerEngine &m_engine;
    const SamplingParams &m_params;
    const WindowPlan &m_plan;
    const DrawnFn &m_drawn;
    KnownCodes *const m_known;
    const int m_total;
    int m_done = 0;
    Chooser m_chooser;
    const WindowPrefix m_prefix;
    const CodeDigests m_digests;
    std::optional<Draft> m_draft;
    PlanWalk m_walk;
    SampleResult m_result;
    // Of one step.
    PlanStep m_asked;               // its codes that are not known
    std::vector<size_t> m_askedFor; // their places in m_step
    std::vector<Drawn> m_step;
};

} // namespace

SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
                         std::stop_token stop, const DrawnFn &drawn)
{
    const WindowPlan plan = planFor(config, request.canvas, request.params.window, false, request.locked);
    return sampleCodes(config, engine, request, plan, stop, drawn);
}

SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
                         const WindowPlan &plan, std::stop_token stop, const DrawnFn &drawn, SampleAids aids)
{
    checkSampleRequest(config, request);
    if (!(plan.canvas == request.canvas)) {
        throw Error(ErrorCode::InvalidArgument, "The window plan was made for another canvas than the request's");
    }
    return Sampling(config, engine, request, plan, drawn, aids).run(stop);
}

} // namespace tessera::core
