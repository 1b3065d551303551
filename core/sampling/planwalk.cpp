#include "core/sampling/planwalk.h"

#include <string>
#include <utility>

#include "core/sampling/distribution.h"
#include "models/error.h"

namespace tessera::core
{

WindowPlan planFor(const models::ModelConfig &config, GridSize canvas, WindowPolicy policy, bool wavefront,
                   const Grid<uint8_t> &locked)
{
    std::vector<int64_t> order;
    if (config.permuter != models::PermuterKind::Identity) {
        order = models::permuterOrder(config.permuter, config.window, config.window);
    }
    return planWindows(canvas, int(config.window), policy, wavefront, locked, std::move(order));
}

PlanWalk::PlanWalk(const models::ModelConfig &config, TransformerEngine &engine, const WindowPlan &plan,
                   const Conditioning &conditioning)
    : m_config(config)
    , m_engine(engine)
    , m_plan(plan)
    , m_conditioning(conditioning)
    , m_windows(size_t(plan.windows))
{}

std::span<const float> PlanWalk::logits(const PlanStep &step, const CodeGrid &codes)
{
    m_tokens.clear();
    m_inputs.clear();
    for (const PlannedCode &code : step.codes) {
        if (code.opensWindow) {
            openWindow(code);
        }
    }
    feed(step, codes, Conditional);
    if (guided()) {
        feed(step, codes, Unconditional);
    }
    for (size_t row = 0; row < m_inputs.size(); ++row) {
        m_inputs[row].tokens = m_tokens[row];
    }
    const int64_t picture = m_config.imageTokens.count;
    m_logits.resize(m_inputs.size() * size_t(picture));
    m_engine.append(m_inputs, m_config.imageTokens.first, picture, m_logits.data());

    const size_t values = step.codes.size() * size_t(picture);
    if (guided()) {
        applyGuidance(values);
    }
    checkFinite(step);
    closeWindows(step);
    return {m_logits.data(), values};
}

std::span<const float> PlanWalk::row(size_t index) const
{
    const size_t picture = size_t(m_config.imageTokens.count);
    return {m_logits.data() + index * picture, picture};
}

void PlanWalk::openWindow(const PlannedCode &code)
{
    Window &window = m_windows[size_t(code.window)];
    window.caches[Conditional] = m_engine.makeCache();
    if (guided()) {
        window.caches[Unconditional] = m_engine.makeCache();
    }
}

void PlanWalk::feed(const PlanStep &step, const CodeGrid &codes, Stream stream)
{
    for (const PlannedCode &code : step.codes) {
        m_tokens.push_back(newTokens(code, codes, stream));
        m_inputs.push_back({m_windows[size_t(code.window)].caches[stream].get(), {}});
    }
}

std::vector<int64_t> PlanWalk::newTokens(const PlannedCode &code, const CodeGrid &codes, Stream stream) const
{
    std::vector<int64_t> tokens;
    if (code.opensWindow) {
        appendPrefix(code.origin, stream, tokens);
    }
    for (int local = code.firstNew; local < code.localPosition; ++local) {
        tokens.push_back(m_config.imageTokens.first + codes.at(m_plan.cellAt(code.origin, local)));
    }
    return tokens;
}

void PlanWalk::appendPrefix(Cell origin, Stream stream, std::vector<int64_t> &tokens) const
{
    tokens = m_conditioning.controlTokens;
    const CodeGrid &condition = m_conditioning.condition;
    const auto add = [&](Cell cell) {
        tokens.push_back(stream == Unconditional ? *m_config.nullToken
                                                 : m_config.condition.tokens.first + condition.at(cell));
    };
    if (!(condition.size == m_plan.canvas)) { // one token for the whole picture
        add({0, 0});
        return;
    }
    for (int row = 0; row < m_plan.window; ++row) {
        for (int column = 0; column < m_plan.window; ++column) {
            add({origin.row + row, origin.column + column});
        }
    }
}

// Classifier-free guidance on logits: u + g (c - u).
void PlanWalk::applyGuidance(size_t values)
{
    const float guidance = float(m_conditioning.guidance);
    for (size_t i = 0; i < values; ++i) {
        const float unconditional = m_logits[values + i];
        m_logits[i] = unconditional + guidance * (m_logits[i] - unconditional);
    }
}

void PlanWalk::checkFinite(const PlanStep &step) const
{
    for (size_t i = 0; i < step.codes.size(); ++i) {
        if (!isDistribution(row(i))) {
            const Cell cell = step.codes[i].cell;
            throw Error(ErrorCode::NonFinite, "The model's output for the code in row " + std::to_string(cell.row)
                                                  + ", column " + std::to_string(cell.column)
                                                  + " holds NaN or infinity where finite numbers were expected");
        }
    }
}

void PlanWalk::closeWindows(const PlanStep &step)
{
    for (const PlannedCode &code : step.codes) {
        if (code.closesWindow) {
            m_windows[size_t(code.window)] = {};
        }
    }
}

} // namespace tessera::core
