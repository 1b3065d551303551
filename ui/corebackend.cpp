#include "ui/corebackend.h"

#include "models/error.h"

namespace tessera::ui
{

CoreBackend::CoreBackend(core::RendererOptions options) : m_options(std::move(options)) {}

CoreBackend::~CoreBackend() = default;

LoadedModel CoreBackend::load(const std::filesystem::path &model, bool fast)
{
    core::RendererOptions options = m_options;
    if (fast)
        options.precision = "fast";
    // The new model is whole before the old one goes: a wrong file costs nothing.
    auto renderer = std::make_unique<core::Renderer>(model, options);
    m_renderer = std::move(renderer);
    return {m_renderer->info(), m_renderer->device(), m_renderer->precision(), m_renderer->fastPrecision()};
}

void CoreBackend::unload()
{
    m_renderer.reset();
}

core::RenderResult CoreBackend::render(const core::RenderRequest &request, std::stop_token stop,
                                       const core::RenderEvents &events)
{
    if (!m_renderer)
        throw Error(ErrorCode::ModelNotFound, "No model is open");
    m_renderer->check(request);
    return m_renderer->render(request, stop, events);
}

std::string CoreBackend::record(const core::RenderRequest &request, const core::RenderResult &result) const
{
    return m_renderer->record(request, result);
}

} // namespace tessera::ui
