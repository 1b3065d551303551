// The backend that artists use: core::Renderer. Its own library, so that the rest of ui and its tests need no models.
#pragma once

#include <memory>

#include "ui/renderbackend.h"

namespace tessera::ui
{

class CoreBackend : public RenderBackend
{
public:
    explicit CoreBackend(core::RendererOptions options = {});
    ~CoreBackend() override;

    LoadedModel load(const std::filesystem::path &model, bool fast) override;
    void unload() override;
    std::string device() const override { return m_renderer->device(); }
    std::string precision() const override { return m_renderer->precision(); }
    core::RenderResult render(const core::RenderRequest &request, std::stop_token stop,
                              const core::RenderEvents &events) override;
    std::string record(const core::RenderRequest &request, const core::RenderResult &result) const override;

private:
    const core::RendererOptions m_options;
    std::unique_ptr<core::Renderer> m_renderer;
};

} // namespace tessera::ui
