// What it costs to move the attention window in steps, in likelihood.
//
// In the midst of a large canvas `exact` draws every code from the middle of its window. `block:N` draws from N x N
// places around the middle, each as often as every other (core/sampling/windowplan.h). So the policies' costs are known
// from what codes cost at each place of a window, and that takes one teacher-forced pass over every window of a
// picture, whatever the number of policies. All places are judged on the same codes: those that have windows for all of
// them. Edges, where both policies draw from the same windows, are left out; on a real canvas the price is therefore a
// little lower.
#pragma once

#include <cstdint>
#include <map>
#include <stop_token>
#include <vector>

#include "core/sampling/engine.h"
#include "core/sampling/score.h"
#include "models/config.h"

namespace tessera::core
{

struct WindowPrice {
    int step = 0;             // of block:step
    double exactNats = 0;     // per code
    double nats = 0;          // per code
    double standardError = 0; // of nats - exactNats, from picture to picture; 0 for a single one
    int64_t codes = 0;        // how many were judged

    // By how much the policy's codes are less likely. Below 0 where chance has it so.
    double percent() const { return 100 * (nats / exactNats - 1); }
};

// One thread. Configuration and engine must outlive it.
class WindowPriceMeter
{
public:
    // Steps: 2, 4, 8 ... up to the window. Throws Error (InvalidArgument) for a model without sliding windows.
    WindowPriceMeter(const models::ModelConfig &config, TransformerEngine &engine);

    // Judges one picture; the request's window policy does not matter. False: stopped, the picture does not count.
    // Throws Error: InvalidArgument, also for a side below leastSide(); NonFinite, OutOfMemory.
    bool add(const ScoreRequest &request, std::stop_token stop = {});

    // Codes a side of the smallest picture that has every step.
    int leastSide() const { return 2 * m_window - 1; }

    // By step, ascending. REQUIRES: a picture was added.
    std::vector<WindowPrice> prices() const;

private:
    struct Sums {
        double exact = 0, block = 0; // nats
        int64_t codes = 0;
    };
    class Picture;

    const models::ModelConfig &m_config;
    TransformerEngine &m_engine;
    const int m_window;
    std::map<int, std::vector<Sums>> m_sums; // by step, one for each picture
};

} // namespace tessera::core
