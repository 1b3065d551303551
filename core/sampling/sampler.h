// Draws the codes of a picture (Esser et al. 2021, sec. 3.2).
#pragma once

#include <cstdint>
#include <functional>
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

struct SampleRequest {
    GridSize canvas;
    std::vector<int64_t> controlTokens; // vocabulary ids, one per control, in the model's order
    // Condition codes of the canvas, before the vocabulary shift; for Class and None models one cell: the
    // class, or the start token.
    CodeGrid condition;
    SamplingParams params;
    // Where `locked` is set (size of the canvas, or empty) the code of `initial` stays; later codes see it.
    CodeGrid initial; // looked at where locked only; may be empty when nothing is locked
    Grid<uint8_t> locked;
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
    bool finished = false;     // false: stopped; the codes there are a prefix of the full run's
};

// Blocking. Equal requests give equal codes on one machine. `stop` is looked at between codes; `drawn` is
// called once per drawn code, in plan order, on this thread. Throws Error: InvalidArgument, NonFinite (naming
// the place), OutOfMemory.
SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine,
                         const SampleRequest &request, std::stop_token stop = {}, const DrawnFn &drawn = {});

// The same codes in the order and batches of `plan`, which must come from planFor with the request's
// canvas, window policy and locked cells. `stop` is looked at between steps.
SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine,
                         const SampleRequest &request, const WindowPlan &plan, std::stop_token stop = {},
                         const DrawnFn &drawn = {});

} // namespace tessera::core
