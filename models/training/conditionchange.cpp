#include "models/training/conditionchange.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "models/error.h"
#include "models/training/onehot.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kMaps = 400; // enough for every code that matters

at::Tensor codesOf(const Autoencoder &stage, const at::Tensor &labels)
{
    const at::Tensor planes = oneHot(labels.to(stage.codebook.device()), stage.config.inChannels);
    return stage.encode(planes.contiguous(at::MemoryFormat::ChannelsLast)).reshape(-1).cpu();
}

// How often an old code stands where a new one does: float [new codes, old codes].
at::Tensor sharedPlaces(const Conditioning &learned, const Conditioning &now, const PictureSet &pictures)
{
    const int64_t side = now.config.window * now.config.firstStage.factor();
    const int64_t before = learned.config.condition.tokens.count;
    at::Tensor counts = at::zeros({now.config.condition.tokens.count * before}, at::kFloat);
    for (int64_t i = 0; i < std::min(kMaps, pictures.size()); ++i) {
        const at::Tensor labels = pictures.exactLabels(pictures.wholeView(i), side).unsqueeze(0);
        const at::Tensor pairs = codesOf(now.stage, labels) * before + codesOf(learned.stage, labels);
        counts.index_add_(0, pairs, at::ones_like(pairs, at::kFloat));
    }
    return counts.reshape({-1, before});
}

// Rows of the vocabulary with the condition's exchanged.
at::Tensor exchanged(const at::Tensor &rows, const TokenRange &old, const at::Tensor &condition)
{
    return at::cat({rows.slice(0, 0, old.first), condition, rows.slice(0, old.first + old.count)});
}

void checkAlike(const ModelConfig &learned, const ModelConfig &now)
{
    const TokenRange &before = learned.condition.tokens, &after = now.condition.tokens;
    const int64_t grown = after.count - before.count;
    if (before.first != after.first || learned.imageTokens != now.imageTokens
        || learned.transformer->vocabSize + grown != now.transformer->vocabSize)
        throw Error(ErrorCode::ModelMismatch,
                    "The start's vocabulary of " + std::to_string(learned.transformer->vocabSize)
                        + " tokens is not laid out like the recipe's " + std::to_string(now.transformer->vocabSize)
                        + ", of which " + std::to_string(after.count - before.count) + " are new condition codes.");
}

} // namespace

bool sameCodes(const Autoencoder &a, const Autoencoder &b)
{
    return a.config == b.config && at::equal(a.codebook, b.codebook)
           && at::equal(a.encoder.convIn.weight, b.encoder.convIn.weight);
}

StateDict withOtherCondition(StateDict transformer, const Conditioning &learned, const Conditioning &now,
                             const PictureSet &pictures)
{
    checkAlike(learned.config, now.config);
    const TokenRange &old = learned.config.condition.tokens;
    at::Tensor &embedding = transformer.at("tok_emb.weight"), &head = transformer.at("head.weight");
    const at::Tensor rows = embedding.slice(0, old.first, old.first + old.count);
    const at::Tensor places = sharedPlaces(learned, now, pictures);
    const at::Tensor seen = places.sum(1, true);
    const at::Tensor means = at::matmul(places, rows) / seen.clamp_min(1);
    embedding = exchanged(embedding, old, at::where(seen > 0, means, rows.mean(0, true)));
    head = exchanged(head, old, at::zeros({places.size(0), head.size(1)}));
    return transformer;
}

} // namespace tessera::models
