#include "ui/canvasitem.h"

#include <algorithm>
#include <cmath>

#include <QCursor>
#include <QQuickWindow>
#include <QSGSimpleTextureNode>

namespace tessera::ui
{

namespace
{

// Only tiles that changed are uploaded again: a brush stroke on a large canvas costs as much as on a small one.
constexpr int kTile = 512;            // pixels
constexpr double kWheelBase = 1.0015; // zoom per eighth of a degree; one notch (120) is about a fifth

int tilesAcross(const QSize &size)
{
    return (size.width() + kTile - 1) / kTile;
}

int tilesDown(const QSize &size)
{
    return (size.height() + kTile - 1) / kTile;
}

QRect tileRect(const QSize &size, int index)
{
    const int column = index % tilesAcross(size);
    const int row = index / tilesAcross(size);
    return QRect(column * kTile, row * kTile, kTile, kTile) & QRect(QPoint(), size);
}

// Edges lie on whole device pixels, so that neighbours neither overlap nor leave a gap.
QRectF snapped(const QRectF &rect, double ratio)
{
    const auto snap = [ratio](double value) { return std::round(value * ratio) / ratio; };
    const QPointF topLeft(snap(rect.left()), snap(rect.top()));
    return {topLeft, QPointF(snap(rect.right()), snap(rect.bottom()))};
}

} // namespace

CanvasItem::CanvasItem(QQuickItem *parent) : QQuickItem(parent)
{
    setFlag(ItemHasContents);
    setClip(true);
    setAcceptedMouseButtons(Qt::LeftButton | Qt::MiddleButton);
    setAcceptHoverEvents(true);
    setActiveFocusOnTab(true);
}

void CanvasItem::setView(CanvasView *view)
{
    if (m_view == view)
        return;
    if (m_view)
        m_view->disconnect(this);
    m_view = view;
    if (m_view)
        connect(m_view, &CanvasView::changed, this, &QQuickItem::update);
    tellPixelRatio();
    update();
    Q_EMIT viewChanged();
}

void CanvasItem::pressed(const QPointF &, Qt::KeyboardModifiers) {}
void CanvasItem::dragged(const QPointF &, Qt::KeyboardModifiers) {}
void CanvasItem::released() {}

void CanvasItem::markDirty(const QRect &area)
{
    const QSize size = image().size();
    if (size != m_tiledSize || area.isNull()) {
        m_tiledSize = size;
        m_dirtyTiles.assign(size_t(tilesAcross(size) * tilesDown(size)), true);
    }
    for (size_t i = 0; i < m_dirtyTiles.size(); ++i) {
        if (tileRect(size, int(i)).intersects(area))
            m_dirtyTiles[i] = true;
    }
    update();
}

QSGNode *CanvasItem::updatePaintNode(QSGNode *old, UpdatePaintNodeData *)
{
    const QImage shown = image();
    const bool shows = !shown.isNull() && m_view && shown.size() == m_tiledSize;
    // Tiles of another canvas go with their root: the software backend gives children that come later no place in the
    // window, so that they would lie over everything else.
    if (old && (!shows || old->childCount() != int(m_dirtyTiles.size()))) {
        delete old;
        old = nullptr;
    }
    if (!shows)
        return nullptr;
    QSGNode *root = old ? old : new QSGNode;
    auto *tile = static_cast<QSGSimpleTextureNode *>(root->firstChild());
    for (int i = 0; i < int(m_dirtyTiles.size()); ++i) {
        // The software backend draws a node as soon as it has a parent: a new one is made ready first.
        QSGSimpleTextureNode *current = tile ? tile : new QSGSimpleTextureNode;
        prepareTile(*current, shown, i, !tile);
        if (tile)
            tile = static_cast<QSGSimpleTextureNode *>(tile->nextSibling());
        else
            root->appendChildNode(current);
    }
    return root;
}

void CanvasItem::prepareTile(QSGSimpleTextureNode &tile, const QImage &shown, int index, bool isNew)
{
    const QRect source = tileRect(m_tiledSize, index);
    if (isNew)
        tile.setOwnsTexture(true);
    if (isNew || m_dirtyTiles[size_t(index)]) {
        tile.setTexture(window()->createTextureFromImage(shown.copy(source), QQuickWindow::TextureIsOpaque));
        m_dirtyTiles[size_t(index)] = false;
    }
    const double ratio = window()->effectiveDevicePixelRatio();
    const bool smooth = smoothWhenSmall() && m_view->zoom() * ratio < 2.0;
    tile.setFiltering(smooth ? QSGTexture::Linear : QSGTexture::Nearest);
    tile.setRect(snapped(m_view->onScreen(source, size()), ratio));
}

void CanvasItem::geometryChange(const QRectF &now, const QRectF &before)
{
    QQuickItem::geometryChange(now, before);
    update();
}

void CanvasItem::itemChange(ItemChange change, const ItemChangeData &value)
{
    QQuickItem::itemChange(change, value);
    if (change == ItemSceneChange)
        tellPixelRatio();
    else if (change == ItemDevicePixelRatioHasChanged && m_view)
        m_view->setPixelRatio(value.realValue); // the window may still have the one before
}

void CanvasItem::tellPixelRatio()
{
    if (m_view && window())
        m_view->setPixelRatio(window()->effectiveDevicePixelRatio());
}

QPointF CanvasItem::toImage(const QPointF &screen) const
{
    return m_view ? m_view->toImage(screen, size()) : QPointF();
}

void CanvasItem::wheelEvent(QWheelEvent *event)
{
    if (m_view && event->angleDelta().y() != 0)
        m_view->zoomAt(std::pow(kWheelBase, event->angleDelta().y()), event->position(), size());
    moveCursor(event->position());
    event->accept();
}

void CanvasItem::mousePressEvent(QMouseEvent *event)
{
    forceActiveFocus(Qt::MouseFocusReason);
    setVisualFocus(false);
    moveCursor(event->position());
    if (m_drag != Drag::None || !m_view)
        return; // a second button changes nothing
    m_dragButton = event->button();
    if (event->button() == Qt::MiddleButton || m_spaceHeld || toolCursor() == Qt::OpenHandCursor) {
        m_drag = Drag::Pan;
        m_lastScreen = event->position();
    } else {
        m_drag = Drag::Tool;
        pressed(m_cursor, event->modifiers());
    }
    updateCursorShape();
}

void CanvasItem::mouseMoveEvent(QMouseEvent *event)
{
    if (m_drag == Drag::Pan && m_view) {
        m_view->pan(event->position() - m_lastScreen);
        m_lastScreen = event->position();
    }
    moveCursor(event->position());
    if (m_drag == Drag::Tool)
        dragged(m_cursor, event->modifiers());
}

void CanvasItem::mouseReleaseEvent(QMouseEvent *event)
{
    if (event->button() == m_dragButton)
        mouseUngrabEvent();
}

void CanvasItem::mouseUngrabEvent()
{
    const Drag ended = m_drag;
    m_drag = Drag::None;
    if (ended == Drag::Tool)
        released();
    updateCursorShape();
}

void CanvasItem::hoverEnterEvent(QHoverEvent *event)
{
    m_cursorInside = true;
    moveCursor(event->position());
    updateCursorShape();
}

void CanvasItem::hoverMoveEvent(QHoverEvent *event)
{
    m_cursorInside = true;
    moveCursor(event->position());
}

void CanvasItem::hoverLeaveEvent(QHoverEvent *)
{
    m_cursorInside = false;
    Q_EMIT cursorChanged();
}

void CanvasItem::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space) {
        if (!event->isAutoRepeat())
            setSpaceHeld(true);
        return;
    }
    event->ignore();
}

void CanvasItem::keyReleaseEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Space) {
        if (!event->isAutoRepeat())
            setSpaceHeld(false);
        return;
    }
    event->ignore();
}

void CanvasItem::focusInEvent(QFocusEvent *event)
{
    setVisualFocus(event->reason() == Qt::TabFocusReason || event->reason() == Qt::BacktabFocusReason);
    QQuickItem::focusInEvent(event);
}

void CanvasItem::focusOutEvent(QFocusEvent *event)
{
    setVisualFocus(false);
    setSpaceHeld(false); // its release will go elsewhere
    QQuickItem::focusOutEvent(event);
}

void CanvasItem::moveCursor(const QPointF &screen)
{
    m_cursor = toImage(screen);
    Q_EMIT cursorChanged();
}

QPoint CanvasItem::cursorPixel() const
{
    return {int(std::floor(m_cursor.x())), int(std::floor(m_cursor.y()))};
}

void CanvasItem::setVisualFocus(bool visual)
{
    if (m_visualFocus == visual)
        return;
    m_visualFocus = visual;
    Q_EMIT visualFocusChanged();
}

void CanvasItem::setSpaceHeld(bool held)
{
    m_spaceHeld = held;
    updateCursorShape();
}

void CanvasItem::updateCursorShape()
{
    if (m_drag == Drag::Pan)
        setCursor(Qt::ClosedHandCursor);
    else if (m_spaceHeld)
        setCursor(Qt::OpenHandCursor);
    else
        setCursor(toolCursor());
}

} // namespace tessera::ui
