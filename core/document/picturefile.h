// Pictures in files, with what they were made from. Callable from any thread.
#pragma once

#include "core/render/image.h"
#include "core/render/recordjson.h"

#include <QByteArray>
#include <QImage>

#include <filesystem>
#include <optional>

namespace tessera::core
{

// Throws Error like readImage.
Image readPicture(const std::filesystem::path &path);

// `record` makes the picture again, see core/render/recordjson.h; only PNG files carry it. False when it is too
// long to be carried and was left out. Throws Error like writeImage.
bool writePicture(const std::filesystem::path &path, const QImage &picture, const QByteArray &record);

struct RecordedPicture {
    QImage image; // RGB32
    QByteArray text;
    RenderRecord record; // what the text says
};

// A PNG that Tessera wrote with its record; none where it carries none. Throws Error that names the file: FileRead, or
// FileFormat where it is no PNG, or it or its record is damaged.
std::optional<RecordedPicture> readRecordedPicture(const std::filesystem::path &path);

} // namespace tessera::core
