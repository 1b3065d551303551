// What a model is when its configuration is missing: read off the names and shapes of its tensors.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "models/config.h"

namespace tessera::models
{

// Shapes by the original's names: those of a transformer's file begin with transformer., first_stage_model. and
// cond_stage_model.; a first stage alone has no prefix. Tensors that no network here takes are passed over.
using TensorShapes = std::map<std::string, std::vector<int64_t>>;

struct InferredConfig {
    ModelConfig config;
    // Sentences for people: what shapes cannot tell and was guessed, and which key of a .yaml says it instead.
    std::vector<std::string> assumptions;
};

// Throws Error (ModelMismatch) that names the tensor that is missing or does not fit.
InferredConfig inferConfig(const TensorShapes &shapes);

} // namespace tessera::models
