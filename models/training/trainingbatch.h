// What a step of the transformer's training sees: windows of pictures with one of their maps, some with a part of the
// picture in place of the map's codes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>

#include "models/training/recipe.h"
#include "models/training/sequences.h"
#include "models/training/tokenset.h"

namespace tessera::models
{

// How often each task comes, in any unit.
struct TaskMix {
    std::map<ConditionKind, double> kinds{{ConditionKind::Labels, 1.0}}; // paint from a map of this kind
    double filling = 0; // fill a region: codes outside it stand in the condition; maps by the shares above

    // The recipe's `tasks`. Throws Error (InvalidArgument) for a task whose stage is not there, and for a stage without
    // a task.
    static TaskMix from(Recipe recipe, const ModelConfig &config);
};

struct BatchSettings {
    int64_t batch = 16;
    TaskMix tasks;
    double canvasShare = 0; // of windows cut from canvases
    double conditionDropout = 0.1;
    double controlDropout = 0.3;
};

// Tokens and the pictures they were made from.
struct TokenSource {
    const PictureSet *pictures = nullptr;
    TokenSet tokens;
};

class BatchMaker
{
public:
    // All must outlive it. `canvases`: null without.
    BatchMaker(const SequenceBuilder &builder, const BatchSettings &settings, const TokenSource &windows,
               const TokenSource *canvases);

    // The same seed gives the same batch.
    Sequences make(uint64_t seed) const;

private:
    struct Sample {
        SeenWindow seen;
        at::Tensor codes;     // int64 [window, window]
        at::Tensor condition; // int64 [window, window], vocabulary ids
        at::Tensor kept;      // bool [window, window]; undefined: nothing stays
    };

    Sample sample(std::mt19937_64 &random) const;
    ConditionKind kind(std::mt19937_64 &random) const;
    void keepSome(Sample &sample, std::mt19937_64 &random) const;

    const SequenceBuilder &m_builder;
    const BatchSettings &m_settings;
    const TokenSource &m_windows;
    const TokenSource *m_canvases;
};

// Takes what is kept of the picture out of the sequences' target, so that only the region is judged.
// kept: bool [B, window, window].
void judgeRegions(Sequences &batch, const at::Tensor &kept);
// The condition where `kept` shows the picture: int64 [..., window, window], vocabulary ids.
at::Tensor withKept(const ModelConfig &config, const at::Tensor &condition, const at::Tensor &codes,
                    const at::Tensor &kept);

// Some picture codes of the input become random ones, all but this share, so that the model learns to go on from
// mistakes (the paper's pkeep), and to look at the map where few are left.
void scramble(Sequences &batch, const ModelConfig &config, uint64_t seed, double keep);

} // namespace tessera::models
