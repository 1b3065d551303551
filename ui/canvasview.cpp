#include "ui/canvasview.h"

#include <algorithm>

namespace tessera::ui
{

namespace
{

constexpr double kMargin = 16.0; // logical pixels around a fitted picture
constexpr double kStep = 1.25;

QPointF middle(const QSizeF &size)
{
    return {size.width() / 2, size.height() / 2};
}

} // namespace

CanvasView::CanvasView(QObject *parent) : QObject(parent) {}

void CanvasView::setPane(const QSizeF &pane)
{
    if (m_pane == pane)
        return;
    m_pane = pane;
    if (m_fit != Fit::None)
        fitNow();
    Q_EMIT changed();
}

void CanvasView::setPixelRatio(double ratio)
{
    if (m_pixelRatio == ratio || ratio <= 0)
        return;
    m_pixelRatio = ratio;
    Q_EMIT changed();
}

void CanvasView::setImageSize(const QSizeF &size)
{
    if (m_imageSize == size)
        return;
    m_imageSize = size;
    m_fit = Fit::Canvas; // it is what will be painted on, however large the picture before it is
    fitNow();
    Q_EMIT changed();
}

void CanvasView::setPictureSize(const QSizeF &size)
{
    if (m_pictureSize == size)
        return;
    m_pictureSize = size;
    if (m_fit == Fit::All)
        fitNow();
    setView(m_zoom, m_centre); // where there is something now
}

void CanvasView::setTrace(double trace)
{
    m_trace = std::clamp(trace, 0.0, 1.0);
    Q_EMIT changed();
}

QPointF CanvasView::toImage(const QPointF &screen, const QSizeF &pane) const
{
    return (screen - middle(pane)) / m_zoom + m_centre;
}

QPointF CanvasView::toScreen(const QPointF &image, const QSizeF &pane) const
{
    return (image - m_centre) * m_zoom + middle(pane);
}

void CanvasView::zoomAt(double factor, const QPointF &screen, const QSizeF &pane)
{
    const QPointF fixed = toImage(screen, pane);
    const double zoom = std::clamp(m_zoom * factor, kSmallestZoom, kLargestZoom);
    m_fit = Fit::None;
    setView(zoom, fixed - (screen - middle(pane)) / zoom);
}

void CanvasView::pan(const QPointF &screenDelta)
{
    m_fit = Fit::None;
    setView(m_zoom, m_centre - screenDelta / m_zoom);
}

void CanvasView::zoomIn()
{
    zoomAt(kStep, middle(m_pane), m_pane);
}

void CanvasView::zoomOut()
{
    zoomAt(1 / kStep, middle(m_pane), m_pane);
}

void CanvasView::fit()
{
    m_fit = m_fit == Fit::All && all() != m_imageSize ? Fit::Canvas : Fit::All;
    fitNow();
    Q_EMIT changed();
}

void CanvasView::actualPixels()
{
    m_fit = Fit::None;
    setView(1 / m_pixelRatio, m_centre);
}

QRectF CanvasView::onScreen(const QRectF &image, const QSizeF &pane) const
{
    return {toScreen(image.topLeft(), pane), toScreen(image.bottomRight(), pane)};
}

void CanvasView::setView(double zoom, const QPointF &centre)
{
    m_zoom = zoom;
    // The middle of the pane stays on canvas or picture, so that they can never be lost out of sight.
    m_centre = {std::clamp(centre.x(), 0.0, all().width()), std::clamp(centre.y(), 0.0, all().height())};
    Q_EMIT changed();
}

void CanvasView::fitNow()
{
    const QSizeF fitted = m_fit == Fit::Canvas ? m_imageSize : all();
    m_centre = middle(fitted);
    if (fitted.isEmpty() || m_pane.width() <= 2 * kMargin || m_pane.height() <= 2 * kMargin)
        return;
    const double across = (m_pane.width() - 2 * kMargin) / fitted.width();
    const double down = (m_pane.height() - 2 * kMargin) / fitted.height();
    m_zoom = std::clamp(std::min(across, down), kSmallestZoom, kLargestZoom);
}

} // namespace tessera::ui
