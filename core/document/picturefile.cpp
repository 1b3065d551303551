#include "core/document/picturefile.h"

#include "core/document/atomicfile.h"
#include "core/document/imagefile.h"
#include "core/document/pngtext.h"

#include <vector>

namespace tessera::core
{

namespace fs = std::filesystem;

FilePicture readPicture(const fs::path &path)
{
    const QImage image = decodeImage(readWholeFile(path), path.string());
    return {fromQImage(image), image.colorSpace()};
}

bool writePicture(const fs::path &path, const QImage &picture, const QByteArray &record, const QColorSpace &space)
{
    const bool fits = record.size() <= kMostPngTextBytes;
    std::vector<PngText> texts;
    if (!record.isEmpty() && fits) {
        texts.push_back({kRecordKey, record});
    }
    QImage tagged = picture;
    if (space.isValid() && space != QColorSpace::SRgb) {
        tagged.setColorSpace(space);
    }
    writeImage(path, tagged, texts);
    return fits;
}

std::optional<RecordedPicture> readRecordedPicture(const fs::path &path)
{
    const QByteArray content = readWholeFile(path);
    const auto text = pngText(content, kRecordKey, path.string());
    if (!text) {
        return {};
    }
    const QImage image = decodeImage(content, path.string()).convertToFormat(QImage::Format_RGB32);
    return RecordedPicture{image, *text, recordFromText(text->toStdString(), fromQImage(image), path.string())};
}

} // namespace tessera::core
