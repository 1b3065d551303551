// Draws the codes of a picture (Esser et al. 2021, sec. 3.2).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <vector>

#include "core/sampling/distribution.h"
#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/samplingparams.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::core
{

struct KnownCode;
class PrefixStore;

struct SampleRequest {
    GridSize canvas;
    std::vector<int64_t> controlTokens; // vocabulary ids, one per control, in the model's order
    // Condition codes of the canvas, before the vocabulary shift; for Class and None models one cell: the
    // class, or the start token.
    CodeGrid condition;
    std::optional<models::ConditionKind> kind{}; // of a map that the codes stand for; absent: the model's first
    SamplingParams params;
    // Where `locked` is set (size of the canvas, or empty) the code of `initial` stays; later codes see it, and with a
    // model that seesKept all do.
    CodeGrid initial; // looked at where locked only; may be empty when nothing is locked
    Grid<uint8_t> locked;
    // What the codes will probably be, for instance those of the picture before a stroke: of the canvas, kNoCode where
    // nothing is known, or empty. Decides how fast the codes are there, never which they are, and only with an engine
    // that keepsBitsInChunks().
    CodeGrid draft;
};

// What earlier requests left that spares later ones work. Belongs to one model and one engine; results are those of a
// request without. Pointers stay the caller's; null: nothing of the kind.
struct SampleAids {
    PrefixStore *prefixes = nullptr; // prefixstore.h
    // The picture's codes by what decided them (knowncodes.h): read, and those drawn are written. Begins anew where it
    // is of another canvas.
    Grid<KnownCode> *known = nullptr;
};

struct DrawnCode {
    Cell cell;
    int64_t code = 0;
    Cell origin;   // of the window it was drawn from
    int done = 0;  // codes drawn so far, this one included
    int total = 0; // codes to draw
};
using DrawnFn = std::function<void(const DrawnCode &)>;

struct SampleResult {
    CodeGrid codes; // kNoCode where not drawn
    // Of the chosen code under the model's guided distribution, before temperature and filters, and that
    // distribution's entropy; nats; 0 where locked or not drawn.
    Grid<float> logProbability;
    Grid<float> entropy;
    int64_t tokenForwards = 0; // through the transformer
    int64_t passes = 0;        // over its weights
    int accepted = 0;          // codes that took no pass of their own: guesses of those before them were right
    int known = 0;             // codes taken from SampleAids::known
    bool finished = false;     // false: stopped; the codes there are a prefix of the full run's
};

// Blocking. Equal requests give equal codes on one machine. `stop` is looked at between codes and between the layers of
// a pass; `drawn` is called once per drawn code, in plan order, on this thread. Throws Error: InvalidArgument,
// NonFinite (naming the place), OutOfMemory.
SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
                         std::stop_token stop = {}, const DrawnFn &drawn = {});

// The same codes in the order and batches of `plan`, which must come from planFor with the request's
// canvas, window policy and locked cells.
SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
                         const WindowPlan &plan, std::stop_token stop = {}, const DrawnFn &drawn = {},
                         SampleAids aids = {});

} // namespace tessera::core
