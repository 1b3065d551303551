#include "painterwindow.h"

#include <QCursor>
#include <QDir>
#include <QDragEnterEvent>
#include <QMimeData>
#include <QQmlAbstractUrlInterceptor>

namespace tessera::tests
{

namespace
{

// With TESSERA_QML_FOLDER set to ui/qml the files there are tried without a build.
class FolderInterceptor : public QQmlAbstractUrlInterceptor
{
public:
    QUrl intercept(const QUrl &url, DataType type) override
    {
        const QString folder = qEnvironmentVariable("TESSERA_QML_FOLDER");
        const bool ours = url.toString().startsWith("qrc:/qt/qml/Tessera/") && type == QmlFile;
        return ours && !folder.isEmpty() ? QUrl::fromLocalFile(QDir(folder).absoluteFilePath(url.fileName())) : url;
    }
};

FolderInterceptor interceptor;

QPoint centreOf(const QWindow &window)
{
    return {window.width() / 2, window.height() / 2};
}

} // namespace

PainterWindow::PainterWindow(ui::FakeScript script)
    : PainterWindow(std::make_unique<ui::FakeBackend>(std::move(script)))
{}

PainterWindow::PainterWindow(std::unique_ptr<ui::RenderBackend> backend) : session(std::move(backend))
{
    open();
}

void PainterWindow::open()
{
    engine.addImportPath("qrc:/qt/qml");
    engine.addUrlInterceptor(&interceptor);
    engine.setInitialProperties({{"session", QVariant::fromValue(&session)}});
    engine.load(QUrl("qrc:/qt/qml/Tessera/Main.qml"));
    if (!engine.rootObjects().isEmpty())
        window = qobject_cast<QQuickWindow *>(engine.rootObjects().first());
    if (!window || !QTest::qWaitForWindowExposed(window))
        qFatal("the window did not open");
    window->resize(1280, 800); // the screen that is drawn in memory is narrower
    QCursor::setPos(window->mapToGlobal(QPoint(window->width() * 2 / 3, 20))); // on nothing that shows a tip
    QTest::qWait(1); // or the move would arrive within the test's first stroke
}

QQuickItem *findItem(QQuickItem *root, const QString &objectName)
{
    if (root->objectName() == objectName)
        return root;
    for (QQuickItem *child : root->childItems()) {
        if (QQuickItem *found = findItem(child, objectName))
            return found;
    }
    return nullptr;
}

QQuickItem *PainterWindow::item(const QString &objectName) const
{
    return findItem(window->contentItem(), objectName);
}

QString PainterWindow::text(const QString &objectName) const
{
    const QQuickItem *found = item(objectName);
    return found ? found->property("text").toString() : QString();
}

bool PainterWindow::shown(const QString &objectName) const
{
    const QQuickItem *found = item(objectName);
    return found && found->isVisible();
}

QPoint PainterWindow::middleOf(const QString &objectName) const
{
    const QQuickItem *button = item(objectName);
    if (!button || !button->isVisible() || !button->isEnabled())
        qFatal("no button to click: %s", qPrintable(objectName));
    return button->mapToScene({button->width() / 2, button->height() / 2}).toPoint();
}

void PainterWindow::click(const QString &objectName)
{
    QTest::mouseClick(window, Qt::LeftButton, {}, middleOf(objectName));
}

void PainterWindow::doubleClick(const QString &objectName)
{
    QTest::mouseDClick(window, Qt::LeftButton, {}, middleOf(objectName));
}

void PainterWindow::key(Qt::Key key, Qt::KeyboardModifiers modifiers)
{
    QTest::keyClick(window, key, modifiers);
}

void PainterWindow::type(const QString &text)
{
    for (const QChar letter : text)
        QTest::keyClick(window, letter.toLatin1());
}

void PainterWindow::holdOver(const QString &path)
{
    QMimeData content;
    content.setUrls({QUrl::fromLocalFile(path)});
    QDragEnterEvent enter(centreOf(*window), Qt::CopyAction, &content, Qt::LeftButton, {});
    QCoreApplication::sendEvent(window, &enter);
}

void PainterWindow::holdNoLonger()
{
    QDragLeaveEvent leave;
    QCoreApplication::sendEvent(window, &leave);
}

void PainterWindow::drop(const QString &path)
{
    holdOver(path);
    QMimeData content;
    content.setUrls({QUrl::fromLocalFile(path)});
    QDropEvent dropped(centreOf(*window), Qt::CopyAction, &content, Qt::LeftButton, {});
    QCoreApplication::sendEvent(window, &dropped);
}

QPoint PainterWindow::onScreen(const QPointF &mapPoint) const
{
    const ui::MapItem *map = canvas();
    return map->mapToScene(map->view()->toScreen(mapPoint, map->size())).toPoint();
}

void PainterWindow::press(const QPointF &mapPoint, Qt::KeyboardModifiers modifiers)
{
    QTest::mousePress(window, Qt::LeftButton, modifiers, onScreen(mapPoint));
}

void PainterWindow::moveTo(const QPointF &mapPoint)
{
    QTest::mouseMove(window, onScreen(mapPoint));
}

void PainterWindow::release(const QPointF &mapPoint, Qt::KeyboardModifiers modifiers)
{
    QTest::mouseRelease(window, Qt::LeftButton, modifiers, onScreen(mapPoint));
}

void PainterWindow::stroke(const QPointF &from, const QPointF &to, Qt::KeyboardModifiers modifiers)
{
    press(from, modifiers);
    moveTo((from + to) / 2);
    moveTo(to);
    release(to, modifiers);
}

QImage PainterWindow::grab()
{
    return window->grabWindow();
}

void PainterWindow::saveScreenshot(const QString &name)
{
    QDir().mkpath(TESSERA_SCREENSHOT_FOLDER);
    if (!grab().save(QString(TESSERA_SCREENSHOT_FOLDER) + "/" + name))
        qFatal("the screenshot could not be saved: %s", qPrintable(name));
}

bool PainterWindow::loadModel(const QString &path)
{
    session.controller()->loadModel(path);
    return QTest::qWaitFor([this] { return session.controller()->modelState() == ui::RenderController::Ready; },
                           kWaitMs);
}

} // namespace tessera::tests
