// Whole files, read and written at once. Every file of the user's is written through writeFileAtomically.
#pragma once

#include <QByteArray>

#include <filesystem>

namespace tessera::core
{

// The file holds the old content or all of the new, never a part, whatever fails or whenever the power does:
// a temporary file in the same folder, fsync, rename, fsync of the folder. QSaveFile alone does not do: it
// reports success after a short write and ignores a failed fsync. A symbolic link is followed; permissions
// are kept. On return the content is on the disk. Throws Error (FileWrite) that names the path and the
// reason; nothing has changed then and no temporary file is left. Callable from any thread.
void writeFileAtomically(const std::filesystem::path &path, const QByteArray &content);

// Throws Error (FileRead) that names the path and the reason; also when the file is no regular file or larger
// than `maxBytes`.
QByteArray readWholeFile(const std::filesystem::path &path, qint64 maxBytes);

} // namespace tessera::core
