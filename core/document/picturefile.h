// Pictures in files, with what they were made from. Callable from any thread.
#pragma once

#include "core/render/image.h"
#include "core/render/recordjson.h"

#include <QByteArray>
#include <QColorSpace>
#include <QImage>

#include <filesystem>
#include <optional>

namespace tessera::core
{

struct FilePicture {
    Image image;
    QColorSpace space; // what its numbers mean; invalid where the file does not say, which means sRGB
};

// The numbers as they are in the file: what is made of a picture keeps them where nothing changes, and so keeps the
// colour space, too. Throws Error like readImage.
FilePicture readPicture(const std::filesystem::path &path);

// `record` makes the picture again, see core/render/recordjson.h; only PNG files carry it. `space`: of the picture that
// this one was made from. False when the record is too long to be carried and was left out. Throws Error like
// writeImage.
bool writePicture(const std::filesystem::path &path, const QImage &picture, const QByteArray &record,
                  const QColorSpace &space = {});

struct RecordedPicture {
    QImage image; // RGB32, the numbers as they are in the file
    QByteArray text;
    RenderRecord record; // what the text says
};

// A PNG that Tessera wrote with its record; none where it carries none. Throws Error that names the file: FileRead, or
// FileFormat where it is no PNG, or it or its record is damaged.
std::optional<RecordedPicture> readRecordedPicture(const std::filesystem::path &path);

} // namespace tessera::core
