// A transformer that learned with one condition stage goes on with another.
#pragma once

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/parameters.h"
#include "models/training/pictureset.h"

namespace tessera::models
{

// What draws codes after what: a transformer's vocabulary ranges and the condition stage that fills one of them.
struct Conditioning {
    const ModelConfig &config;
    const Autoencoder &stage;
};

// Whether both stages, which are on one device, make the same codes.
bool sameCodes(const Autoencoder &a, const Autoencoder &b);

// The transformer's tensors with the vocabulary of `now`: each code of the new stage starts with the mean embedding of the
// old codes that stand in its place on the same maps, a code that is on none of them with the mean of all. Thus what was
// learned about conditions is kept and only refined. Both vocabularies are laid out alike but for the number of condition
// codes, and both stages read the same labels and make codes of the same size.
StateDict withOtherCondition(StateDict transformer, const Conditioning &learned, const Conditioning &now,
                             const PictureSet &pictures);

} // namespace tessera::models
