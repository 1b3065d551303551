// What every engine must do, whatever its arithmetic.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/sampling/engine.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

// The tiny model's picture codes in its vocabulary.
inline constexpr int64_t kFirst = 18, kCount = 24;

std::vector<int64_t> someTokens(int64_t count, int64_t salt = 0);

// Logits of one append.
std::vector<float> append(TransformerEngine &engine, WindowCache &cache, std::span<const int64_t> tokens,
                          int64_t first = kFirst, int64_t count = kCount);

// Of values of the same place; infinite where one is no number, or where there are not as many of both.
float greatestDifference(std::span<const float> one, std::span<const float> other);

// Of logits [first, first + size) against all of them, as a part of their spread.
float differenceOf(const std::vector<float> &slice, const std::vector<float> &all, int64_t first = kFirst);

// Each on a new engine for `model`.
void expectChunksMatchThePlainPass(TransformerEngine &engine, const TinyModel &model,
                                   const std::vector<int64_t> &chunks);
void expectTheIdsAskedFor(TransformerEngine &engine, const TinyModel &model);
void expectAReusedCacheRemembersNothing(TransformerEngine &engine);
void expectLogitsOfSeveralTokens(TransformerEngine &engine, const TinyModel &model);
void expectACutCacheForgets(TransformerEngine &engine);
void expectACopiedCacheGoesOn(TransformerEngine &engine);
// REQUIRES: a model of two layers.
void expectStopsBetweenLayers(TransformerEngine &engine);

} // namespace tessera::core
