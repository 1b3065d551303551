// The painter: command line and wiring.

#include <cstdio>

#include <QFileInfo>
#include <QGuiApplication>
#include <QQmlApplicationEngine>
#include <QQuickStyle>
#include <QQuickWindow>
#include <QTimer>

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

void openFirst(ui::Session &session, const app::PainterOptions &options)
{
    if (options.file.isEmpty())
        session.openExample();
    else
        session.openMap(QUrl::fromLocalFile(QFileInfo(options.file).absoluteFilePath()));
    session.controller()->loadModel(options.model);
}

void resizeWindow(QQuickWindow &window, const QString &size)
{
    const int width = size.section('x', 0, 0).toInt();
    const int height = size.section('x', 1, 1).toInt();
    if (width > 0 && height > 0)
        window.resize(width, height);
}

// For looking at the window without a screen. The scene names what has happened: "render" or nothing.
void takeScreenshot(ui::Session &session, QQuickWindow &window, const app::PainterOptions &options)
{
    if (options.scene == "render")
        QObject::connect(session.controller(), &ui::RenderController::modelLoaded, &session, &ui::Session::render);
    QTimer::singleShot(kScreenshotDelayMs, &window, [&window, file = options.screenshot] {
        const bool written = window.grabWindow().save(file);
        QCoreApplication::exit(written ? 0 : 1);
    });
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

} // namespace

int main(int argc, char **argv)
{
    tessera::app::parkWaitingThreads(argv);
    QGuiApplication application(argc, argv);
    QGuiApplication::setApplicationName("tessera");
    QGuiApplication::setApplicationDisplayName("Tessera");
    QGuiApplication::setApplicationVersion(TESSERA_VERSION);
    QGuiApplication::setDesktopFileName("tessera");
    QQuickStyle::setStyle("Basic");
    const app::PainterOptions options = app::parsePainterOptions(QGuiApplication::arguments());
    try {
        return runPainter(options);
    } catch (const Error &error) {
        std::fprintf(stderr, "tessera: %s\n", error.what());
        return 1;
    }
}
