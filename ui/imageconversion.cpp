#include "ui/imageconversion.h"

#include <algorithm>
#include <cmath>
#include <cstring>

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

QImage toQImage(const core::Image &picture)
{
    if (picture.empty())
        return {};
    // The plain bytes have no row padding, QImage's own rows have: the stride says so.
    const QImage view(picture.rgb.data(), picture.width, picture.height, qsizetype(3) * picture.width,
                      QImage::Format_RGB888);
    return view.convertToFormat(QImage::Format_RGB32); // a deep copy
}

core::Image fromQImage(const QImage &image)
{
    const QImage rgb = image.convertToFormat(QImage::Format_RGB888);
    core::Image picture{rgb.width(), rgb.height(), {}};
    const size_t rowBytes = size_t(3) * size_t(rgb.width());
    picture.rgb.resize(rowBytes * size_t(rgb.height()));
    for (int y = 0; y < rgb.height(); ++y)
        std::memcpy(picture.rgb.data() + rowBytes * size_t(y), rgb.constScanLine(y), rowBytes);
    return picture;
}

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
