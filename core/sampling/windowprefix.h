// What stands before a window's picture codes: controls, then condition (Esser et al. 2021, sec. 3.2), as vocabulary
// ids.
#pragma once

#include <cstdint>
#include <vector>

#include "core/sampling/grid.h"
#include "models/config.h"

namespace tessera::core
{

struct SampleRequest;
struct ScoreRequest;

class WindowPrefix
{
public:
    // The configuration must outlive it. REQUIRES: the request was checked.
    WindowPrefix(const models::ModelConfig &config, const SampleRequest &request);
    WindowPrefix(const models::ModelConfig &config, const ScoreRequest &request);

    // Of the window at `origin`; without the condition, for guidance, null tokens stand in its place, and controls that
    // are guided are "any".
    std::vector<int64_t> at(Cell origin) const { return tokens(origin, false); }
    std::vector<int64_t> withoutCondition(Cell origin) const { return tokens(origin, true); }

private:
    std::vector<int64_t> tokens(Cell origin, bool dropped) const;
    void place(std::vector<int64_t> &controls, Cell origin) const;

    const models::ModelConfig &m_config;
    const GridSize m_canvas;
    std::vector<int64_t> m_controls;
    CodeGrid m_condition; // of the canvas, or one cell for Class and None models
};

} // namespace tessera::core
