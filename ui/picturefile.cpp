#include "ui/picturefile.h"

#include <QImageReader>

#include "core/document/atomicfile.h"
#include "core/document/imagefile.h"
#include "core/document/pngtext.h"
#include "ui/imageconversion.h"

namespace tessera::ui
{

namespace fs = std::filesystem;

bool writePicture(const fs::path &path, const QImage &picture, const QByteArray &record)
{
    const bool fits = record.size() <= core::kMostPngTextBytes;
    std::vector<core::PngText> texts;
    if (!record.isEmpty() && fits)
        texts.push_back({core::kRecordKey, record});
    core::writeImage(path, picture, texts);
    return fits;
}

std::optional<RecordedPicture> readRecordedPicture(const fs::path &path)
{
    constexpr qint64 kMostBytes = qint64(2) << 30;
    if (QImageReader::imageFormat(QString::fromStdString(path.string())) != "png")
        return {};
    const auto text = core::pngText(core::readWholeFile(path, kMostBytes), core::kRecordKey, path.string());
    if (!text)
        return {};
    const QImage image = core::readImage(path).convertToFormat(QImage::Format_RGB32);
    return RecordedPicture{image, *text,
                           core::recordFromText(text->toStdString(), fromQImage(image), path.string())};
}

} // namespace tessera::ui
