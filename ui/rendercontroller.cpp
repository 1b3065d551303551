#include "ui/rendercontroller.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QFileInfo>
#include <QLocale>

#include "core/sampling/threadpriority.h"
#include "ui/modelfacts.h"

namespace tessera::ui
{

namespace
{

constexpr QChar kTextDivider(0x9c); // see Text.elide of Qt Quick

// So many partial pictures a render: each costs a run of the decoder.
constexpr int kPreviews = 16;

QString durationText(double seconds)
{
    if (seconds < 60)
        return RenderController::tr("%1 s").arg(std::max(1, int(std::ceil(seconds))));
    const int whole = int(std::ceil(seconds));
    return RenderController::tr("%1 min %2 s").arg(whole / 60).arg(whole % 60);
}

} // namespace

RenderController::RenderController(std::unique_ptr<RenderBackend> backend, QObject *parent)
    : QObject(parent)
    , m_worker(new RenderWorker(std::move(backend)))
{
    m_thread.setObjectName("render");
    m_worker->moveToThread(&m_thread);
    // Before anything makes LibTorch's threads, which inherit it.
    connect(&m_thread, &QThread::started, m_worker, [] { core::yieldToWindows(); });
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    connectWorker();
    m_thread.start();
}

RenderController::~RenderController()
{
    if (m_running) {
        m_running->unwanted->store(true);
        m_running->stop.request_stop(); // leave the code loop
    }
    m_thread.quit(); // then the worker's event loop
    m_thread.wait(); // finished() has deleted the worker
}

void RenderController::connectWorker()
{
    answer(&RenderWorker::loaded, &RenderController::onLoaded);
    answer(&RenderWorker::progressed, &RenderController::onProgressed);
    answer(&RenderWorker::previewed, &RenderController::onPreviewed);
    answer(&RenderWorker::relieved, &RenderController::onRelieved);
    answer(&RenderWorker::rendered, &RenderController::onRendered);
    answer(&RenderWorker::failed, &RenderController::onFailed);
}

template<typename... Values>
void RenderController::answer(void (RenderWorker::*signal)(Values...), void (RenderController::*slot)(Values...))
{
    const auto post = [this, slot](Values... values) { m_answers.post([=, this] { (this->*slot)(values...); }); };
    connect(m_worker, signal, this, post, Qt::DirectConnection);
}

QString RenderController::modelName() const
{
    const QString name = QString::fromStdString(m_model.info.name);
    return name.isEmpty() ? QFileInfo(m_modelPath).completeBaseName() : name;
}

QString RenderController::modelDetail() const
{
    if (m_modelState != Ready)
        return {};
    const double millions = double(m_model.info.parameters) / 1e6;
    return tr("%1 · %2 · %3 M parameters")
        .arg(deviceTitle(m_model.device), QString::fromStdString(m_model.precision),
             QLocale().toString(millions, 'f', millions < 10 ? 1 : 0));
}

QVariantList RenderController::modelFacts() const
{
    // Unloaded or never loaded, the controller holds no model; while another is opened, the one before is still there.
    return m_model.info.path.empty() ? QVariantList() : ui::modelFacts(m_model);
}

double RenderController::fraction() const
{
    return m_progress.codesTotal > 0 ? double(m_progress.codesDone) / m_progress.codesTotal : 0.0;
}

QString RenderController::progressText() const
{
    if (!m_running)
        return {};
    if (cancelling())
        return tr("Stopping…");
    if (m_progress.codesDone == 0)
        return tr("Reading the map…");
    const QString codes = tr("%1 of %2 codes").arg(m_progress.codesDone).arg(m_progress.codesTotal);
    if (m_progress.codesPerSecond <= 0)
        return codes;
    const QString rate = QLocale().toString(m_progress.codesPerSecond, 'f', m_progress.codesPerSecond < 10 ? 1 : 0);
    const QString left = tr("%1 left").arg(durationText(m_progress.secondsLeft));
    return QStringList{tr("%1 · %2/s · %3").arg(codes, rate, left), tr("%1 · %2").arg(codes, left), left}.join(
        kTextDivider);
}

QRectF RenderController::windowRect() const
{
    if (!m_running || m_progress.codesDone >= m_progress.codesTotal)
        return {};
    const core::PixelRect &rect = m_progress.windowRect;
    return QRectF(rect.x, rect.y, rect.width, rect.height);
}

void RenderController::load(const QString &path)
{
    if (m_waiting) // for the model that goes
        cancel();
    m_loadingId = ++m_lastId;
    m_modelPath = path;
    m_modelState = Loading;
    m_worker->post([worker = m_worker, id = m_loadingId, path, fast = m_fast] { worker->load(id, path, fast); });
    Q_EMIT modelChanged();
}

void RenderController::loadModel(const QString &path)
{
    m_changingSpeed = false;
    load(path);
}

void RenderController::setFast(bool fast)
{
    if (fast == m_fast)
        return;
    m_fast = fast;
    if (m_modelState == Ready)
        m_changingSpeed = true;
    if (m_modelState == Ready || m_modelState == Loading)
        load(m_modelPath);
    else
        Q_EMIT modelChanged();
}

void RenderController::unloadModel()
{
    cancel();
    m_loadingId = 0; // one that is being opened is closed again
    m_changingSpeed = false;
    m_unloadId = m_lastId;
    m_overtaken.reset();
    m_model = {};
    m_modelPath.clear();
    m_modelState = NoModel;
    m_worker->post([worker = m_worker] { worker->unload(); });
    Q_EMIT modelChanged();
}

void RenderController::render(core::RenderRequest request)
{
    if (!m_running) {
        start(std::move(request));
        return;
    }
    m_waiting = std::move(request);
    m_running->unwanted->store(true);
    m_running->stop.request_stop();
    Q_EMIT busyChanged();
}

void RenderController::cancel()
{
    m_waiting.reset();
    if (m_running) {
        m_running->unwanted->store(m_running->abandoned); // otherwise what is done is kept after all
        m_running->stop.request_stop();
    }
    Q_EMIT busyChanged();
    Q_EMIT progressChanged();
}

void RenderController::abandon()
{
    if (m_running)
        m_running->abandoned = true;
    cancel();
}

void RenderController::start(core::RenderRequest request)
{
    m_running = Running{++m_lastId, {}, std::make_shared<std::atomic<bool>>(false), request.window};
    m_progress = {};
    m_clock.start();
    RenderJob job{m_running->id, std::move(request), 0, m_running->stop.get_token(), m_running->unwanted};
    job.previewEvery = previewEvery(job.request);
    m_worker->post([worker = m_worker, job = std::move(job)] { worker->render(job); });
    Q_EMIT busyChanged();
    Q_EMIT progressChanged();
}

void RenderController::endRun()
{
    m_running.reset();
    if (m_waiting) {
        core::RenderRequest next = std::move(*m_waiting);
        m_waiting.reset();
        start(std::move(next));
        return;
    }
    Q_EMIT busyChanged();
    Q_EMIT progressChanged();
}

int RenderController::previewEvery(const core::RenderRequest &request) const
{
    const int factor = std::max(1, m_model.info.factor);
    const int codes = (request.width / factor) * (request.height / factor);
    return std::max(1, codes / kPreviews);
}

void RenderController::onLoaded(quint64 id, const LoadedModel &model)
{
    if (id == m_loadingId)
        use(model);
    else if (m_loadingId != 0 && id > m_unloadId)
        m_overtaken = model; // what the worker goes on with should the one that is wanted fail
}

void RenderController::use(const LoadedModel &model)
{
    m_loadingId = 0;
    m_overtaken.reset();
    m_model = model;
    m_modelState = Ready;
    m_fast = model.fast;
    const bool isSame = std::exchange(m_changingSpeed, false);
    Q_EMIT modelChanged();
    if (!isSame)
        Q_EMIT modelLoaded(m_model.info);
}

// The model before, if there was one, is still loaded.
void RenderController::stayWithModelBefore()
{
    m_loadingId = 0;
    if (m_overtaken) {
        m_modelPath = QString::fromStdString(m_overtaken->info.path.string());
        return use(LoadedModel(*m_overtaken));
    }
    m_changingSpeed = false;
    m_modelState = m_model.info.path.empty() ? Failed : Ready;
    if (m_modelState == Ready) {
        m_modelPath = QString::fromStdString(m_model.info.path.string());
        m_fast = m_model.fast;
    }
    Q_EMIT modelChanged();
}

void RenderController::onProgressed(quint64 id, const core::RenderProgress &progress)
{
    if (!isCurrent(id))
        return;
    m_progress = progress;
    Q_EMIT progressChanged();
}

void RenderController::onPreviewed(quint64 id, const QImage &picture)
{
    if (!isCurrent(id))
        return;
    m_lastResult = stoppedText(); // true as long as no more of it comes
    Q_EMIT pictureGrew(picture);
}

void RenderController::onRelieved(quint64 id, const QString &what)
{
    if (isCurrent(id))
        Q_EMIT relieved(what);
}

void RenderController::onRendered(quint64 id, const RenderAnswer &answer)
{
    if (!m_running || m_running->id != id)
        return;
    followDevice(answer);
    if (isCurrent(id) && answer.finished) {
        m_lastResult = finishedText();
        Q_EMIT pictureFinished(answer.picture, answer.record);
    } else if (!answer.picture.isNull() && m_progress.codesDone > 0) {
        onPreviewed(id, answer.picture);
    }
    endRun();
}

// A render that ran out of memory may have gone on elsewhere.
void RenderController::followDevice(const RenderAnswer &answer)
{
    if (m_model.device == answer.device && m_model.precision == answer.precision)
        return;
    m_model.device = answer.device;
    m_model.precision = answer.precision;
    Q_EMIT modelChanged();
}

void RenderController::onFailed(quint64 id, const RenderFailure &failure)
{
    if (id == m_loadingId) {
        stayWithModelBefore();
        if (m_modelState == Ready)
            Q_EMIT modelKept();
        Q_EMIT failed(failure.code, failure.message);
    } else if (m_running && m_running->id == id) {
        const bool told = !*m_running->unwanted;
        endRun();
        if (told)
            Q_EMIT failed(failure.code, failure.message);
    }
}

QString RenderController::stoppedText() const
{
    return tr("Stopped at %1 of %2 codes").arg(m_progress.codesDone).arg(m_progress.codesTotal);
}

QString RenderController::finishedText() const
{
    const QString seconds = QLocale().toString(double(m_clock.elapsed()) / 1000.0, 'f', 1);
    const QString done = tr("%1 codes in %2 s").arg(m_progress.codesTotal).arg(seconds);
    const core::WindowPolicy &window = m_running->window;
    return window.kind == core::WindowPolicy::Kind::Exact ? done : tr("%1 · steps of %2").arg(done).arg(window.step);
}

} // namespace tessera::ui
