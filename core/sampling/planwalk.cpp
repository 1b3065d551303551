#include "core/sampling/planwalk.h"

#include <algorithm>
#include <utility>

#include <ATen/Parallel.h>

#include "core/sampling/distribution.h"
#include "core/sampling/noise.h"
#include "models/error.h"

namespace tessera::core
{

std::vector<int64_t> codeOrder(const models::ModelConfig &config)
{
    if (config.permuter == models::PermuterKind::Identity) {
        return {};
    }
    return models::permuterOrder(config.permuter, config.window, config.window);
}

WindowPlan planFor(const models::ModelConfig &config, GridSize canvas, WindowPolicy policy, bool wavefront,
                   const Grid<uint8_t> &locked)
{
    return planWindows(canvas, int(config.window), policy, wavefront, locked, codeOrder(config));
}

PlanWalk::PlanWalk(const models::ModelConfig &config, TransformerEngine &engine, const WindowPlan &plan,
                   const Conditioning &conditioning, WalkAids aids)
    : m_config(config)
    , m_engine(engine)
    , m_plan(plan)
    , m_conditioning(conditioning)
    , m_aids(std::move(aids))
    , m_pictureCodes(size_t(config.imageTokens.count))
    , m_windows(size_t(plan.windows))
    , m_feedAhead(feedAheadFor(plan, engine, size_t(streams())))
{
    if (m_aids.draft) {
        const PassCost cost{engine.tokenCost() * streams(), streams()};
        m_guesser.emplace(plan, *m_aids.draft, m_aids.redraw, cost, config.imageTokens.count);
    }
}

bool PlanWalk::logits(const PlanStep &step, const CodeGrid &codes, const StopFn &stopped)
{
    dropClosed();
    m_needed.clear();
    m_rows.assign(step.codes.size(), nullptr);
    int tokens = 0;
    for (size_t i = 0; i < step.codes.size(); ++i) {
        const PlannedCode &code = step.codes[i];
        prepare(code, codes);
        tokens += std::max(1, code.localPosition - code.firstNew);
        m_rows[i] = windowOf(code).rowAhead(code.localPosition, m_pictureCodes);
        if (m_rows[i]) {
            ++m_accepted;
        } else {
            m_needed.push_back(i);
        }
    }
    if (m_guesser) {
        m_guesser->step(tokens);
    }
    if (!m_needed.empty() && !compute(step, codes, stopped)) {
        return false;
    }
    for (size_t i = 0; i < step.codes.size(); ++i) {
        expectDistribution(row(i), step.codes[i].cell);
        if (step.codes[i].closesWindow) {
            m_closing.push_back(step.codes[i].window);
        }
    }
    return true;
}

bool PlanWalk::draw(std::span<const PlanStep> steps, const CodeGrid &codes, const SamplingParams &params,
                    const DrawnFn &drawn, const StopFn &stopped)
{
    dropClosed();
    const PlannedCode &first = steps.front().codes.front();
    prepare(first, codes);
    m_tokens.clear();
    m_inputs.clear();
    feedUpTo(first, codes);
    for (int stream = 0; stream < streams(); ++stream) {
        addInput(first, Stream(stream), 1);
    }
    nameTokens();
    DrawTask task{m_inputs, m_config.imageTokens.first, int64_t(m_pictureCodes), &params, int64_t(steps.size()), {},
                  {}};
    task.noise = [&](int64_t index, int64_t count, float *noise) {
        at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
            for (int64_t i = begin; i < end; ++i) {
                const Cell cell = steps[size_t(index + i)].codes.front().cell;
                gumbelNoise(params.seed, params.variation, cell, int64_t(m_pictureCodes),
                            noise + i * int64_t(m_pictureCodes));
            }
        });
    };
    task.drawn = [&, taken = size_t(0)](std::span<const int64_t> found, const float *logits) mutable {
        for (const int64_t code : found) {
            if (taken > 0 && stopped && stopped()) {
                return false;
            }
            takeDrawn(steps[taken++].codes.front(), code, {logits, m_pictureCodes}, drawn);
            logits += m_pictureCodes;
        }
        return true;
    };
    if (!m_engine.draw(task, stopped)) {
        return false;
    }
    keepPrefixes(windowOf(first));
    if (steps.back().codes.front().closesWindow) {
        m_closing.push_back(first.window);
    }
    return true;
}

void PlanWalk::takeDrawn(const PlannedCode &place, int64_t code, std::span<const float> logits, const DrawnFn &drawn)
{
    expectDistribution(logits, place.cell);
    windowOf(place).fed.push_back(code);
    drawn(place, code, logits);
}

void PlanWalk::prepare(const PlannedCode &code, const CodeGrid &codes)
{
    if (!windowOf(code).isOpen()) {
        open(code);
    } else {
        keepWhatAgrees(code, codes);
    }
}

void PlanWalk::skip(const PlannedCode &code)
{
    if (code.closesWindow) {
        windowOf(code) = {};
    }
}

void PlanWalk::dropClosed()
{
    for (const int window : m_closing) {
        m_windows[size_t(window)] = {};
    }
    m_closing.clear();
}

void PlanWalk::open(const PlannedCode &code)
{
    OpenWindow &window = windowOf(code);
    for (int stream = 0; stream < streams(); ++stream) {
        std::vector<int64_t> &prefix = window.prefixes[stream];
        prefix = stream == Conditional ? m_conditioning.prefix.at(code.origin)
                                       : m_conditioning.prefix.withoutCondition(code.origin);
        // The logits of the first code come from the prefix' last token, which must then go through the transformer
        // again.
        const int64_t most = int64_t(prefix.size()) - (code.localPosition == 0 ? 1 : 0);
        window.caches[stream] =
            m_aids.prefixes ? m_aids.prefixes->open(prefix, most) : std::shared_ptr<WindowCache>(m_engine.makeCache());
    }
}

// Of the codes fed, those up to the first that was drawn otherwise.
void PlanWalk::keepWhatAgrees(const PlannedCode &code, const CodeGrid &codes)
{
    OpenWindow &window = windowOf(code);
    const int end = std::min(int(window.fed.size()), code.localPosition);
    int &agreed = window.agreed;
    while (agreed < end && window.fed[size_t(agreed)] == codes.at(m_plan.cellAt(code.origin, agreed))) {
        ++agreed;
    }
    if (agreed == end) {
        return;
    }
    if (m_guesser) {
        m_guesser->revise(window, code);
    }
    window.keep(agreed);
}

bool PlanWalk::compute(const PlanStep &step, const CodeGrid &codes, const StopFn &stopped)
{
    int tokens = 0; // of codes, in a stream
    for (const size_t i : m_needed) {
        const PlannedCode &code = step.codes[i];
        OpenWindow &window = windowOf(code);
        const size_t before = window.fed.size();
        feedUpTo(code, codes);
        if (m_guesser) {
            m_guesser->feed(window, code, codes, int(m_needed.size()));
        }
        tokens += std::max(1, int(window.fed.size() - before));
    }
    openAhead(step, codes);
    if (!(m_ahead.empty() ? append(step, stopped) : appendWithAhead(step, stopped))) {
        return false;
    }
    if (m_guesser) {
        m_guesser->pass(tokens);
    }
    applyGuidance();
    takeRows(step);
    return true;
}

// The codes drawn so far that stand before this one.
void PlanWalk::feedUpTo(const PlannedCode &code, const CodeGrid &codes)
{
    std::vector<int64_t> &fed = windowOf(code).fed;
    while (int(fed.size()) < code.localPosition) {
        fed.push_back(codes.at(m_plan.cellAt(code.origin, int(fed.size()))));
    }
}

// Opens windows of later steps and lists what is known of their codes.
void PlanWalk::openAhead(const PlanStep &step, const CodeGrid &codes)
{
    m_ahead = m_feedAhead.beside(step);
    std::erase_if(m_ahead, [this](const PlannedCode *code) { return windowOf(*code).isOpen(); });
    for (const PlannedCode *code : m_ahead) {
        open(*code);
        feedKnown(*code, codes);
    }
}

// All but the last before the code: of that one its own step wants the logits.
void PlanWalk::feedKnown(const PlannedCode &code, const CodeGrid &codes)
{
    std::vector<int64_t> &fed = windowOf(code).fed;
    while (int(fed.size()) + 1 < code.localPosition) {
        const int64_t known = codes.at(m_plan.cellAt(code.origin, int(fed.size())));
        if (known == kNoCode) {
            return;
        }
        fed.push_back(known);
    }
}

void PlanWalk::closeAhead()
{
    for (const PlannedCode *code : m_ahead) {
        windowOf(*code) = {};
    }
    m_ahead.clear();
}

// Windows fed ahead are a luxury: where there is no memory for them the walk goes on without.
bool PlanWalk::appendWithAhead(const PlanStep &step, const StopFn &stopped)
{
    try {
        return append(step, stopped);
    } catch (const Error &error) {
        if (error.code() != ErrorCode::OutOfMemory) {
            throw;
        }
    }
    closeAhead();
    m_feedAhead.giveUp();
    m_engine.freeCaches();
    return append(step, stopped);
}

// What the windows of the step, and those fed ahead, lack.
bool PlanWalk::append(const PlanStep &step, const StopFn &stopped)
{
    m_tokens.clear();
    m_inputs.clear();
    int64_t rows = 0;
    for (int stream = 0; stream < streams(); ++stream) {
        for (const size_t i : m_needed) {
            const PlannedCode &code = step.codes[i];
            addInput(code, Stream(stream), int64_t(windowOf(code).fed.size()) - code.localPosition + 1);
            rows += m_inputs.back().logitRows;
        }
        for (const PlannedCode *code : m_ahead) {
            addInput(*code, Stream(stream), 1); // which nobody reads
            ++rows;
        }
    }
    nameTokens();
    m_logits.resize(size_t(rows) * m_pictureCodes);
    return m_engine.append(m_inputs, m_config.imageTokens.first, int64_t(m_pictureCodes), m_logits.data(), stopped);
}

// The tokens that the cache lacks of the prefix and the codes fed.
void PlanWalk::addInput(const PlannedCode &code, Stream stream, int64_t logitRows)
{
    const OpenWindow &window = windowOf(code);
    window.lacking(stream, m_config.imageTokens.first, m_tokens.emplace_back());
    m_inputs.push_back({window.caches[stream].get(), {}, logitRows});
}

// Once all are there: until then they may move.
void PlanWalk::nameTokens()
{
    for (size_t input = 0; input < m_inputs.size(); ++input) {
        m_inputs[input].tokens = m_tokens[input];
    }
}

// Into the first half.
void PlanWalk::applyGuidance()
{
    if (streams() == 2) {
        const std::span<float> logits(m_logits);
        guide(logits.first(logits.size() / 2), logits.last(logits.size() / 2), m_conditioning.guidance);
    }
}

void PlanWalk::takeRows(const PlanStep &step)
{
    const float *row = m_logits.data();
    for (size_t input = 0; input < m_needed.size(); ++input) {
        const PlannedCode &code = step.codes[m_needed[input]];
        OpenWindow &window = windowOf(code);
        const float *end = row + size_t(m_inputs[input].logitRows) * m_pictureCodes;
        m_rows[m_needed[input]] = row;
        window.firstAhead = code.localPosition + 1;
        window.ahead.assign(row + m_pictureCodes, end);
        row = end;
        keepPrefixes(window);
    }
}

void PlanWalk::keepPrefixes(OpenWindow &window)
{
    if (std::exchange(window.fresh, false) && m_aids.prefixes) {
        for (int stream = 0; stream < streams(); ++stream) {
            m_aids.prefixes->keep(window.prefixes[stream], window.caches[stream]);
        }
    }
}

} // namespace tessera::core
