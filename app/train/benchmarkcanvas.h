// A whole canvas to paint again and again, for benchmarks on any device.
#pragma once

#include <memory>
#include <stop_token>

#include "core/sampling/engine.h"
#include "core/sampling/grid.h"
#include "core/sampling/sampler.h"
#include "core/sampling/windowplan.h"
#include "models/config.h"

namespace tessera::train
{

// Codes of a canvas with the model's own sampling choices, from condition codes that are all 0.
core::SampleRequest benchmarkRequest(const models::ModelConfig &config, core::GridSize canvas);

// Draws all codes of a canvas, in the order that suits the engine.
class BenchmarkCanvas
{
public:
    BenchmarkCanvas(models::ModelConfig config, std::unique_ptr<core::TransformerEngine> engine, core::GridSize canvas,
                    core::WindowPolicy policy = {});

    // With another seed each time. What is returned is valid until the next call.
    const core::CodeGrid &paint(std::stop_token stop = {});
    int codes() const { return m_request.canvas.cells(); }

private:
    const models::ModelConfig m_config;
    const std::unique_ptr<core::TransformerEngine> m_engine;
    core::SampleRequest m_request;
    const core::WindowPlan m_plan;
    core::CodeGrid m_codes;
};

} // namespace tessera::train
