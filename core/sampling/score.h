// What a model thinks of given codes as a whole picture, no region of which stays, teacher-forced: each code is judged
// from the window that would draw it, with the given codes before it.
#pragma once

#include <cstdint>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::core
{

struct ScoreRequest {
    CodeGrid codes;                     // of the whole canvas
    std::vector<int64_t> controlTokens; // as in SampleRequest
    CodeGrid condition;                 // as in SampleRequest
    double guidance = 1.0;              // as in SamplingParams
    WindowPolicy window{};
    std::optional<models::ConditionKind> kind{}; // as in SampleRequest
};

struct ScoreResult {
    Grid<float> logProbability; // of each code at temperature 1 without filters, nats
    Grid<float> entropy;        // of the distribution it was judged by, nats
    double natsPerCode = 0;     // mean of -logProbability over the judged codes
    int64_t tokenForwards = 0;
    bool finished = false; // false: stopped; codes not judged hold 0
};

// Blocking; `stop` is looked at between codes. Throws Error: InvalidArgument, NonFinite (naming the place),
// OutOfMemory.
ScoreResult scoreCodes(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request,
                       std::stop_token stop = {});

} // namespace tessera::core
