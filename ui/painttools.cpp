#include "ui/painttools.h"

#include <algorithm>
#include <cmath>

#include "core/map/strokes.h"

namespace tessera::ui
{

namespace
{

QPoint pixelAt(const QPointF &point)
{
    return {int(std::floor(point.x())), int(std::floor(point.y()))};
}

core::PixelPoint toPixelPoint(const QPointF &point)
{
    return {point.x(), point.y()};
}

int brushStep(int size, bool big)
{
    return big ? std::max(8, size / 2) : std::max(1, size / 8);
}

QRect spanned(QPoint corner, QPoint other, bool square)
{
    if (square) {
        const QPoint span = other - corner;
        const int side = std::max(std::abs(span.x()), std::abs(span.y()));
        other = corner + QPoint(span.x() < 0 ? -side : side, span.y() < 0 ? -side : side);
    }
    const QPoint least(std::min(corner.x(), other.x()), std::min(corner.y(), other.y()));
    const QPoint most(std::max(corner.x(), other.x()), std::max(corner.y(), other.y()));
    return {least, most};
}

} // namespace

PaintTools::PaintTools(Document &document, QObject *parent) : QObject(parent), m_document(document) {}

void PaintTools::setTool(Tool tool)
{
    if (m_tool == tool)
        return;
    cancelGesture();
    m_tool = tool;
    Q_EMIT toolChanged();
}

void PaintTools::setLabel(int label)
{
    if (m_tool == Eraser || m_tool == Picker)
        setTool(Brush);
    if (m_label == label)
        return;
    m_label = label;
    Q_EMIT labelChanged();
}

void PaintTools::setBrushSize(int size)
{
    const int allowed = std::clamp(size, kSmallestBrush, kLargestBrush);
    if (m_brushSize == allowed)
        return;
    m_brushSize = allowed;
    Q_EMIT brushSizeChanged();
}

void PaintTools::growBrush(bool big)
{
    setBrushSize(m_brushSize + brushStep(m_brushSize, big));
}

void PaintTools::shrinkBrush(bool big)
{
    setBrushSize(m_brushSize - brushStep(m_brushSize, big));
}

void PaintTools::press(const QPointF &point, Qt::KeyboardModifiers modifiers)
{
    m_pressed = true;
    m_picking = m_tool == Picker || modifiers.testFlag(Qt::ControlModifier);
    if (m_picking) {
        pick(point);
        return;
    }
    m_document.beginGesture();
    switch (m_tool) {
    case Brush:
    case Eraser:
        stroke(modifiers.testFlag(Qt::ShiftModifier) && m_hasLastPoint ? m_lastPoint : point, point);
        break;
    case Fill:
        floodFrom(point);
        break;
    case Rectangle:
        m_corner = pixelAt(point);
        setPendingRectangle(spanned(m_corner, m_corner, false));
        break;
    case Picker:
        break;
    }
}

void PaintTools::drag(const QPointF &point, Qt::KeyboardModifiers modifiers)
{
    if (!m_pressed || (!m_picking && !m_document.gestureOpen()))
        return; // the document was replaced under the pen
    if (m_picking)
        pick(point);
    else if (m_tool == Brush || m_tool == Eraser)
        stroke(m_lastPoint, point);
    else if (m_tool == Rectangle)
        setPendingRectangle(spanned(m_corner, pixelAt(point), modifiers.testFlag(Qt::ShiftModifier)));
}

void PaintTools::release()
{
    if (!m_pressed)
        return;
    m_pressed = false;
    if (m_picking || !m_document.gestureOpen())
        return;
    if (m_tool == Rectangle) {
        const core::PixelRect area{m_pendingRectangle.x(), m_pendingRectangle.y(), m_pendingRectangle.width(),
                                   m_pendingRectangle.height()};
        m_document.apply([&](core::LabelMap &map) { return core::fillRect(map, area, uint8_t(m_label)); });
        setPendingRectangle({});
    }
    m_document.endGesture();
}

bool PaintTools::cancelGesture()
{
    if (!m_pressed)
        return false;
    m_pressed = false;
    setPendingRectangle({});
    m_document.cancelGesture();
    return true;
}

int PaintTools::labelAt(const QPoint &pixel) const
{
    const core::LabelMap &map = m_document.map();
    return map.rect().contains(pixel.x(), pixel.y()) ? map.at(pixel.x(), pixel.y()) : -1;
}

void PaintTools::stroke(const QPointF &from, const QPointF &to)
{
    const uint8_t label = m_tool == Eraser ? core::kVoidLabel : uint8_t(m_label);
    m_document.apply([&](core::LabelMap &map) {
        return core::paintStroke(map, toPixelPoint(from), toPixelPoint(to), m_brushSize, label);
    });
    m_lastPoint = to;
    m_hasLastPoint = true;
}

void PaintTools::floodFrom(const QPointF &point)
{
    const QPoint pixel = pixelAt(point);
    m_document.apply([&](core::LabelMap &map) { return core::floodFill(map, pixel.x(), pixel.y(), uint8_t(m_label)); });
}

void PaintTools::pick(const QPointF &point)
{
    const int label = labelAt(pixelAt(point));
    if (label == core::kVoidLabel) {
        setTool(Eraser); // void is not in the palette
    } else if (label > 0) {
        setLabel(label);
    }
}

void PaintTools::setPendingRectangle(const QRect &rect)
{
    if (m_pendingRectangle == rect)
        return;
    m_pendingRectangle = rect;
    Q_EMIT pendingRectangleChanged();
}

} // namespace tessera::ui
