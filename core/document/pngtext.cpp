#include "core/document/pngtext.h"

#include "core/document/pngchunks.h"
#include "models/error.h"

#include <QString>

#include <zlib.h>

#include <algorithm>

namespace tessera::core
{
namespace
{

[[noreturn]] void fail(const std::string &fileName, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, "The PNG file " + fileName + " " + what);
}

bool isTextOf(const PngChunk &chunk, const QByteArray &key)
{
    return (chunk.type == "iTXt" || chunk.type == "tEXt" || chunk.type == "zTXt")
           && chunk.content.startsWith(key + '\0');
}

QByteArray inflated(const QByteArray &packed, const std::string &fileName)
{
    z_stream stream{};
    stream.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.constData()));
    stream.avail_in = uInt(packed.size());
    QByteArray text;
    int state = inflateInit(&stream);
    while (state == Z_OK && text.size() <= kMostPngTextBytes) {
        QByteArray piece(65536, Qt::Uninitialized);
        stream.next_out = reinterpret_cast<Bytef *>(piece.data());
        stream.avail_out = uInt(piece.size());
        state = inflate(&stream, Z_NO_FLUSH);
        text.append(piece.constData(), piece.size() - qsizetype(stream.avail_out));
    }
    inflateEnd(&stream);
    if (state != Z_STREAM_END) {
        fail(fileName, text.size() > kMostPngTextBytes ? "holds a text of more than 16 MiB"
                                                       : "holds a compressed text that is damaged");
    }
    return text;
}

// keyword NUL, compressed?, method, language NUL, translated keyword NUL, text
QByteArray internationalText(const QByteArray &content, qsizetype keyLength, const std::string &fileName)
{
    const qsizetype flags = keyLength + 1;
    const qsizetype languageEnd = content.indexOf('\0', flags + 2);
    const qsizetype keywordEnd = languageEnd < 0 ? -1 : content.indexOf('\0', languageEnd + 1);
    if (keywordEnd < 0 || content[flags] > 1 || content[flags + 1] != 0) {
        fail(fileName, "holds a text chunk that is damaged");
    }
    const QByteArray text = content.mid(keywordEnd + 1);
    return content[flags] == 1 ? inflated(text, fileName) : text;
}

QByteArray textOf(const PngChunk &chunk, qsizetype keyLength, const std::string &fileName)
{
    if (chunk.type == "iTXt") {
        return internationalText(chunk.content, keyLength, fileName);
    }
    if (chunk.type == "zTXt") {
        return QString::fromLatin1(inflated(chunk.content.mid(keyLength + 2), fileName)).toUtf8();
    }
    return QString::fromLatin1(chunk.content.mid(keyLength + 1)).toUtf8();
}

void checkKey(const QByteArray &key)
{
    const bool printable = std::all_of(key.begin(), key.end(), [](char c) {
        const auto code = static_cast<unsigned char>(c);
        return (code >= 32 && code <= 126) || code >= 161;
    });
    if (key.isEmpty() || key.size() > 79 || !printable || key.simplified() != key) {
        throw Error(ErrorCode::InvalidArgument,
                    "A PNG text cannot be called '" + QByteArray(key).replace('\0', "\\0").toStdString()
                        + "'; expected 1 to 79 printable characters and single spaces between them");
    }
}

} // namespace

QByteArray pngWithText(const QByteArray &png, const QByteArray &key, const QByteArray &value)
{
    checkKey(key);
    if (value.contains('\0') || value.size() > kMostPngTextBytes) {
        throw Error(ErrorCode::InvalidArgument,
                    "The PNG text '" + key.toStdString() + "' holds NUL or is longer than 16 MiB");
    }
    QByteArray result = kPngSignature;
    result.reserve(png.size() + value.size() + key.size() + 32);
    forEachPngChunk(png, "in memory", PngChecksums::All, [&](const PngChunk &chunk) {
        if (!isTextOf(chunk, key)) {
            result += QByteArrayView(png).sliced(chunk.start, chunk.end - chunk.start);
        }
        if (chunk.type == "IHDR") {
            // Not compressed, no language, no translated key: all the flags are 0.
            result += pngChunk("iTXt", key + QByteArray(5, '\0') + value);
        }
        return true;
    });
    return result;
}

std::optional<QByteArray> pngText(const QByteArray &png, const QByteArray &key, const std::string &fileName)
{
    std::optional<QByteArray> text;
    forEachPngChunk(png, fileName, PngChecksums::All, [&](const PngChunk &chunk) {
        if (isTextOf(chunk, key)) {
            text = textOf(chunk, key.size(), fileName);
        }
        if (text && text->size() > kMostPngTextBytes) {
            fail(fileName, "holds a text of more than 16 MiB");
        }
        return !text;
    });
    return text;
}

} // namespace tessera::core
