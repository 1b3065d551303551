#include "ui/painttools.h"

#include <algorithm>
#include <cmath>

namespace tessera::ui
{

namespace
{

QPoint pixelAt(const QPointF &point)
{
    return {int(std::floor(point.x())), int(std::floor(point.y()))};
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

// The end of a gradient, brought on a level or upright line with its beginning.
QPointF straightened(const QPointF &from, const QPointF &to)
{
    const QPointF span = to - from;
    return std::abs(span.x()) > std::abs(span.y()) ? QPointF(to.x(), from.y()) : QPointF(from.x(), to.y());
}

} // namespace

PaintTools::PaintTools(MapDocument &document, QObject *parent)
    : QObject(parent)
    , m_document(&document)
    , m_brushSize(document.usualBrush())
{
    follow(document);
}

void PaintTools::follow(MapDocument &document)
{
    m_hasLastPoint = false;
    connect(&document, &MapDocument::replaced, this, [this] { m_hasLastPoint = false; });
}

void PaintTools::setDocument(MapDocument &document)
{
    if (m_document == &document)
        return;
    release();
    m_brushSizes[m_document] = m_brushSize;
    m_document->disconnect(this);
    m_document = &document;
    follow(document);
    const auto known = m_brushSizes.find(&document);
    setBrushSize(known != m_brushSizes.end() ? known->second : document.usualBrush());
    if (m_tool == Gradient)
        setTool(Brush); // labels and edges have none
}

void PaintTools::setTool(Tool tool)
{
    if (m_tool == tool)
        return;
    release();
    m_tool = tool;
    Q_EMIT toolChanged();
}

PaintTools::Tool PaintTools::paintingTool() const
{
    return m_tool == Eraser || m_tool == Picker ? Brush : m_tool;
}

void PaintTools::setLabel(int label)
{
    setTool(paintingTool());
    useLabel(label);
}

void PaintTools::useLabel(int label)
{
    if (m_label == label)
        return;
    m_label = label;
    Q_EMIT labelChanged();
}

void PaintTools::setLevel(double level)
{
    setTool(paintingTool());
    useLevel(level);
}

void PaintTools::useLevel(double level)
{
    m_level = std::clamp(level, 0.0, 1.0);
    Q_EMIT levelChanged();
}

void PaintTools::setGradientEnd(double level)
{
    m_gradientEnd = std::clamp(level, 0.0, 1.0);
    Q_EMIT levelChanged();
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
        m_toolAfterPick = m_tool;
        pick(point);
        return;
    }
    m_document->beginGesture();
    switch (m_tool) {
    case Brush:
    case Eraser:
        stroke(modifiers.testFlag(Qt::ShiftModifier) && m_hasLastPoint ? m_lastPoint : point, point);
        break;
    case Fill:
        if (modifiers.testFlag(Qt::ShiftModifier))
            m_document->replaceEverywhere(pixelAt(point), ink());
        else
            m_document->floodFill(pixelAt(point), ink());
        break;
    case Rectangle:
        m_corner = pixelAt(point);
        setPendingRectangle(spanned(m_corner, m_corner, false));
        break;
    case Gradient:
        m_gradientPending = true;
        m_gradientFrom = m_gradientTo = point;
        Q_EMIT pendingChanged();
        break;
    case Picker:
        break;
    }
}

void PaintTools::drag(const QPointF &point, Qt::KeyboardModifiers modifiers)
{
    if (!m_pressed || (!m_picking && !m_document->gestureOpen()))
        return; // the document was replaced under the pen
    const bool shift = modifiers.testFlag(Qt::ShiftModifier);
    if (m_picking) {
        pick(point);
    } else if (m_tool == Brush || m_tool == Eraser) {
        stroke(m_lastPoint, point);
    } else if (m_tool == Rectangle) {
        setPendingRectangle(spanned(m_corner, pixelAt(point), shift));
    } else if (m_tool == Gradient) {
        m_gradientTo = shift ? straightened(m_gradientFrom, point) : point;
        Q_EMIT pendingChanged();
    }
}

void PaintTools::release()
{
    if (!m_pressed)
        return;
    m_pressed = false;
    if (m_picking) {
        setTool(m_toolAfterPick);
    } else if (m_document->gestureOpen()) {
        applyPending();
        m_document->endGesture();
    }
    clearPending();
}

bool PaintTools::cancelGesture()
{
    if (!m_pressed)
        return false;
    m_pressed = false;
    clearPending();
    m_document->cancelGesture();
    return true;
}

double PaintTools::ink() const
{
    if (m_tool == Eraser)
        return m_document->blankInk();
    if (m_document->holdsLabels())
        return m_label;
    return m_document->hasLevels() ? 2 * m_level - 1 : 1;
}

void PaintTools::stroke(const QPointF &from, const QPointF &to)
{
    m_document->paintStroke(from, to, m_brushSize, ink());
    m_lastPoint = to;
    m_hasLastPoint = true;
}

void PaintTools::pick(const QPointF &point)
{
    const std::optional<double> found = m_document->inkAt(pixelAt(point));
    if (!found)
        return;
    const bool blank = !m_document->hasLevels() && *found == m_document->blankInk();
    m_toolAfterPick = blank ? Eraser : paintingTool(); // void is not in the palette
    if (m_document->hasLevels())
        useLevel((*found + 1) / 2);
    else if (m_document->holdsLabels() && !blank)
        useLabel(int(*found));
}

void PaintTools::applyPending()
{
    if (m_tool == Rectangle)
        m_document->fillRect(m_pendingRectangle, ink());
    else if (m_tool == Gradient)
        m_document->paintGradient(m_gradientFrom, m_gradientTo, 2 * m_level - 1, 2 * m_gradientEnd - 1);
}

void PaintTools::clearPending()
{
    m_gradientPending = false;
    m_pendingRectangle = {};
    Q_EMIT pendingChanged();
}

void PaintTools::setPendingRectangle(const QRect &rect)
{
    if (m_pendingRectangle == rect)
        return;
    m_pendingRectangle = rect;
    Q_EMIT pendingChanged();
}

} // namespace tessera::ui
