// The tool in hand: what a press, a drag and a release on the map do. UI thread.
#pragma once

#include <map>

#include <QObject>
#include <QPointF>
#include <QRect>
#include <QtQml/qqmlregistration.h>

#include "ui/mapdocument.h"

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
    Q_PROPERTY(int largestBrush MEMBER kLargestBrush CONSTANT)
    // What paints on a document that has levels: on depth 0 far .. 1 near.
    Q_PROPERTY(double level READ level WRITE setLevel NOTIFY levelChanged)
    Q_PROPERTY(double gradientEnd READ gradientEnd WRITE setGradientEnd NOTIFY levelChanged) // the same scale
    // The rectangle being drawn, in map pixels; empty when none is.
    Q_PROPERTY(QRectF pendingRectangle READ pendingRectangle NOTIFY pendingChanged)
    // The gradient being drawn, in map pixels.
    Q_PROPERTY(bool gradientPending READ gradientPending NOTIFY pendingChanged)
    Q_PROPERTY(QPointF gradientFrom READ gradientFrom NOTIFY pendingChanged)
    Q_PROPERTY(QPointF gradientTo READ gradientTo NOTIFY pendingChanged)

public:
    enum Tool { Brush, Eraser, Fill, Rectangle, Picker, Gradient };
    Q_ENUM(Tool)

    static constexpr int kSmallestBrush = 1;
    static constexpr int kLargestBrush = 512;

    explicit PaintTools(MapDocument &document, QObject *parent = nullptr);

    // What is being drawn ends as if the pen were lifted. Each document has its own brush size; the gradient tool is
    // put away.
    void setDocument(MapDocument &document);

    Tool tool() const { return m_tool; }
    void setTool(Tool tool); // a stroke under way ends as if the pen were lifted
    int label() const { return m_label; }
    // Choosing a label while erasing or picking goes back to the brush: one wants to paint with it.
    void setLabel(int label);
    void useLabel(int label); // the tool stays in hand
    int brushSize() const { return m_brushSize; }
    void setBrushSize(int size);
    double level() const { return m_level; }
    void setLevel(double level); // goes back to the brush like setLabel
    double gradientEnd() const { return m_gradientEnd; }
    void setGradientEnd(double level);
    QRectF pendingRectangle() const { return QRectF(m_pendingRectangle); }
    bool gradientPending() const { return m_gradientPending; }
    QPointF gradientFrom() const { return m_gradientFrom; }
    QPointF gradientTo() const { return m_gradientTo; }

    // Steps grow with the brush. `big`: about a doubling.
    Q_INVOKABLE void growBrush(bool big);
    Q_INVOKABLE void shrinkBrush(bool big);

    // Points in map pixels, between the pixels. Shift draws a straight line from the last stroke's end with brush and
    // eraser, a square with the rectangle, an upright or level gradient, and makes the fill replace what it is put on
    // wherever that lies. Ctrl picks what is under the point with every tool; the tool to paint it with is taken when
    // the pen is lifted.
    void press(const QPointF &point, Qt::KeyboardModifiers modifiers);
    void drag(const QPointF &point, Qt::KeyboardModifiers modifiers);
    void release(); // nothing when the pen is up
    // Takes back what the open gesture did. False when none is open.
    Q_INVOKABLE bool cancelGesture();

Q_SIGNALS:
    void toolChanged();
    void labelChanged();
    void brushSizeChanged();
    void levelChanged();
    void pendingChanged();

private:
    void follow(MapDocument &document);
    double ink() const;
    Tool paintingTool() const;
    void useLevel(double level);
    void stroke(const QPointF &from, const QPointF &to);
    void pick(const QPointF &point);
    void applyPending();
    void clearPending();
    void setPendingRectangle(const QRect &rect);

    MapDocument *m_document;                         // never null
    std::map<const MapDocument *, int> m_brushSizes; // of the documents before
    Tool m_tool = Brush;
    int m_label = 1;
    int m_brushSize = 32;
    double m_level = 1.0;
    double m_gradientEnd = 0.0;
    bool m_pressed = false;
    bool m_picking = false;
    Tool m_toolAfterPick = Brush;
    bool m_hasLastPoint = false;
    QPointF m_lastPoint; // of the last stroke
    QPoint m_corner;     // where the rectangle began
    QRect m_pendingRectangle;
    bool m_gradientPending = false;
    QPointF m_gradientFrom;
    QPointF m_gradientTo;
};

} // namespace tessera::ui
