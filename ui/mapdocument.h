// What one paints on: an open map with its picture on the screen, its undo history and its file. All edits go through
// gestures, so each is one step of undo; loading and new canvases are steps too, so nothing is lost by a wrong drop.
// What a pixel holds is the subclasses' business; the tools know it as ink, a number. UI thread.
#pragma once

#include <optional>

#include <QColor>
#include <QImage>
#include <QObject>
#include <QPointF>
#include <QRect>
#include <QSize>
#include <QString>
#include <QtQml/qqmlregistration.h>

namespace tessera::ui
{

class MapDocument : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(QSize size READ size NOTIFY sizeChanged) // pixels
    Q_PROPERTY(int smallestSide MEMBER kSmallestSide CONSTANT)
    Q_PROPERTY(int largestSide MEMBER kLargestSide CONSTANT)
    Q_PROPERTY(QString title READ title NOTIFY stateChanged)
    Q_PROPERTY(bool modified READ modified NOTIFY stateChanged)
    Q_PROPERTY(bool canUndo READ canUndo NOTIFY stateChanged)
    Q_PROPERTY(bool canRedo READ canRedo NOTIFY stateChanged)

public:
    static constexpr int kDefaultSide = 512;
    static constexpr int kSmallestSide = 256;
    static constexpr int kLargestSide = 4096;

    using QObject::QObject;

    const QImage &image() const { return m_image; } // RGB32, as painted
    QSize size() const { return m_image.size(); }
    QString title() const;
    virtual const QString &filePath() const = 0; // of the map as it is now; empty: never saved
    virtual bool modified() const = 0;           // the map as it is now is not saved
    // Closing would lose the map, or one that it took the place of and that undo leads back to.
    virtual bool unsaved() const = 0;
    virtual bool canUndo() const = 0;
    virtual bool canRedo() const = 0;
    virtual bool gestureOpen() const = 0;
    // Equal numbers mean an equal map, as core::MapHistory::stateId().
    virtual quint64 stateId() const = 0;
    virtual bool holdsState(quint64 id) const = 0; // undo or redo can lead there, or the map is there

    // From pressing the pen to lifting it. Edits outside a gesture are a gesture of their own.
    virtual void beginGesture() = 0;
    virtual void endGesture() = 0;
    virtual void cancelGesture() = 0;

    Q_INVOKABLE virtual void undo() = 0;
    Q_INVOKABLE virtual void redo() = 0;
    // Sides are clamped to kSmallestSide .. kLargestSide. The former canvas comes back by undo.
    virtual void newCanvas(int width, int height) = 0;
    // The map as it was in this state, one that the document has been in, is what the file holds.
    virtual void markSaved(const QString &filePath, quint64 state) = 0;

    // Labels are numbers of a set, other maps hold -1 .. 1.
    virtual bool holdsLabels() const = 0;
    virtual bool hasLevels() const { return false; }        // whether a pixel may hold what lies between -1 and 1
    virtual double blankInk() const = 0;                    // what the eraser leaves
    virtual int usualBrush() const { return 32; }           // diameter to begin with, pixels
    std::optional<double> inkAt(const QPoint &pixel) const; // nothing outside
    // What the pixel holds, for people; empty outside.
    QString textAt(const QPoint &pixel) const;
    QColor colorAt(const QPoint &pixel) const;

    // Points in map pixels, between the pixels; see core/map/strokes.h.
    virtual void paintStroke(const QPointF &from, const QPointF &to, double diameter, double ink) = 0;
    virtual void floodFill(const QPoint &pixel, double ink) = 0;
    virtual void replaceEverywhere(const QPoint &pixel, double ink) = 0; // all that the pixel's ink covers
    virtual void fillRect(const QRect &area, double ink) = 0;
    // Changes nothing where the points are the same, and nothing on labels: half a label does not exist.
    virtual void paintGradient(const QPointF &from, const QPointF &to, double start, double end) = 0;

Q_SIGNALS:
    void sizeChanged();
    void stateChanged();
    void replaced();                 // by another map: opened, made, new, or brought back
    void changed(const QRect &area); // of image(); the whole of it when the size changed

protected:
    virtual QString untitled() const = 0;
    virtual double inkOf(const QPoint &pixel) const = 0; // inside
    virtual QString textOf(const QPoint &pixel) const = 0;
    virtual QColor colorOf(const QPoint &pixel) const = 0;

    QImage m_image;
};

} // namespace tessera::ui
