// Walks a window plan: keeps the cache of every open window, feeds prefix and codes, returns the logits of
// each step. What sampling and scoring share.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::core
{

// planWindows with the window of a model and the order in which it writes codes. Throws Error (InvalidArgument).
WindowPlan planFor(const models::ModelConfig &config, GridSize canvas, WindowPolicy policy, bool wavefront = false,
                   const Grid<uint8_t> &locked = {});

// What stands before the picture codes. References stay the caller's.
struct Conditioning {
    const std::vector<int64_t> &controlTokens; // vocabulary ids
    const CodeGrid &condition;                 // of the canvas, or one cell for Class and None models
    double guidance = 1.0;
};

// Call logits() for the plan's steps in order. All arguments of the constructor must outlive the walk and be
// valid.
class PlanWalk
{
public:
    PlanWalk(const models::ModelConfig &config, TransformerEngine &engine, const WindowPlan &plan,
             const Conditioning &conditioning);

    // Guided logits of the step's codes: float [codes of the step, picture codes], valid until the next call.
    // REQUIRES: `codes` holds every code before them in their windows. Throws Error (NonFinite) naming the
    // place.
    std::span<const float> logits(const PlanStep &step, const CodeGrid &codes);
    // The row of logits() that belongs to the step's code `index`.
    std::span<const float> row(size_t index) const;

private:
    enum Stream { Conditional, Unconditional };

    bool guided() const { return m_conditioning.guidance != 1.0; }
    void openWindow(const PlannedCode &code);
    void feed(const PlanStep &step, const CodeGrid &codes, Stream stream);
    std::vector<int64_t> newTokens(const PlannedCode &code, const CodeGrid &codes, Stream stream) const;
    void appendPrefix(Cell origin, Stream stream, std::vector<int64_t> &tokens) const;
    void applyGuidance(size_t values);
    void checkFinite(const PlanStep &step) const;
    void closeWindows(const PlanStep &step);

    struct Window {
        std::unique_ptr<WindowCache> caches[2]; // by Stream
    };

    const models::ModelConfig &m_config;
    TransformerEngine &m_engine;
    const WindowPlan &m_plan;
    Conditioning m_conditioning;
    std::vector<Window> m_windows; // by PlannedCode::window
    std::vector<std::vector<int64_t>> m_tokens;
    std::vector<EngineInput> m_inputs;
    std::vector<float> m_logits; // conditional rows, then unconditional rows
};

} // namespace tessera::core
