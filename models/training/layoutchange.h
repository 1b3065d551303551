// A transformer that learned with one vocabulary and sequence goes on with another: other condition stages, more kinds
// of maps, more controls.
#pragma once

#include "models/config.h"
#include "models/parameters.h"
#include "models/training/pictureset.h"
#include "models/training/sequences.h"

namespace tessera::models
{

// Tokens and places of a transformer, and the stages that make its condition codes; all on one device.
struct Layout {
    const ModelConfig &config;
    Stages stages;
};

// The learned transformer's tensors for the layout `now`. Picture codes, controls by key and value, the null token and
// places keep their rows. Condition codes that both layouts have keep theirs; each code of a new stage starts with the
// mean embedding of the learned label codes that stand in its place on the same pictures, a code that is on none of
// them with the mean of all. A new control starts as the last learned one repeated, saying "any", and a new value of a
// learned one as its "any": what attention has not met it would take for a message. Thus what was learned is kept and
// only refined. Throws Error (ModelMismatch) for transformers of another width or picture codes of another number.
StateDict relaid(StateDict transformer, const Layout &learned, const Layout &now, const PictureSet &pictures);

} // namespace tessera::models
