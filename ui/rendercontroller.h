// The render thread from the UI's side: one job runs, at most one waits, a newer one replaces the waiting one. An
// explicit Render stops the running one; Cancel stops it and keeps what is done. UI thread; make it after and destroy
// it before QGuiApplication.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include <QElapsedTimer>
#include <QObject>
#include <QRectF>
#include <QThread>
#include <QVariantList>
#include <QtQml/qqmlregistration.h>

#include "ui/renderworker.h"

namespace tessera::ui
{

class RenderController : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(ModelState modelState READ modelState NOTIFY modelChanged)
    Q_PROPERTY(QString modelName READ modelName NOTIFY modelChanged)
    Q_PROPERTY(QString modelDetail READ modelDetail NOTIFY modelChanged) // device, precision, size
    // What the model is and needs, see modelfacts.h; empty while none is open.
    Q_PROPERTY(QVariantList modelFacts READ modelFacts NOTIFY modelChanged)
    // Models are opened in their fastest precision instead of the exact one; changing it opens the model anew.
    Q_PROPERTY(bool fast READ fast WRITE setFast NOTIFY modelChanged)
    // A model is on its way that is not the one in use in another precision.
    Q_PROPERTY(bool openingAnother READ openingAnother NOTIFY modelChanged)
    Q_PROPERTY(bool fasterOffered READ fasterOffered NOTIFY modelChanged) // for the open model
    Q_PROPERTY(bool busy READ busy NOTIFY busyChanged)                    // a render runs or waits
    Q_PROPERTY(bool cancelling READ cancelling NOTIFY busyChanged)        // asked to stop, not yet stopped
    Q_PROPERTY(double fraction READ fraction NOTIFY progressChanged)      // 0 .. 1
    // In several lengths, one after the other as Qt Quick's Text divides them: it shows the first that has room.
    Q_PROPERTY(QString progressText READ progressText NOTIFY progressChanged)
    // The attention window of the latest code, in pixels of the picture; empty while nothing renders.
    Q_PROPERTY(QRectF windowRect READ windowRect NOTIFY progressChanged)

public:
    enum ModelState { NoModel, Loading, Ready, Failed };
    Q_ENUM(ModelState)

    explicit RenderController(std::unique_ptr<RenderBackend> backend, QObject *parent = nullptr);
    ~RenderController() override;

    ModelState modelState() const { return m_modelState; }
    QString modelName() const;
    QString modelDetail() const;
    const QString &modelPath() const { return m_modelPath; }
    QVariantList modelFacts() const;
    const core::ModelInfo &modelInfo() const { return m_model.info; }
    bool fast() const { return m_fast; }
    bool fasterOffered() const { return m_model.fasterOffered(); }
    const std::string &precision() const { return m_model.precision; } // of the open model
    const std::string &fastPrecision() const { return m_model.fastPrecision; }
    bool openingAnother() const { return m_modelState == Loading && !m_changingSpeed; }
    bool busy() const { return m_running || m_waiting; }
    bool cancelling() const { return m_running && m_running->stop.stop_requested() && !m_waiting; }
    int codesDone() const { return m_progress.codesDone; }
    int codesTotal() const { return m_progress.codesTotal; }
    double fraction() const;
    QString progressText() const;
    QRectF windowRect() const;
    // Of the picture that was given last: "256 codes in 6.2 s", "Stopped at 40 of 256 codes".
    const QString &lastResult() const { return m_lastResult; }

    // A path, or "starter". Opened after a running render, which goes on; one that waits is dropped. Until it is loaded,
    // the model before stays in use.
    void loadModel(const QString &path);
    // As loadModel for the model that is open; modelLoaded is not emitted, since it is the same.
    void setFast(bool fast);
    // Stops a running render and gives the model's memory back.
    Q_INVOKABLE void unloadModel();
    // The values decide the picture: later changes of the map do not reach the render.
    void render(core::RenderRequest request);
    Q_INVOKABLE void cancel();
    // Stops it for good: not even what is done is shown.
    void abandon();

Q_SIGNALS:
    void modelChanged();
    void modelLoaded(const tessera::core::ModelInfo &info);
    void modelKept(); // another one could not be opened
    void busyChanged();
    void progressChanged();
    void pictureGrew(const QImage &picture); // partial, or stopped before the end
    void pictureFinished(const QImage &picture, const QByteArray &record);
    void relieved(const QString &what); // memory ran out; the render goes on without this
    void failed(tessera::ErrorCode code, const QString &message);

private:
    struct Running {
        quint64 id = 0;
        std::stop_source stop;
        std::shared_ptr<std::atomic<bool>> unwanted; // shared with its RenderJob
        core::WindowPolicy window{};
        bool abandoned = false; // unwanted whatever comes
    };

    void connectWorker();
    // A signal of the worker, emitted on its thread, calls a function here on the UI thread.
    template<typename... Values>
    void answer(void (RenderWorker::*signal)(Values...), void (RenderController::*slot)(Values...));
    void load(const QString &path);
    void start(core::RenderRequest request);
    void endRun();
    int previewEvery(const core::RenderRequest &request) const;
    bool isCurrent(quint64 id) const { return m_running && m_running->id == id && !*m_running->unwanted; }

    void use(const LoadedModel &model);
    void stayWithModelBefore();
    void onLoaded(quint64 id, const LoadedModel &model);
    void onProgressed(quint64 id, const core::RenderProgress &progress);
    void onPreviewed(quint64 id, const QImage &picture);
    void onRelieved(quint64 id, const QString &what);
    void onRendered(quint64 id, const RenderAnswer &answer);
    void onFailed(quint64 id, const RenderFailure &failure);
    void followDevice(const RenderAnswer &answer);
    QString stoppedText() const;
    QString finishedText() const;

    QThread m_thread;
    RenderWorker *m_worker = nullptr; // lives on m_thread, which deletes it
    Mailbox m_answers;
    quint64 m_lastId = 0;
    quint64 m_loadingId = 0;                // 0: no model is being loaded
    quint64 m_unloadId = 0;                 // what was asked for up to this one was unloaded again
    std::optional<LoadedModel> m_overtaken; // the worker's model, while another one is being loaded
    std::optional<Running> m_running;
    std::optional<core::RenderRequest> m_waiting;
    ModelState m_modelState = NoModel;
    LoadedModel m_model;
    QString m_modelPath;
    bool m_fast = false;
    bool m_changingSpeed = false; // what is being loaded is the model in use
    core::RenderProgress m_progress;
    QString m_lastResult;
    QElapsedTimer m_clock; // of the running render
};

} // namespace tessera::ui
