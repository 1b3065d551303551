// Where the artist looks: zoom and place, shared by the map and the picture. A place on the screen is
// (image - centre) * zoom + pane / 2 in logical pixels, so both panes show the same spot whatever their sizes.
// The picture may be larger than the canvas: it stays when another canvas comes. UI thread.
#pragma once

#include <QObject>
#include <QPointF>
#include <QRectF>
#include <QSizeF>
#include <QtQml/qqmlregistration.h>

namespace tessera::ui
{

class CanvasView : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(double zoom READ zoom NOTIFY changed)      // logical screen pixels per image pixel
    Q_PROPERTY(QPointF centre READ centre NOTIFY changed) // image pixels
    // Pixels of the screen per image pixel; on a dense screen there are several to a logical one.
    Q_PROPERTY(double magnification READ magnification NOTIFY changed)
    // How much of the picture shows through on the map, 0 .. 1: for tracing.
    Q_PROPERTY(double trace READ trace WRITE setTrace NOTIFY changed)
    // The pane that "fit" fits into; a fitted view follows it.
    Q_PROPERTY(QSizeF pane READ pane WRITE setPane NOTIFY changed)

public:
    static constexpr double kLargestZoom = 64.0;
    static constexpr double kSmallestZoom = 1.0 / 32.0;

    explicit CanvasView(QObject *parent = nullptr);

    double zoom() const { return m_zoom; }
    QPointF centre() const { return m_centre; }
    double magnification() const { return m_zoom * m_pixelRatio; }
    double pixelRatio() const { return m_pixelRatio; }
    void setPixelRatio(double ratio); // the screen's pixels per logical one; the panes tell it
    QSizeF pane() const { return m_pane; }
    void setPane(const QSizeF &pane);
    double trace() const { return m_trace; }
    void setTrace(double trace);
    // Of the canvas. A new one is shown whole.
    void setImageSize(const QSizeF &size);
    // Of the picture that is there; its pane tells it.
    void setPictureSize(const QSizeF &size);

    QPointF toImage(const QPointF &screen, const QSizeF &pane) const;
    QPointF toScreen(const QPointF &image, const QSizeF &pane) const;

    // Keeps the image point under `screen` where it is.
    void zoomAt(double factor, const QPointF &screen, const QSizeF &pane);
    void pan(const QPointF &screenDelta);

    Q_INVOKABLE void zoomIn();
    Q_INVOKABLE void zoomOut();
    // All of canvas and picture; once more the canvas alone.
    Q_INVOKABLE void fit();
    Q_INVOKABLE void actualPixels(); // one pixel of the screen for each
    // A rectangle of the image in a pane's coordinates.
    QRectF onScreen(const QRectF &image, const QSizeF &pane) const;

Q_SIGNALS:
    void changed();

private:
    enum class Fit { None, Canvas, All };

    QSizeF all() const { return m_imageSize.expandedTo(m_pictureSize); }
    void setView(double zoom, const QPointF &centre);
    void fitNow();

    double m_zoom = 1.0;
    QPointF m_centre;
    double m_pixelRatio = 1.0;
    QSizeF m_imageSize{0, 0};
    QSizeF m_pictureSize{0, 0};
    QSizeF m_pane;
    double m_trace = 0.0;
    Fit m_fit = Fit::Canvas;
};

} // namespace tessera::ui
