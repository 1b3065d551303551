// Core's maps as Qt's images. Any thread.
#pragma once

#include <array>

#include <QImage>
#include <QRect>

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"
#include "core/map/labelset.h"

namespace tessera::ui
{

inline QRect toQRect(const core::PixelRect &rect)
{
    return {rect.x, rect.y, rect.width, rect.height};
}

// How labels look on the canvas: the set's colours, black for numbers the set does not know.
struct LabelColors {
    std::array<QRgb, 256> colors;
    uint8_t voidLabel = 0;
};
LabelColors labelColors(const core::LabelSet &set);

// Repaints `area` of `target` (RGB32, as large as the map) from the map. Void is a dark chequer, as empty layers are
// elsewhere, so that it is told apart from every label.
void paintLabels(QImage &target, const core::LabelMap &map, const LabelColors &colors, const QRect &area);

// The same from numbers in -1 .. 1, in gray.
void paintField(QImage &target, const core::FieldMap &field, const QRect &area);

// 16-bit gray: as depth and edge maps are written.
QImage fieldImage(const core::FieldMap &field);

} // namespace tessera::ui
