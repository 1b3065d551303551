#include "core/document/fieldfile.h"

#include "core/document/atomicfile.h"
#include "core/document/floattiff.h"
#include "core/document/imagefile.h"

#include <QImage>
#include <QtEndian>

#include <cmath>
#include <optional>

namespace tessera::core
{
namespace
{

FieldMap emptyField(const QImage &image)
{
    return {image.width(), image.height(), std::vector<float>(size_t(image.width()) * size_t(image.height()))};
}

// `valueAt(row, x)` reads pixel x of a scan line.
template<typename Pixel, typename ValueAt>
FieldMap fieldOf(const QImage &image, ValueAt valueAt)
{
    FieldMap field = emptyField(image);
    float *value = field.values.data();
    for (int y = 0; y < image.height(); ++y) {
        const auto *row = reinterpret_cast<const Pixel *>(image.constScanLine(y));
        for (int x = 0; x < image.width(); ++x) {
            *value++ = valueAt(row, x);
        }
    }
    return field;
}

// An opaque picture's pixels are NaN or beyond 1e38 read like this, a transparent one's are next to 0.
bool isPlainNumber(float value)
{
    return value == 0 || (std::abs(value) > 1e-12f && std::abs(value) < 1e9f);
}

std::optional<FieldMap> floatsInBytes(const QImage &image)
{
    if (!image.hasAlphaChannel() || image.depth() != 32) {
        return {};
    }
    const QImage bytes = image.convertToFormat(QImage::Format_RGBA8888);
    FieldMap field =
        fieldOf<uchar>(bytes, [](const uchar *row, int x) { return qFromLittleEndian<float>(row + 4 * x); });
    for (const float value : field.values) {
        if (!isPlainNumber(value)) {
            return {};
        }
    }
    return field;
}

} // namespace

FieldMap readFieldImage(const std::filesystem::path &path)
{
    constexpr qint64 kMaxFileBytes = qint64(2) << 30;
    const QByteArray content = readWholeFile(path, kMaxFileBytes);
    if (const std::optional<FieldMap> floats = readFloatTiff(content, path.string())) {
        return *floats;
    }
    const QImage image = decodeImage(content, path.string());
    if (image.format() == QImage::Format_Grayscale16) {
        return fieldOf<quint16>(image, [](const quint16 *row, int x) { return float(row[x]); });
    }
    if (const std::optional<FieldMap> floats = floatsInBytes(image)) {
        return *floats;
    }
    return fieldOf<uchar>(image.convertToFormat(QImage::Format_Grayscale8),
                          [](const uchar *row, int x) { return float(row[x]); });
}

} // namespace tessera::core
