#include "core/sampling/windowprefix.h"

#include "core/sampling/sampler.h"
#include "core/sampling/score.h"

namespace tessera::core
{

namespace
{

// Codes of a map of this kind, the model's first where absent, as vocabulary ids.
CodeGrid conditionTokens(const models::ModelConfig &config, std::optional<models::ConditionKind> kind,
                         const CodeGrid &codes)
{
    const int64_t first = config.conditionOf(kind.value_or(config.condition.kind))->tokens.first;
    CodeGrid tokens = codes;
    for (int64_t &token : tokens.values) {
        token += first;
    }
    return tokens;
}

} // namespace

WindowPrefix::WindowPrefix(const models::ModelConfig &config, const SampleRequest &request)
    : m_config(config)
    , m_canvas(request.canvas)
    , m_controls(request.controlTokens)
    , m_condition(conditionTokens(config, request.kind, request.condition))
{
    if (!config.seesKept || request.locked.values.empty()) {
        return;
    }
    for (size_t i = 0; i < m_condition.values.size(); ++i) {
        if (request.locked.values[i]) {
            m_condition.values[i] = config.imageTokens.first + request.initial.values[i];
        }
    }
}

WindowPrefix::WindowPrefix(const models::ModelConfig &config, const ScoreRequest &request)
    : m_config(config)
    , m_canvas(request.codes.size)
    , m_controls(request.controlTokens)
    , m_condition(conditionTokens(config, request.kind, request.condition))
{}

std::vector<int64_t> WindowPrefix::tokens(Cell origin, bool dropped) const
{
    std::vector<int64_t> tokens = m_controls;
    place(tokens, origin);
    for (size_t i = 0; dropped && i < tokens.size(); ++i) {
        if (m_config.controls[i].guided) {
            tokens[i] = m_config.controls[i].first;
        }
    }
    const auto add = [&](Cell cell) { tokens.push_back(dropped ? *m_config.nullToken : m_condition.at(cell)); };
    if (!(m_condition.size == m_canvas)) { // one token for the whole picture
        add({0, 0});
        return tokens;
    }
    for (int row = 0; row < m_config.window; ++row) {
        for (int column = 0; column < m_config.window; ++column) {
            add({origin.row + row, origin.column + column});
        }
    }
    return tokens;
}

// Controls that follow from where the window lies.
void WindowPrefix::place(std::vector<int64_t> &controls, Cell origin) const
{
    const double window = double(m_config.window), rows = m_canvas.rows;
    for (size_t i = 0; i < controls.size(); ++i) {
        const models::ControlConfig &control = m_config.controls[i];
        if (control.source != models::ControlSource::Artist) {
            controls[i] = control.first + placedValue(control, (origin.row + window / 2) / rows, rows / window);
        }
    }
}

} // namespace tessera::core
