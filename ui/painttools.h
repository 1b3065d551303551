// The tool in hand: what a press, a drag and a release on the map do. UI thread.
#pragma once

#include <QObject>
#include <QPointF>
#include <QRect>
#include <QtQml/qqmlregistration.h>

#include "ui/document.h"

namespace tessera::ui
{

class PaintTools : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(Tool tool READ tool WRITE setTool NOTIFY toolChanged)
    Q_PROPERTY(int label READ label WRITE setLabel NOTIFY labelChanged)
    Q_PROPERTY(int brushSize READ brushSize WRITE setBrushSize NOTIFY brushSizeChanged) // diameter, map pixels
    // The rectangle being drawn, in map pixels; empty when none is.
    Q_PROPERTY(QRectF pendingRectangle READ pendingRectangle NOTIFY pendingRectangleChanged)

public:
    enum Tool { Brush, Eraser, Fill, Rectangle, Picker };
    Q_ENUM(Tool)

    static constexpr int kSmallestBrush = 1;
    static constexpr int kLargestBrush = 512;

    explicit PaintTools(Document &document, QObject *parent = nullptr);

    Tool tool() const { return m_tool; }
    void setTool(Tool tool);
    int label() const { return m_label; }
    // Choosing a label while erasing or picking goes back to the brush: one wants to paint with it.
    void setLabel(int label);
    int brushSize() const { return m_brushSize; }
    void setBrushSize(int size);
    QRectF pendingRectangle() const { return QRectF(m_pendingRectangle); }

    // Steps grow with the brush. `big`: about a doubling.
    Q_INVOKABLE void growBrush(bool big);
    Q_INVOKABLE void shrinkBrush(bool big);

    // Points in map pixels, between the pixels. Shift draws a straight line from the last stroke's end with brush and
    // eraser, and a square with the rectangle. Ctrl picks the label under the point with every tool.
    void press(const QPointF &point, Qt::KeyboardModifiers modifiers);
    void drag(const QPointF &point, Qt::KeyboardModifiers modifiers);
    void release();
    // Takes back what the open gesture did. False when none is open.
    Q_INVOKABLE bool cancelGesture();
    // The label at a map pixel; -1 outside.
    Q_INVOKABLE int labelAt(const QPoint &pixel) const;

Q_SIGNALS:
    void toolChanged();
    void labelChanged();
    void brushSizeChanged();
    void pendingRectangleChanged();

private:
    void stroke(const QPointF &from, const QPointF &to);
    void floodFrom(const QPointF &point);
    void pick(const QPointF &point);
    void setPendingRectangle(const QRect &rect);

    Document &m_document;
    Tool m_tool = Brush;
    int m_label = 1;
    int m_brushSize = 32;
    bool m_pressed = false;
    bool m_picking = false;
    bool m_hasLastPoint = false;
    QPointF m_lastPoint; // of the last stroke
    QPoint m_corner;     // where the rectangle began
    QRect m_pendingRectangle;
};

} // namespace tessera::ui
