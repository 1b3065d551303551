// The chunks of a PNG file: what pngtext reads and writes, and how a cut or damaged file is told before
// decoding.
#pragma once

#include <QByteArray>

#include <functional>
#include <string>

namespace tessera::core
{

inline constexpr char kPngSignature[] = "\x89PNG\r\n\x1a\n";

struct PngChunk {
    QByteArray type;
    QByteArray content;
    qsizetype start = 0; // of the whole chunk in the file
    qsizetype end = 0;
};

enum class PngChecksums {
    All,
    Critical, // only of the chunks that decide the pixels: a damaged comment does no harm
};

// Calls `visit` for every chunk up to IEND; it ends the walk by returning false. `fileName` is what errors
// call the file. Throws Error (FileFormat) when it is no PNG, is cut off, or a checksum of those wanted is
// wrong.
void forEachPngChunk(const QByteArray &png, const std::string &fileName, PngChecksums checksums,
                     const std::function<bool(const PngChunk &)> &visit);

// The bytes of a chunk: length, type of four letters, content, checksum.
QByteArray pngChunk(const QByteArray &type, const QByteArray &content);

} // namespace tessera::core
