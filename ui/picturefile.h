// Picture files with what they were made from. Callable from any thread.
#pragma once

#include <filesystem>
#include <optional>

#include <QByteArray>
#include <QImage>

#include "core/render/recordjson.h"

namespace tessera::ui
{

// `record` makes the picture again, see core/render/recordjson.h; only PNG files carry it. False when it is too long to
// be carried and was left out.
bool writePicture(const std::filesystem::path &path, const QImage &picture, const QByteArray &record);

struct RecordedPicture {
    QImage image; // RGB32
    QByteArray text;
    core::RenderRecord record; // what the text says
};

// A picture that Tessera wrote with its record; none where the file is anything else. Throws Error that names the file
// where it or its record is damaged.
std::optional<RecordedPicture> readRecordedPicture(const std::filesystem::path &path);

} // namespace tessera::ui
