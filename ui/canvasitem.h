// A pane that shows an image through a shared CanvasView: wheel zooms at the cursor, middle drag or Space + drag pans.
// What the image is, and what the left button does, is the subclasses' business. UI thread but updatePaintNode.
#pragma once

#include <vector>

#include <QImage>
#include <QPointer>
#include <QQuickItem>

#include "ui/canvasview.h"

class QSGSimpleTextureNode;

namespace tessera::ui
{

class CanvasItem : public QQuickItem
{
    Q_OBJECT
    QML_ANONYMOUS
    Q_PROPERTY(tessera::ui::CanvasView *view READ view WRITE setView NOTIFY viewChanged)
    Q_PROPERTY(QPointF cursor READ cursor NOTIFY cursorChanged)             // image pixels
    Q_PROPERTY(QPoint cursorPixel READ cursorPixel NOTIFY cursorChanged)    // the image's pixel there
    Q_PROPERTY(bool cursorInside READ cursorInside NOTIFY cursorChanged)    // over the pane
    Q_PROPERTY(bool visualFocus READ visualFocus NOTIFY visualFocusChanged) // the keyboard brought the focus here

public:
    explicit CanvasItem(QQuickItem *parent = nullptr);

    CanvasView *view() const { return m_view; }
    void setView(CanvasView *view);
    QPointF cursor() const { return m_cursor; }
    QPoint cursorPixel() const;
    bool cursorInside() const { return m_cursorInside; }
    bool visualFocus() const { return m_visualFocus; }

Q_SIGNALS:
    void viewChanged();
    void cursorChanged();
    void visualFocusChanged();

protected:
    virtual QImage image() const = 0;
    // Left button without pan keys. `imagePoint` in image pixels.
    virtual void pressed(const QPointF &imagePoint, Qt::KeyboardModifiers modifiers);
    virtual void dragged(const QPointF &imagePoint, Qt::KeyboardModifiers modifiers);
    virtual void released();
    virtual Qt::CursorShape toolCursor() const { return Qt::OpenHandCursor; }
    // Linear where pixels are smaller than the screen's, and the subclass wishes it.
    virtual bool smoothWhenSmall() const { return false; }

    void markDirty(const QRect &area); // image pixels; a null rectangle: all
    void updateCursorShape();

    QSGNode *updatePaintNode(QSGNode *old, UpdatePaintNodeData *) override;
    void geometryChange(const QRectF &now, const QRectF &before) override;
    void itemChange(ItemChange change, const ItemChangeData &value) override;
    void wheelEvent(QWheelEvent *event) override;
    void mousePressEvent(QMouseEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void mouseReleaseEvent(QMouseEvent *event) override;
    void mouseUngrabEvent() override;
    void hoverEnterEvent(QHoverEvent *event) override;
    void hoverMoveEvent(QHoverEvent *event) override;
    void hoverLeaveEvent(QHoverEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void keyReleaseEvent(QKeyEvent *event) override;
    void focusInEvent(QFocusEvent *event) override;
    void focusOutEvent(QFocusEvent *event) override;

private:
    enum class Drag { None, Pan, Tool };

    void prepareTile(QSGSimpleTextureNode &tile, const QImage &shown, int index, bool isNew);
    void tellPixelRatio();
    void moveCursor(const QPointF &screen);
    void setSpaceHeld(bool held);
    void setVisualFocus(bool visual);
    QPointF toImage(const QPointF &screen) const;

    QPointer<CanvasView> m_view;
    QPointF m_cursor;
    bool m_cursorInside = false;
    bool m_spaceHeld = false;
    bool m_visualFocus = false;
    Qt::MouseButton m_dragButton = Qt::NoButton; // that began the drag
    Drag m_drag = Drag::None;
    QPointF m_lastScreen; // while panning
    QSize m_tiledSize;    // size of the image that the tiles were made for
    std::vector<bool> m_dirtyTiles;
};

} // namespace tessera::ui
