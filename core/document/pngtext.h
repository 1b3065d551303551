// Text inside PNG files, by which a written picture carries everything needed to make it again. Qt's own
// QImage texts are not used: they lose line breaks and choose the kind of chunk by length.
#pragma once

#include <QByteArray>

#include <optional>
#include <string>

namespace tessera::core
{

// What pngText reads, and pngWithText writes, at most.
inline constexpr qsizetype kMostPngTextBytes = qsizetype(16) << 20;

// The file with the text in an uncompressed iTXt chunk right after the header, in place of older texts of
// that key. `key` has 1 to 79 Latin-1 characters without leading, trailing or double spaces; `value` is UTF-8
// without NUL. Throws Error: InvalidArgument for other keys and values, FileFormat when `png` is not a whole
// PNG file.
QByteArray pngWithText(const QByteArray &png, const QByteArray &key, const QByteArray &value);

// The text of the key in UTF-8, from an iTXt, tEXt or zTXt chunk; none when there is no such chunk.
// `fileName` is what errors call the data. Throws Error (FileFormat) when the file is no PNG, is cut off, a
// chunk's checksum is wrong, or the text is damaged or longer than 16 MiB. Never looks at the pixels.
std::optional<QByteArray> pngText(const QByteArray &png, const QByteArray &key,
                                  const std::string &fileName = "in memory");

} // namespace tessera::core
