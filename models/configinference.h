// What a model is when its configuration is missing: read off the names and shapes of its tensors.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "models/config.h"

namespace tessera::models
{

// Shapes by the original's names: those of a transformer's file begin with transformer., first_stage_model. and
// cond_stage_model.; a first stage alone has no prefix. Tensors that no network here takes are passed over.
using TensorShapes = std::map<std::string, std::vector<int64_t>>;

// What shapes cannot tell.
struct InferenceHints {
    std::optional<int64_t> heads;   // of the transformer
    std::optional<int64_t> classes; // of a model that paints from a class
};

struct InferredConfig {
    ModelConfig config;
    std::vector<std::string> assumptions; // sentences for people: what was guessed, and how to say it instead
};

// Throws Error (ModelMismatch) that names the tensor that is missing or does not fit.
InferredConfig inferConfig(const TensorShapes &shapes, const InferenceHints &hints = {});

} // namespace tessera::models
