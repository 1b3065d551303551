// A backend without a model: pictures are the map's regions in flat, seed-dependent colours. For tests and for working
// on the user interface.
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
    // Called on the render thread before each code: tests hold the render there.
    std::function<void(int code)> beforeCode;
};

class FakeBackend : public RenderBackend
{
public:
    explicit FakeBackend(FakeScript script = {}) : m_script(std::move(script)) {}

    LoadedModel load(const std::filesystem::path &model) override;
    core::RenderResult render(const core::RenderRequest &request, std::stop_token stop,
                              const core::RenderEvents &events) override;

private:
    FakeScript m_script;
    bool m_loaded = false;
};

// "delay=4,fail=100,missing": milliseconds per code, the code before which rendering fails, a model that is not
// there. Throws Error (InvalidArgument) for other words.
FakeScript fakeScriptFromText(const QString &text);

} // namespace tessera::ui
