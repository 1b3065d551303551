// What renders pictures, as the worker sees it: the real one runs core::Renderer, the fake one a script.
#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "core/render/render.h"

namespace tessera::ui
{

struct LoadedModel {
    core::ModelInfo info;
    std::string device;        // "cpu", "cuda:0"
    std::string precision;     // "fp32"
    std::string fastPrecision; // the fastest there is for it: "int8", or "fp32" where there is no faster one
    bool fast = false;         // as load was asked for

    bool fasterOffered() const { return !fastPrecision.empty() && fastPrecision != "fp32"; }
};

// One thread at a time: made anywhere, used and destroyed on the render thread.
class RenderBackend
{
public:
    RenderBackend() = default;
    virtual ~RenderBackend() = default;
    RenderBackend(const RenderBackend &) = delete;
    RenderBackend &operator=(const RenderBackend &) = delete;

    // Blocking. `fast`: in the fastest precision there is for it. Throws Error; then the model before stays in use, if
    // there was one.
    virtual LoadedModel load(const std::filesystem::path &model, bool fast) = 0;
    // Gives the model's memory back. Nothing when none is loaded.
    virtual void unload() = 0;
    // What the loaded model runs on, as LoadedModel has it. A render that runs out of memory may change them.
    virtual std::string device() const = 0;
    virtual std::string precision() const = 0;
    // Blocking, as core::Renderer::render. Throws Error (ModelNotFound) when no model is loaded.
    virtual core::RenderResult render(const core::RenderRequest &request, std::stop_token stop,
                                      const core::RenderEvents &events) = 0;
    // What a written picture carries so that it can be made again, see core/render/recordjson.h; empty: nothing.
    virtual std::string record(const core::RenderRequest &, const core::RenderResult &) const { return {}; }
};

} // namespace tessera::ui
