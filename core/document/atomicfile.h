// Whole files, read and written at once. Every file of the user's is written through writeFileAtomically.
#pragma once

#include <QByteArray>

#include <filesystem>

namespace tessera::core
{

// As models::WholeFile, in one call. Throws Error (FileWrite). Callable from any thread.
void writeFileAtomically(const std::filesystem::path &path, const QByteArray &content);

inline constexpr qint64 kMaxFileBytes = qint64(2) << 30; // of whatever is read at once

// Throws Error (FileRead) that names the path and the reason; also when the file is no regular file or larger
// than `maxBytes`.
QByteArray readWholeFile(const std::filesystem::path &path, qint64 maxBytes = kMaxFileBytes);

} // namespace tessera::core
