// What a model thinks of given codes as a whole picture, no region of which stays, teacher-forced: each code is judged
// from the window that would draw it, with the given codes before it. A window goes through the transformer once
// (with guidance once more without the condition) for all of its codes and all window policies that draw from it: what
// `block` draws from are few of `exact`'s windows, so that the price of a policy comes with the judging.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/policyscore.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::core
{

struct ScoreRequest {
    CodeGrid codes;                              // of the whole canvas
    std::vector<int64_t> controlTokens;          // as in SampleRequest
    CodeGrid condition;                          // as in SampleRequest
    double guidance = 1.0;                       // as in SamplingParams
    std::vector<WindowPolicy> windows{{}};       // to judge by, at least one
    std::optional<models::ConditionKind> kind{}; // as in SampleRequest
};

struct ScoreResult {
    std::vector<PolicyScore> policies; // one for each of the request's windows
    int64_t tokenForwards = 0;
    bool finished = false; // false: stopped; codes not judged hold 0
};

// So many codes are judged, of so many, those of all policies.
using ScoredFn = std::function<void(int judged, int codes)>;

// Blocking; `stop` is looked at between the transformer's layers. Throws Error: InvalidArgument, NonFinite (naming the
// place), OutOfMemory.
ScoreResult scoreCodes(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request,
                       std::stop_token stop = {}, const ScoredFn &scored = {});

} // namespace tessera::core
