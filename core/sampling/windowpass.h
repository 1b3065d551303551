// A window's codes in one pass, teacher-forced: all of them are given, and the logits at each place tell what the model
// thinks of the code there after those before it.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/score.h"
#include "core/sampling/windowplan.h"
#include "core/sampling/windowprefix.h"
#include "models/config.h"

namespace tessera::core
{

class WindowPass
{
public:
    // All must outlive it. REQUIRES: the request was checked.
    WindowPass(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request);

    // Computes the guided logits of the codes at positions `first` to `last` of the window that begins at `origin`.
    // False: `stopped` said so. Throws Error: NonFinite naming the place, OutOfMemory.
    bool run(Cell origin, int first, int last, const StopFn &stopped);
    // Those at one of the positions: float [picture codes], valid until the next run().
    std::span<const float> row(int position) const;
    // The cell at a position of the window that begins at `origin`: positions count codes as the model writes them.
    Cell cellAt(Cell origin, int position) const { return m_layout.cellAt(origin, position); }

private:
    bool append(std::vector<int64_t> tokens, Cell origin, int last, std::vector<float> &logits, const StopFn &stopped);

    const models::ModelConfig &m_config;
    TransformerEngine &m_engine;
    const ScoreRequest &m_request;
    const WindowPrefix m_prefix;
    const WindowPlan m_layout; // without steps
    int m_first = 0;
    std::vector<float> m_logits;   // [positions, picture codes]
    std::vector<float> m_unguided; // the same without the condition
};

} // namespace tessera::core
