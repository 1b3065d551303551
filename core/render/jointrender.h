// Renders that differ in seed and variation alone, with their codes drawn together.
#pragma once

#include <stop_token>
#include <vector>

#include "core/render/render.h"
#include "core/sampling/engine.h"
#include "core/sampling/sampler.h"
#include "models/bundle.h"

namespace tessera::core
{

// One result a request, each what the request gives alone; `aids` of each. Times and passes of the drawing are shared
// out evenly. `events.progress` counts the codes of all and is called on other threads, one at a time, while this one
// waits; no previews. REQUIRES: at least one request, all were checked; an engine that keepsBitsInChunks().
std::vector<RenderResult> renderJointly(const models::ModelBundle &bundle, TransformerEngine &engine,
                                        const std::vector<RenderRequest> &requests, const std::vector<SampleAids> &aids,
                                        std::stop_token stop, const RenderEvents &events);

} // namespace tessera::core
