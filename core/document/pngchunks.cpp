#include "core/document/pngchunks.h"

#include "models/error.h"

#include <QtEndian>

#include <zlib.h>

namespace tessera::core
{
namespace
{

constexpr qsizetype kChunkOverhead = 12; // length, type, checksum

[[noreturn]] void fail(const std::string &fileName, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, "The PNG file " + fileName + " " + what);
}

quint32 checksum(QByteArrayView typeAndContent)
{
    return quint32(crc32(0, reinterpret_cast<const Bytef *>(typeAndContent.data()), uInt(typeAndContent.size())));
}

bool isCritical(char firstLetter)
{
    return firstLetter >= 'A' && firstLetter <= 'Z';
}

QByteArray bigEndian(quint32 number)
{
    QByteArray bytes(4, Qt::Uninitialized);
    qToBigEndian(number, bytes.data());
    return bytes;
}

} // namespace

void forEachPngChunk(const QByteArray &png, const std::string &fileName, PngChecksums checksums,
                     const std::function<bool(const PngChunk &)> &visit)
{
    if (!png.startsWith(kPngSignature)) {
        fail(fileName, "is not a PNG file: its first eight bytes are others");
    }
    for (qsizetype at = qsizetype(sizeof kPngSignature) - 1;;) {
        if (png.size() - at < kChunkOverhead) {
            fail(fileName, "is cut off after " + std::to_string(png.size()) + " bytes");
        }
        const qsizetype length = qFromBigEndian<quint32>(png.constData() + at);
        if (length > png.size() - at - kChunkOverhead) {
            fail(fileName, "is cut off inside the chunk at byte " + std::to_string(at) + ": expected "
                               + std::to_string(length) + " bytes in it");
        }
        const quint32 expected = qFromBigEndian<quint32>(png.constData() + at + 8 + length);
        const bool wanted = checksums == PngChecksums::All || isCritical(png[at + 4]);
        if (wanted && checksum(QByteArrayView(png).sliced(at + 4, length + 4)) != expected) {
            fail(fileName, "is damaged: the checksum of the chunk at byte " + std::to_string(at) + " is wrong");
        }
        const PngChunk chunk{png.mid(at + 4, 4), png.mid(at + 8, length), at, at + length + kChunkOverhead};
        if (!visit(chunk) || chunk.type == "IEND") {
            return;
        }
        at = chunk.end;
    }
}

QByteArray pngChunk(const QByteArray &type, const QByteArray &content)
{
    const QByteArray body = type + content;
    return bigEndian(quint32(content.size())) + body + bigEndian(checksum(body));
}

} // namespace tessera::core
