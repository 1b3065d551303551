// Walks a window plan: keeps the cache of every open window, feeds prefix and codes, returns the logits of
// each step.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "core/sampling/draft.h"
#include "core/sampling/engine.h"
#include "core/sampling/feedahead.h"
#include "core/sampling/grid.h"
#include "core/sampling/guesser.h"
#include "core/sampling/openwindow.h"
#include "core/sampling/prefixstore.h"
#include "core/sampling/samplingparams.h"
#include "core/sampling/windowplan.h"
#include "core/sampling/windowprefix.h"
#include "models/config.h"

namespace tessera::core
{

// The order in which a model writes a window's codes, as WindowPlan::order.
std::vector<int64_t> codeOrder(const models::ModelConfig &config);

// planWindows with the window of a model and the order in which it writes codes. Throws Error (InvalidArgument).
WindowPlan planFor(const models::ModelConfig &config, GridSize canvas, WindowPolicy policy, bool wavefront = false,
                   const Grid<uint8_t> &locked = {});

// What stands before the picture codes. The reference stays the caller's.
struct Conditioning {
    const WindowPrefix &prefix;
    double guidance = 1.0;
};

// What spares work without changing a result. Pointers stay the caller's; null: nothing of the kind.
struct WalkAids {
    PrefixStore *prefixes = nullptr; // of the same engine
    // Guesses to feed ahead, so that one pass gives the logits of many places. The caller tells it the codes that it
    // draws. REQUIRES: an engine that keepsBitsInChunks().
    Draft *draft = nullptr;
    RedrawFn redraw{}; // REQUIRED with a draft
};

// Call logits() for the plan's steps in order. All arguments of the constructor must outlive the walk and be
// valid.
class PlanWalk
{
public:
    PlanWalk(const models::ModelConfig &config, TransformerEngine &engine, const WindowPlan &plan,
             const Conditioning &conditioning, WalkAids aids = {});

    // Computes the guided logits of the step's codes, or takes those computed ahead. A step may lack codes of the plan
    // that are known otherwise; say skip() for those. False: `stopped` said so, and the walk is over. REQUIRES: `codes`
    // holds every code before them in their windows. Throws Error (NonFinite) naming the place.
    bool logits(const PlanStep &step, const CodeGrid &codes, const StopFn &stopped = {});
    // Those of the step's code `index`: float [picture codes], valid until the next call.
    std::span<const float> row(size_t index) const { return {m_rows[index], m_pictureCodes}; }
    // Takes a code that the engine drew at a place, and its guided logits.
    using DrawnFn = std::function<void(const PlannedCode &place, int64_t code, std::span<const float> logits)>;
    // Lets the engine draw the codes of steps of one place each, whose places follow each other in one window. The same
    // codes as those drawn one by one from logits(); `stopped` is asked before each but the first. False: it said so,
    // and the walk is over. REQUIRES: an engine that draws, no draft. Throws Error (NonFinite) naming the place.
    bool draw(std::span<const PlanStep> steps, const CodeGrid &codes, const SamplingParams &params,
              const DrawnFn &drawn, const StopFn &stopped = {});
    // The code is not asked for.
    void skip(const PlannedCode &code);

    // Codes whose logits were computed ahead, on guesses that proved right.
    int accepted() const { return m_accepted; }

private:
    int streams() const { return m_conditioning.guidance != 1.0 ? 2 : 1; }
    OpenWindow &windowOf(const PlannedCode &code) { return m_windows[size_t(code.window)]; }
    void prepare(const PlannedCode &code, const CodeGrid &codes);
    void open(const PlannedCode &code);
    void keepWhatAgrees(const PlannedCode &code, const CodeGrid &codes);

    bool compute(const PlanStep &step, const CodeGrid &codes, const StopFn &stopped);
    void feedUpTo(const PlannedCode &code, const CodeGrid &codes);
    void openAhead(const PlanStep &step, const CodeGrid &codes);
    void feedKnown(const PlannedCode &code, const CodeGrid &codes);
    void closeAhead();
    bool append(const PlanStep &step, const StopFn &stopped);
    bool appendWithAhead(const PlanStep &step, const StopFn &stopped);
    void addInput(const PlannedCode &code, Stream stream, int64_t logitRows);
    void nameTokens();
    void keepPrefixes(OpenWindow &window);
    void takeDrawn(const PlannedCode &place, int64_t code, std::span<const float> logits, const DrawnFn &drawn);
    void applyGuidance();
    void takeRows(const PlanStep &step);
    void dropClosed();

    const models::ModelConfig &m_config;
    TransformerEngine &m_engine;
    const WindowPlan &m_plan;
    const Conditioning m_conditioning;
    const WalkAids m_aids;
    const size_t m_pictureCodes;
    std::vector<OpenWindow> m_windows; // by PlannedCode::window
    std::optional<Guesser> m_guesser;  // with a draft
    FeedAhead m_feedAhead;
    std::vector<int> m_closing; // windows whose rows were handed out for the last time
    int m_accepted = 0;
    // Of one step.
    std::vector<size_t> m_needed;             // its codes whose logits are to be computed
    std::vector<const float *> m_rows;        // by code
    std::vector<const PlannedCode *> m_ahead; // by whose windows are fed ahead of their turn
    std::vector<std::vector<int64_t>> m_tokens;
    std::vector<EngineInput> m_inputs; // conditional ones, the step's before those fed ahead, then unconditional ones
    std::vector<float> m_logits;
};

} // namespace tessera::core
