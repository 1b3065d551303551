// The real window over a backend of the test's choice, with hands: keys, buttons, strokes.
#pragma once

#include <memory>

#include <QQmlApplicationEngine>
#include <QQuickItem>
#include <QQuickWindow>
#include <QTest>

#include "ui/fakebackend.h"
#include "ui/panes.h"
#include "ui/session.h"

namespace tessera::tests
{

class PainterWindow
{
public:
    explicit PainterWindow(ui::FakeScript script = {});
    explicit PainterWindow(std::unique_ptr<ui::RenderBackend> backend);

    ui::Session session;
    QQmlApplicationEngine engine;
    QQuickWindow *window = nullptr;

    QQuickItem *item(const QString &objectName) const; // null when there is none
    ui::MapItem *canvas() const { return qobject_cast<ui::MapItem *>(item("mapCanvas")); }
    QString text(const QString &objectName) const;
    bool shown(const QString &objectName) const;

    void click(const QString &objectName);
    void doubleClick(const QString &objectName);
    void key(Qt::Key key, Qt::KeyboardModifiers modifiers = {});
    void type(const QString &text);
    // Over the middle of the window.
    void holdOver(const QString &path);
    void holdNoLonger();
    void drop(const QString &path);
    // A map pixel's middle in the window's coordinates.
    QPoint onScreen(const QPointF &mapPoint) const;
    void press(const QPointF &mapPoint, Qt::KeyboardModifiers modifiers = {});
    void moveTo(const QPointF &mapPoint);
    void release(const QPointF &mapPoint, Qt::KeyboardModifiers modifiers = {});
    void stroke(const QPointF &from, const QPointF &to, Qt::KeyboardModifiers modifiers = {});

    int labelAt(int x, int y) { return session.labels()->map().at(x, y); }
    QImage grab();
    void saveScreenshot(const QString &name);
    // Opens a model, see ui/fakebackend.h for the names of fake ones, and waits for it.
    bool loadModel(const QString &path = "model.safetensors");

private:
    void open();
    QPoint middleOf(const QString &objectName) const; // of a button that can be pressed
};

inline constexpr int kWaitMs = 10000;

} // namespace tessera::tests
