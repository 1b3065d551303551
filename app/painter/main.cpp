// The painter: command line and wiring.

#include <cstdio>

#include <QCursor>
#include <QFileInfo>
#include <QGuiApplication>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QTimer>

#include "app/common/decimalpoints.h"
#include "app/common/parkthreads.h"
#include "app/painter/options.h"
#include "models/error.h"
#include "ui/corebackend.h"
#include "ui/fakebackend.h"
#include "ui/session.h"

using namespace tessera;

namespace
{

constexpr int kScreenshotDelayMs = 1200; // the first frames, and a fake render under way

std::unique_ptr<ui::RenderBackend> makeBackend(const app::PainterOptions &options)
{
    if (options.fakeRenderer)
        return std::make_unique<ui::FakeBackend>(ui::fakeScriptFromText(*options.fakeRenderer));
    core::RendererOptions renderer;
    renderer.device = options.device.toStdString();
    renderer.threads = options.threads;
    return std::make_unique<ui::CoreBackend>(std::move(renderer));
}

// A model that takes it keeps it.
void chooseSource(ui::Session &session, const QString &name)
{
    if (name == "depth")
        session.setSource(ui::Session::Depth);
    else if (name == "edges")
        session.setSource(ui::Session::Edges);
}

void openFirst(ui::Session &session, const app::PainterOptions &options)
{
    chooseSource(session, options.paintFrom);
    if (!options.file.isEmpty()) {
        session.openMapWithModel(options.model, QUrl::fromLocalFile(QFileInfo(options.file).absoluteFilePath()));
        return;
    }
    session.openExample();
    session.controller()->loadModel(options.model);
}

void resizeWindow(QQuickWindow &window, const QString &size)
{
    const int width = size.section('x', 0, 0).toInt();
    const int height = size.section('x', 1, 1).toInt();
    if (width > 0 && height > 0)
        window.resize(width, height);
}

void grabAndQuit(QQuickWindow &window, const QString &file)
{
    // Once it is on the screen, the pointer goes where nothing shows a tip.
    QTimer::singleShot(0, &window,
                       [&window] { QCursor::setPos(window.mapToGlobal(QPoint(window.width() * 2 / 3, 20))); });
    QTimer::singleShot(kScreenshotDelayMs, &window, [&window, file] {
        const bool written = window.grabWindow().save(file);
        QCoreApplication::exit(written ? 0 : 1);
    });
}

// For looking at the window without a screen. The scene names what happens before: "render" begins one, "rendered"
// waits for its end.
void takeScreenshot(ui::Session &session, QQuickWindow &window, const app::PainterOptions &options)
{
    const QString file = options.screenshot;
    if (options.scene == "render" || options.scene == "rendered")
        QObject::connect(session.controller(), &ui::RenderController::modelLoaded, &session, &ui::Session::render);
    if (options.scene == "rendered")
        QObject::connect(session.controller(), &ui::RenderController::pictureFinished, &window,
                         [&window, file] { grabAndQuit(window, file); });
    else
        grabAndQuit(window, file);
}

int runPainter(const app::PainterOptions &options)
{
    ui::Session session(makeBackend(options));
    QQmlApplicationEngine engine;
    engine.addImportPath("qrc:/qt/qml");
    engine.setInitialProperties({{"session", QVariant::fromValue(&session)}});
    engine.load(QUrl("qrc:/qt/qml/Tessera/Main.qml"));
    auto *window =
        engine.rootObjects().isEmpty() ? nullptr : qobject_cast<QQuickWindow *>(engine.rootObjects().first());
    if (!window) {
        std::fprintf(stderr, "tessera: the window could not be made; see the messages above\n");
        return 1;
    }
    resizeWindow(*window, options.windowSize);
    openFirst(session, options);
    if (!options.screenshot.isEmpty())
        takeScreenshot(session, *window, options);
    return QGuiApplication::exec();
}

// Help, the version and complaints need no display: what they need of Qt is gone again before the window's application
// is made.
app::PainterOptions readOptions(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    QCoreApplication::setApplicationName("tessera");
    QCoreApplication::setApplicationVersion(TESSERA_VERSION);
    return app::parsePainterOptions(QCoreApplication::arguments());
}

// Qt would abort instead of saying it.
bool hasDisplay(int argc, char **argv)
{
    const auto named = [](const char *variable) { return !qEnvironmentVariableIsEmpty(variable); };
    return app::choosesDisplay(QStringList(argv + 1, argv + argc)) || named("DISPLAY") || named("WAYLAND_DISPLAY")
           || named("QT_QPA_PLATFORM");
}

} // namespace

int main(int argc, char **argv)
{
    tessera::app::parkWaitingThreads(argv);
    const app::PainterOptions options = readOptions(argc, argv);
    if (!hasDisplay(argc, argv)) {
        std::fprintf(stderr,
                     "tessera: there is no display (DISPLAY and WAYLAND_DISPLAY are empty); tessera-cli renders "
                     "without one\n");
        return 1;
    }
    QGuiApplication application(argc, argv);
    app::keepDecimalPoints();
    QGuiApplication::setApplicationDisplayName("Tessera");
    QGuiApplication::setDesktopFileName("tessera");
    QQuickStyle::setStyle("Basic");
    try {
        return runPainter(options);
    } catch (const Error &error) {
        std::fprintf(stderr, "tessera: %s\n", error.what());
        return 1;
    }
}
