#include "core/document/fieldfile.h"

#include "core/document/atomicfile.h"
#include "core/document/floattiff.h"
#include "core/document/imagefile.h"
#include "core/document/pngchunks.h"
#include "core/document/pngtext.h"
#include "core/map/depthmap.h"

#include <QImage>
#include <QtEndian>

#include <cmath>
#include <optional>
#include <utility>

namespace tessera::core
{
namespace
{

struct FieldInFile {
    FieldMap field;
    float white = 0; // of gray files; 0: the file holds other numbers
};

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

// Whether nearly all pixels that are not 0 are: some may hold NaN or infinity, which whoever uses the field refuses.
bool holdsNumbers(const FieldMap &field)
{
    size_t plain = 0, other = 0;
    for (const float value : field.values) {
        plain += value != 0 && isPlainNumber(value);
        other += !isPlainNumber(value);
    }
    return other <= plain / 10;
}

std::optional<FieldMap> floatsInBytes(const QImage &image)
{
    if (!image.hasAlphaChannel() || image.depth() != 32) {
        return {};
    }
    const QImage bytes = image.convertToFormat(QImage::Format_RGBA8888);
    FieldMap field =
        fieldOf<uchar>(bytes, [](const uchar *row, int x) { return qFromLittleEndian<float>(row + 4 * x); });
    return holdsNumbers(field) ? std::optional(std::move(field)) : std::nullopt;
}

FieldInFile fieldIn(const QByteArray &content, const std::string &fileName)
{
    if (const std::optional<FieldMap> floats = readFloatTiff(content, fileName)) {
        return {*floats};
    }
    const QImage image = decodeImage(content, fileName);
    if (image.format() == QImage::Format_Grayscale16) {
        return {fieldOf<quint16>(image, [](const quint16 *row, int x) { return float(row[x]); }), 65535};
    }
    if (const std::optional<FieldMap> floats = floatsInBytes(image)) {
        return {*floats};
    }
    return {fieldOf<uchar>(image.convertToFormat(QImage::Format_Grayscale8),
                           [](const uchar *row, int x) { return float(row[x]); }),
            255};
}

// No checksum of a text is looked at: a damaged comment does no harm.
bool saysWholeRange(const QByteArray &content, const std::string &fileName)
{
    const QByteArray said = kFieldRangeKey + QByteArray(5, '\0') + kWholeFieldRange; // as pngWithText() writes it
    bool found = false;
    if (content.startsWith(kPngSignature)) {
        forEachPngChunk(content, fileName, PngChecksums::Critical, [&](const PngChunk &chunk) {
            found = chunk.type == "iTXt" && chunk.content == said;
            return !found;
        });
    }
    return found;
}

} // namespace

FieldMap readFieldImage(const std::filesystem::path &path)
{
    return fieldIn(readWholeFile(path), path.string()).field;
}

FieldMap readScaledField(const std::filesystem::path &path)
{
    const QByteArray content = readWholeFile(path);
    FieldInFile read = fieldIn(content, path.string());
    if (read.white == 0 || !saysWholeRange(content, path.string())) {
        return normalizedField(std::move(read.field), path.string());
    }
    for (float &value : read.field.values) {
        value = value / read.white * 2 - 1;
    }
    return std::move(read.field);
}

} // namespace tessera::core
