// A backend without a model: pictures are the map's regions in flat, seed-dependent colours. For tests and for working
// on the user interface. The name of the model's file says what it paints from: depth, edges, coordinates, class,
// nothing, cocostuff or ade20k for labels of those sets, stage for a first stage alone, anything else for the starter's
// labels, and for depth and edges as well where "several" is in the name; "missing" cannot be opened. A first stage
// alone has one speed.
#pragma once

#include <functional>
#include <optional>

#include <QString>

#include "models/error.h"
#include "ui/renderbackend.h"

namespace tessera::ui
{

struct FakeScript {
    int delayMs = 0; // per code
    std::optional<Error> loadError;
    std::optional<Error> renderError; // thrown before the code `failAt`
    int failAt = 0;
    std::vector<core::Relief> reliefs; // told before the first code
    // Called on the render thread before each code: tests hold the render there.
    std::function<void(int code)> beforeCode;
    // Called on the render thread with each request before it is rendered.
    std::function<void(const core::RenderRequest &)> onRequest;
};

class FakeBackend : public RenderBackend
{
public:
    explicit FakeBackend(FakeScript script = {}) : m_script(std::move(script)) {}

    LoadedModel load(const std::filesystem::path &model, bool fast) override;
    void unload() override { m_loaded = false; }
    std::string device() const override { return "cpu"; }
    std::string precision() const override { return m_precision; }
    core::RenderResult render(const core::RenderRequest &request, std::stop_token stop,
                              const core::RenderEvents &events) override;

private:
    FakeScript m_script;
    bool m_loaded = false;
    std::string m_precision = "fp32";
};

// "delay=4,fail=100,missing": milliseconds per code, the code before which rendering fails, a model that is not
// there. Throws Error (InvalidArgument) for other words.
FakeScript fakeScriptFromText(const QString &text);

} // namespace tessera::ui
