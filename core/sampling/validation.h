// Requests that can never work are refused before anything runs, with a sentence. All throw Error
// (InvalidArgument).
#pragma once

#include <vector>

#include "core/sampling/sampler.h"
#include "core/sampling/score.h"

namespace tessera::core
{

void checkSampleRequest(const models::ModelConfig &config, const SampleRequest &request);
void checkScoreRequest(const models::ModelConfig &config, const ScoreRequest &request);

} // namespace tessera::core
