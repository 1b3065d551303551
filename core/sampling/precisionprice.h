// What calculating in fewer bits costs, in likelihood: the same codes, judged by an engine and by a plainer one.
#pragma once

#include <cstdint>
#include <stop_token>

#include "core/sampling/engine.h"
#include "core/sampling/score.h"
#include "models/config.h"

namespace tessera::core
{

// Sums over codes, and what they say of one.
struct PrecisionPrice {
    double divergence = 0; // Kullback-Leibler divergence of the plainer distributions from the exact ones, in nats
    double exactNats = 0;  // -log-probability of the codes
    double nats = 0;       // the same as the plainer engine has it
    int64_t codes = 0;

    double divergencePerCode() const { return divergence / double(codes); }
    // By how much codes are less likely. Below 0 where chance has it so.
    double percent() const { return 100 * (nats / exactNats - 1); }
};

// Judges a picture of one window, teacher-forced, without guidance, in one pass of each engine, and adds it to `price`.
// False: stopped, the picture does not count. Throws Error: InvalidArgument, NonFinite, OutOfMemory.
bool addPrecisionPrice(const models::ModelConfig &config, TransformerEngine &exact, TransformerEngine &plainer,
                       const ScoreRequest &request, PrecisionPrice &price, const std::stop_token &stop = {});

} // namespace tessera::core
