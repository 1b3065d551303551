// Lives on the render thread and does one job after the other with the backend. Made on the UI thread and moved; after
// that jobs are posted to it, and its signals, emitted on the render thread, answer. Every answer carries the number of
// its job.
#pragma once

#include <atomic>
#include <memory>

#include <QImage>

#include "models/error.h"
#include "ui/mailbox.h"
#include "ui/renderbackend.h"

namespace tessera::ui
{

struct RenderJob {
    quint64 id = 0;
    core::RenderRequest request;
    int previewEvery = 0; // codes
    std::stop_token stop;
    // Set once nobody wants to see the picture, not even what there is of it when it stops.
    std::shared_ptr<const std::atomic<bool>> unwanted;
};

struct RenderAnswer {
    QImage picture; // owns its pixels; null when nothing was drawn
    bool finished = false;
    QByteArray record;     // of a finished picture, see RenderBackend::record
    std::string device;    // after the render, see RenderBackend::device
    std::string precision; // the same
};

struct RenderFailure {
    ErrorCode code = ErrorCode::InvalidArgument;
    QString message;
};

class RenderWorker : public Mailbox
{
    Q_OBJECT

public:
    explicit RenderWorker(std::unique_ptr<RenderBackend> backend);
    ~RenderWorker() override;

    void load(quint64 id, const QString &model, bool fast);
    void unload();
    void render(const RenderJob &job);

Q_SIGNALS:
    void loaded(quint64 id, const tessera::ui::LoadedModel &model);
    void progressed(quint64 id, const tessera::core::RenderProgress &progress);
    void previewed(quint64 id, const QImage &picture);
    void relieved(quint64 id, const QString &what); // what was given up because memory ran out
    void rendered(quint64 id, const tessera::ui::RenderAnswer &answer);
    void failed(quint64 id, const tessera::ui::RenderFailure &failure);

private:
    template<typename Work>
    void guarded(quint64 id, Work work);

    const std::unique_ptr<RenderBackend> m_backend;
};

} // namespace tessera::ui
