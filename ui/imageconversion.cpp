#include "ui/imageconversion.h"

#include <cstring>

namespace tessera::ui
{

namespace
{

constexpr int kChequerShift = 3; // squares of 8 pixels
constexpr QRgb kVoidColors[2] = {qRgb(0x2c, 0x2e, 0x32), qRgb(0x35, 0x37, 0x3c)};

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
    LabelColors colors;
    colors.fill(qRgb(0, 0, 0));
    for (const core::Label &label : set.labels)
        colors[size_t(label.index)] = qRgb(label.color.red, label.color.green, label.color.blue);
    return colors;
}

void paintLabels(QImage &target, const core::LabelMap &map, const LabelColors &colors, const QRect &area)
{
    const QRect inside = area & target.rect();
    for (int y = inside.top(); y <= inside.bottom(); ++y) {
        const uint8_t *labels = map.row(y);
        QRgb *pixels = reinterpret_cast<QRgb *>(target.scanLine(y));
        for (int x = inside.left(); x <= inside.right(); ++x) {
            const uint8_t label = labels[x];
            pixels[x] = label == core::kVoidLabel ? kVoidColors[((x >> kChequerShift) + (y >> kChequerShift)) & 1]
                                                  : colors[label];
        }
    }
}

} // namespace tessera::ui
