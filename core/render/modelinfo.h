// A model's configuration in the plain values that menus and messages use.
#pragma once

#include "core/render/render.h"
#include "models/bundle.h"

namespace tessera::core
{

// Of a configuration alone what its file says stays empty. `identity` always does: it needs the weights.
ModelInfo describedModel(const models::ModelConfig &config);
ModelInfo describedModel(const models::ModelSummary &summary);

} // namespace tessera::core
