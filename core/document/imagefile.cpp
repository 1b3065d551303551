#include "core/document/imagefile.h"

#include "core/document/atomicfile.h"
#include "core/document/floattiff.h"
#include "core/document/pngchunks.h"
#include "core/document/pngtext.h"
#include "core/document/quietlibtiff.h"
#include "models/error.h"

#include <QBuffer>
#include <QColorSpace>
#include <QImageReader>
#include <QImageWriter>
#include <QtEndian>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>

namespace tessera::core
{
namespace
{

namespace fs = std::filesystem;

constexpr int kAllocationLimitMiB = 1024; // Qt's own limit of 256 refuses scans of 8192 x 8192 pixels
constexpr int kQuality = 95;
constexpr int kPngCompression = 35; // of 100: zlib's level 3, a fifth of the time of the default level

[[noreturn]] void failFormat(const std::string &fileName, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, "The picture " + fileName + " " + what);
}

void checkFormat(const QByteArray &format, const std::string &fileName)
{
    constexpr std::array kKnown{"png", "jpeg", "webp", "tiff", "bmp"};
    for (const char *known : kKnown) {
        if (format == known) {
            return;
        }
    }
    failFormat(fileName, (format.isEmpty() ? std::string("is no picture in a known format")
                                           : "is in the format " + format.toStdString())
                             + "; expected PNG, JPEG, WebP, TIFF or BMP");
}

void checkSize(QSize size, const std::string &fileName)
{
    if (size.width() == 0 || size.height() == 0) {
        failFormat(fileName, "has " + std::to_string(size.width()) + " x " + std::to_string(size.height())
                                 + " pixels; expected at least one");
    }
    if (size.width() > kMaxImageSidePixels || size.height() > kMaxImageSidePixels) {
        failFormat(fileName, "has " + std::to_string(size.width()) + " x " + std::to_string(size.height())
                                 + " pixels; at most " + std::to_string(kMaxImageSidePixels)
                                 + " pixels a side are read");
    }
}

// The second bytes of markers, whose first is 0xff.
enum JpegMarker : uchar { Stuffing = 0x00, Temporary = 0x01, FirstRestart = 0xd0, Start = 0xd8, End = 0xd9 };

// Those from the first restart's to the start's have no content.
bool standsAlone(uchar marker)
{
    return marker == Temporary || (marker >= FirstRestart && marker <= Start);
}

// Where the next marker's second byte is, past those in a scan's data that end nothing: the stuffing of a byte 0xff,
// and restarts. The size of `content` where there is none.
qsizetype nextJpegMarker(const QByteArray &content, qsizetype at)
{
    for (at = content.indexOf('\xff', at); at >= 0; at = content.indexOf('\xff', at)) {
        while (at < content.size() && uchar(content[at]) == 0xff) { // any number of them may stand there
            ++at;
        }
        if (at == content.size() || (uchar(content[at]) != Stuffing && !standsAlone(uchar(content[at])))) {
            return at;
        }
    }
    return content.size();
}

// Qt fills up a JPEG that is cut off and calls it read. Walks from marker to marker, so that neither the end of a
// thumbnail inside one counts nor what a camera put behind the picture, such as the film of a photo in motion.
bool jpegIsWhole(const QByteArray &content)
{
    constexpr qsizetype kLengthBytes = 2;
    for (qsizetype at = nextJpegMarker(content, 0); at < content.size(); at = nextJpegMarker(content, at)) {
        if (uchar(content[at]) == End) {
            return true;
        }
        ++at;
        if (at + kLengthBytes > content.size()) {
            return false;
        }
        at += qFromBigEndian<quint16>(content.constData() + at); // of a scan's header; its data follow
    }
    return false;
}

// The same for BMP, where Qt leaves the missing rows black. Compressed ones are left to Qt.
bool bmpIsWhole(const QByteArray &content)
{
    constexpr qsizetype kHeadersBytes = 54;
    if (content.size() < kHeadersBytes) {
        return false;
    }
    const auto number = [&](qsizetype at) { return qint64(qFromLittleEndian<qint32>(content.constData() + at)); };
    const qint64 headerBytes = number(14), compression = number(30), bits = content[28];
    if (headerBytes < 40 || (compression != 0 && compression != 3)) {
        return true;
    }
    const qint64 rowBytes = (bits * number(18) + 31) / 32 * 4;
    return number(10) + rowBytes * std::abs(number(22)) <= content.size();
}

// The directory of a TIFF often stands at its end; libtiff complains on the error stream when it is missing.
bool tiffIsWhole(const QByteArray &content)
{
    constexpr qsizetype kHeaderBytes = 8;
    if (content.size() < kHeaderBytes) {
        return false;
    }
    const char *offset = content.constData() + 4;
    const qint64 directory =
        content.startsWith("MM") ? qFromBigEndian<quint32>(offset) : qFromLittleEndian<quint32>(offset);
    return directory + 2 <= content.size();
}

// What the decoders would fill up silently.
void checkWhole(const QByteArray &content, const QByteArray &format, const std::string &fileName)
{
    if ((format == "jpeg" && !jpegIsWhole(content)) || (format == "bmp" && !bmpIsWhole(content))) {
        failFormat(fileName, "is cut off: its end is missing");
    }
}

// As IHDR has it; invalid where the file ends before.
QSize sizeOfPng(const QByteArray &content)
{
    constexpr qsizetype kWidth = 16, kHeight = 20;
    if (content.size() < kHeight + 4) {
        return {};
    }
    const auto side = [&](qsizetype at) {
        const quint32 pixels = qFromBigEndian<quint32>(content.constData() + at);
        return int(std::min<quint32>(pixels, std::numeric_limits<int>::max()));
    };
    return {side(kWidth), side(kHeight)};
}

// What they would say on the error stream even when only asked for the size.
void checkReadable(const QByteArray &content, const QByteArray &format, const std::string &fileName)
{
    if (format == "png") {
        forEachPngChunk(content, fileName, PngChecksums::Critical, [](const PngChunk &) { return true; });
        checkSize(sizeOfPng(content), fileName);
    }
    if (format == "tiff" && !tiffIsWhole(content)) {
        failFormat(fileName, "is cut off: its end is missing");
    }
    if (format == "tiff" && isFloatTiff(content, fileName)) {
        failFormat(fileName, "holds floating-point numbers, which only depth maps may; expected 8 or 16 bits a value");
    }
}

bool isPalettePng(const QByteArray &content)
{
    constexpr qsizetype kColourType = 25; // behind the signature, in IHDR
    return content.startsWith("\x89PNG") && content.size() > kColourType && content[kColourType] == 3;
}

// A label's number is the 16-bit value itself or, where a program has spread 8 bits over 16, a 257th of it.
QImage numbersOf16Bits(const QImage &image, const std::string &fileName)
{
    quint16 greatest = 0;
    bool spread = true;
    const auto row = [&](int y) { return reinterpret_cast<const quint16 *>(image.constScanLine(y)); };
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            greatest = std::max(greatest, row(y)[x]);
            spread = spread && row(y)[x] % 257 == 0;
        }
    }
    if (greatest > 255 && !spread) {
        failFormat(fileName, "is 16-bit gray with values up to " + std::to_string(greatest)
                                 + "; expected the numbers of labels, at most 255");
    }
    QImage numbers(image.size(), QImage::Format_Grayscale8);
    for (int y = 0; y < image.height(); ++y) {
        std::transform(row(y), row(y) + image.width(), numbers.scanLine(y),
                       [&](quint16 value) { return uchar(greatest > 255 ? value / 257 : value); });
    }
    return numbers;
}

// What Qt's own formats become before their bytes are taken as they are.
QImage withPlainPixels(const QImage &image, PalettePixels palettePixels)
{
    if (image.format() == QImage::Format_Indexed8 && palettePixels == PalettePixels::Indices) {
        return image;
    }
    if (image.format() == QImage::Format_Grayscale8) {
        return image;
    }
    // Qt reads gray files of fewer than 8 bits as palettes of grays.
    const bool grayPalette = image.depth() <= 8 && !image.hasAlphaChannel() && image.allGray();
    if (grayPalette) {
        return image.convertToFormat(QImage::Format_Grayscale8);
    }
    return image.convertToFormat(image.hasAlphaChannel() ? QImage::Format_RGBA8888 : QImage::Format_RGB888);
}

// Without the padding of QImage's rows. REQUIRES: whole bytes a pixel.
std::vector<uint8_t> plainBytes(const QImage &image)
{
    const size_t rowBytes = size_t(image.width()) * size_t(image.depth() / 8);
    std::vector<uint8_t> bytes(rowBytes * size_t(image.height()));
    for (int y = 0; y < image.height(); ++y) {
        std::memcpy(bytes.data() + size_t(y) * rowBytes, image.constScanLine(y), rowBytes);
    }
    return bytes;
}

std::string suffixOf(const fs::path &path)
{
    const QByteArray suffix = QByteArray::fromStdString(path.extension().string()).toLower();
    return suffix.startsWith('.') ? suffix.mid(1).toStdString() : std::string();
}

// Qt's name of the format; none when the suffix is not one of ours.
std::optional<QByteArray> writtenFormat(const fs::path &path)
{
    const std::string suffix = suffixOf(path);
    if (suffix == "jpg" || suffix == "jpeg") {
        return "jpeg";
    }
    if (suffix == "tif" || suffix == "tiff") {
        return "tiff";
    }
    return suffix == "png" || suffix == "webp" ? std::optional(QByteArray::fromStdString(suffix)) : std::nullopt;
}

QByteArray encoded(const QImage &image, const QByteArray &format, const fs::path &path)
{
    QByteArray content;
    QBuffer buffer(&content);
    buffer.open(QIODevice::WriteOnly);
    QImageWriter writer(&buffer, format);
    if (format == "png") {
        writer.setCompression(kPngCompression);
    } else if (format == "tiff") {
        writer.setCompression(1); // LZW
    } else {
        writer.setQuality(kQuality);
    }
    if (!writer.write(image)) {
        throw Error(ErrorCode::FileWrite,
                    "The picture " + path.string() + " cannot be written: " + writer.errorString().toStdString());
    }
    return content;
}

} // namespace

QImage decodeImage(const QByteArray &content, const std::string &fileName)
{
    if (content.isEmpty()) {
        failFormat(fileName, "is empty; expected PNG, JPEG, WebP, TIFF or BMP");
    }
    QImageReader::setAllocationLimit(kAllocationLimitMiB);
    QBuffer buffer(const_cast<QByteArray *>(&content));
    buffer.open(QIODevice::ReadOnly);
    QImageReader reader(&buffer);
    reader.setDecideFormatFromContent(true);
    reader.setAutoTransform(true);
    const QByteArray format = reader.format();
    checkFormat(format, fileName);
    quietLibtiff();
    checkReadable(content, format, fileName);
    checkSize(reader.size(), fileName);
    checkWhole(content, format, fileName);
    const QImage image = reader.read();
    if (image.isNull()) {
        failFormat(fileName, "is damaged or cut off, or of a kind that is not read ("
                                 + reader.errorString().toStdString() + "); expected whole numbers of 8 or 16 bits");
    }
    checkSize(image.size(), fileName);
    return image;
}

QImage readImage(const fs::path &path)
{
    QImage image = decodeImage(readWholeFile(path), path.string());
    const QColorSpace space = image.colorSpace();
    if (space.isValid() && space != QColorSpace::SRgb) {
        image.convertToColorSpace(QColorSpace::SRgb);
    }
    return image;
}

ImageBytes readMapImage(const fs::path &path, PalettePixels palettePixels)
{
    const QByteArray content = readWholeFile(path);
    QImage decoded = decodeImage(content, path.string());
    if (decoded.format() == QImage::Format_Mono && isPalettePng(content)) // of one bit a pixel
        decoded.convertTo(QImage::Format_Indexed8);
    if (decoded.format() == QImage::Format_Grayscale16)
        decoded = numbersOf16Bits(decoded, path.string());
    const QImage plain = withPlainPixels(decoded, palettePixels);
    return {plain.width(), plain.height(), plain.depth() / 8, plainBytes(plain)};
}

QImage toQImage(const ImageBytes &image)
{
    const QImage::Format format = image.channels == 1   ? QImage::Format_Grayscale8
                                  : image.channels == 3 ? QImage::Format_RGB888
                                                        : QImage::Format_RGBA8888;
    return QImage(image.bytes.data(), image.width, image.height, qsizetype(image.width) * image.channels, format)
        .copy();
}

QImage toQImage(const Image &picture)
{
    if (picture.empty()) {
        return {};
    }
    // The plain bytes have no row padding, QImage's own rows have: the stride says so.
    const QImage view(picture.rgb.data(), picture.width, picture.height, qsizetype(3) * picture.width,
                      QImage::Format_RGB888);
    return view.convertToFormat(QImage::Format_RGB32); // a deep copy
}

Image fromQImage(const QImage &image)
{
    const QImage rgb = image.convertToFormat(QImage::Format_RGB888);
    return {rgb.width(), rgb.height(), plainBytes(rgb)};
}

void checkImageSuffix(const fs::path &path)
{
    if (!writtenFormat(path)) {
        const std::string suffix = suffixOf(path);
        throw Error(ErrorCode::InvalidArgument,
                    "The picture " + path.string() + " cannot be written: "
                        + (suffix.empty() ? "its name has no suffix" : "the suffix ." + suffix + " is not known")
                        + "; expected .png, .jpg, .jpeg, .webp, .tif or .tiff");
    }
}

void writeImage(const fs::path &path, const QImage &image, const std::vector<PngText> &texts)
{
    checkImageSuffix(path);
    if (image.isNull()) {
        throw Error(ErrorCode::InvalidArgument, "The picture " + path.string() + " cannot be written: it is empty");
    }
    const QByteArray format = *writtenFormat(path);
    QByteArray content = encoded(image, format, path);
    if (format == "png") {
        for (const PngText &text : texts) {
            content = pngWithText(content, text.key, text.value);
        }
    }
    writeFileAtomically(path, content);
}

} // namespace tessera::core
