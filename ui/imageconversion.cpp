#include "ui/imageconversion.h"

#include <algorithm>
#include <cmath>

namespace tessera::ui
{

namespace
{

constexpr int kChequerShift = 3; // squares of 8 pixels
constexpr QRgb kVoidColors[2] = {qRgb(0x2c, 0x2e, 0x32), qRgb(0x35, 0x37, 0x3c)};

// -1 .. 1 to 0 .. most.
int scaledTo(float value, int most)
{
    return int(std::lround((std::clamp(value, -1.0f, 1.0f) + 1) / 2 * float(most)));
}

} // namespace

LabelColors labelColors(const core::LabelSet &set)
{
    LabelColors table;
    table.colors.fill(qRgb(0, 0, 0));
    table.voidLabel = set.voidLabel;
    for (const core::Label &label : set.labels)
        table.colors[size_t(label.index)] = qRgb(label.color.red, label.color.green, label.color.blue);
    return table;
}

void paintLabels(QImage &target, const core::LabelMap &map, const LabelColors &colors, const QRect &area)
{
    const QRect inside = area & target.rect();
    for (int y = inside.top(); y <= inside.bottom(); ++y) {
        const uint8_t *labels = map.row(y);
        QRgb *pixels = reinterpret_cast<QRgb *>(target.scanLine(y));
        for (int x = inside.left(); x <= inside.right(); ++x) {
            const uint8_t label = labels[x];
            pixels[x] = label == colors.voidLabel ? kVoidColors[((x >> kChequerShift) + (y >> kChequerShift)) & 1]
                                                  : colors.colors[label];
        }
    }
}

void paintField(QImage &target, const core::FieldMap &field, const QRect &area)
{
    const QRect inside = area & target.rect();
    for (int y = inside.top(); y <= inside.bottom(); ++y) {
        const float *values = field.row(y);
        QRgb *pixels = reinterpret_cast<QRgb *>(target.scanLine(y));
        for (int x = inside.left(); x <= inside.right(); ++x) {
            const int gray = scaledTo(values[x], 255);
            pixels[x] = qRgb(gray, gray, gray);
        }
    }
}

QImage fieldImage(const core::FieldMap &field)
{
    QImage image(field.width, field.height, QImage::Format_Grayscale16);
    for (int y = 0; y < field.height; ++y) {
        const float *values = field.row(y);
        auto *pixels = reinterpret_cast<quint16 *>(image.scanLine(y));
        for (int x = 0; x < field.width; ++x)
            pixels[x] = quint16(scaledTo(values[x], 65535));
    }
    return image;
}

} // namespace tessera::ui
