// Networks of the sizes that the paper's authors published, with random weights: speed needs no training.
#pragma once

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/transformer.h"

namespace tessera::train
{

// 24 layers, width 1024, painted from labels, 256 condition codes and 256 picture codes in a window.
models::ModelConfig publishedConfig();
models::Transformer randomTransformer();
// The same with 8 layers of width 448: 20 M parameters.
models::ModelConfig smallConfig();
models::Transformer randomSmallTransformer();
models::Autoencoder randomFirstStage();

} // namespace tessera::train
