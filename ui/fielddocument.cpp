#include "ui/fielddocument.h"

#include <algorithm>
#include <functional>

#include "core/map/strokes.h"

namespace tessera::ui
{

FieldDocument::FieldDocument(FieldKind kind, QObject *parent) : HistoryDocument(parent), m_kind(kind)
{
    m_map = blankMap(kDefaultSide, kDefaultSide);
    show(m_map.rect());
}

void FieldDocument::takeSize(const QSize &newSize)
{
    if (untouched() && filePath().isEmpty() && size() != newSize)
        replace(blankMap(newSize.width(), newSize.height()), {});
}

bool FieldDocument::flat() const
{
    const std::vector<float> &values = m_map.values;
    return std::adjacent_find(values.begin(), values.end(), std::not_equal_to<>()) == values.end();
}

void FieldDocument::paintStroke(const QPointF &from, const QPointF &to, double diameter, double ink)
{
    apply([&](core::FieldMap &map) {
        return core::paintStroke(map, toPixelPoint(from), toPixelPoint(to), diameter, float(ink));
    });
}

void FieldDocument::floodFill(const QPoint &pixel, double ink)
{
    apply([&](core::FieldMap &map) { return core::floodFill(map, pixel.x(), pixel.y(), float(ink)); });
}

void FieldDocument::replaceEverywhere(const QPoint &pixel, double ink)
{
    apply([&](core::FieldMap &map) { return core::replaceEverywhere(map, pixel.x(), pixel.y(), float(ink)); });
}

void FieldDocument::fillRect(const QRect &area, double ink)
{
    apply([&](core::FieldMap &map) { return core::fillRect(map, toPixelRect(area), float(ink)); });
}

void FieldDocument::paintGradient(const QPointF &from, const QPointF &to, double start, double end)
{
    if (from == to)
        return;
    apply([&](core::FieldMap &map) {
        return core::paintGradient(map, toPixelPoint(from), toPixelPoint(to), float(start), float(end));
    });
}

QString FieldDocument::untitled() const
{
    return m_kind == FieldKind::Depth ? tr("Untitled depth") : tr("Untitled edges");
}

double FieldDocument::inkOf(const QPoint &pixel) const
{
    return m_map.at(pixel.x(), pixel.y());
}

QString FieldDocument::textOf(const QPoint &pixel) const
{
    const int percent = qRound((inkOf(pixel) + 1) * 50);
    if (m_kind == FieldKind::Depth)
        return tr("nearness %1 %").arg(percent);
    return percent > 50 ? tr("edge") : tr("no edge");
}

QColor FieldDocument::colorOf(const QPoint &pixel) const
{
    return m_image.pixelColor(pixel);
}

core::FieldMap FieldDocument::blankMap(int width, int height) const
{
    return {width, height, std::vector<float>(size_t(width) * size_t(height), float(blankInk()))};
}

void FieldDocument::paintImage(QImage &target, const QRect &area) const
{
    paintField(target, m_map, area);
}

} // namespace tessera::ui
