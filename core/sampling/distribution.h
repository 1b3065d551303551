// From logits to a code: filters, the choice, and what is reported about it. Deterministic; sums in double.
#pragma once

#include <cstdint>
#include <span>

#include "core/sampling/grid.h"
#include "core/sampling/samplingparams.h"

namespace tessera::core
{

// Classifier-free guidance g on logits: u + g (c - u), in place of the conditional ones. REQUIRES: equal sizes.
void guide(std::span<float> conditional, std::span<const float> unconditional, double guidance);

// Temperature, top-k, top-p on raw logits, in that order, renormalised: out[i] = log-probability, -inf where
// filtered. Top-p drops the codes that follow, in falling order of probability, a set whose probability
// already exceeds p. REQUIRES: `isDistribution(logits)`, out.size() == logits.size().
void filteredLogProbabilities(std::span<const float> logits, const SamplingParams &params, std::span<float> out);

// Index of the greatest scores[i] + noise[i], the lowest on ties. Empty `noise`: of the greatest score.
int64_t chooseCode(std::span<const float> scores, std::span<const float> noise = {});

// Of one code under softmax(logits), in nats.
struct CodeOdds {
    float logProbability = 0; // of the code
    float entropy = 0;        // of the distribution
};
CodeOdds oddsOf(std::span<const float> logits, int64_t code);

// No NaN, no +infinity, and at least one finite logit.
bool isDistribution(std::span<const float> logits);
// Throws Error (NonFinite), naming the cell that the logits are for, unless they are one.
void expectDistribution(std::span<const float> logits, Cell cell);

} // namespace tessera::core
