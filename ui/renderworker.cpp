#include "ui/renderworker.h"

#include <exception>
#include <new>

#include "core/document/imagefile.h"

namespace tessera::ui
{

namespace
{

QString sentenceOf(core::Relief relief)
{
    switch (relief) {
    case core::Relief::FreeMemory:
        return RenderWorker::tr("Memory ran out. What was kept for speed was dropped.");
    case core::Relief::HalfPrecision:
        return RenderWorker::tr("The GPU's memory ran out. The model goes on in half precision.");
    case core::Relief::Tiles:
        return RenderWorker::tr("Memory ran out. The work goes on in tiles, which takes longer.");
    case core::Relief::Cpu:
        return RenderWorker::tr("The GPU's memory does not suffice. The processor goes on.");
    }
    return {};
}

} // namespace

RenderWorker::RenderWorker(std::unique_ptr<RenderBackend> backend) : m_backend(std::move(backend)) {}

RenderWorker::~RenderWorker() = default;

// No exception crosses the thread's border: it becomes a value.
template<typename Work>
void RenderWorker::guarded(quint64 id, Work work)
{
    try {
        work();
    } catch (const Error &error) {
        Q_EMIT failed(id, {error.code(), QString::fromUtf8(error.what())});
    } catch (const std::bad_alloc &) {
        Q_EMIT failed(id, {ErrorCode::OutOfMemory, tr("The picture did not fit into main memory.")});
    } catch (const std::exception &error) {
        Q_EMIT failed(id, {ErrorCode::Device, QString::fromUtf8(error.what())});
    }
}

void RenderWorker::load(quint64 id, const QString &model, bool fast)
{
    guarded(id, [&] {
        LoadedModel opened = m_backend->load(model.toStdString(), fast);
        opened.fast = fast;
        Q_EMIT loaded(id, opened);
    });
}

void RenderWorker::unload()
{
    m_backend->unload();
}

void RenderWorker::render(const RenderJob &job)
{
    guarded(job.id, [&] {
        core::RenderEvents events;
        events.previewEvery = job.previewEvery;
        events.progress = [&](const core::RenderProgress &progress) { Q_EMIT progressed(job.id, progress); };
        events.preview = [&](const core::RenderPreview &preview) {
            Q_EMIT previewed(job.id, core::toQImage(preview.picture));
        };
        events.relieved = [&](core::Relief relief) { Q_EMIT relieved(job.id, sentenceOf(relief)); };
        events.decodeStopped = [&] { return !job.unwanted->load(); };
        const core::RenderResult result = m_backend->render(job.request, job.stop, events);
        const std::string record = result.finished ? m_backend->record(job.request, result) : std::string();
        Q_EMIT rendered(job.id, {core::toQImage(result.picture), result.finished, QByteArray::fromStdString(record),
                                 m_backend->device(), m_backend->precision()});
    });
}

} // namespace tessera::ui
