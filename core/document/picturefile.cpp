#include "core/document/picturefile.h"

#include "core/document/atomicfile.h"
#include "core/document/imagefile.h"
#include "core/document/pngtext.h"

#include <vector>

namespace tessera::core
{

namespace fs = std::filesystem;

Image readPicture(const fs::path &path)
{
    return fromQImage(readImage(path));
}

bool writePicture(const fs::path &path, const QImage &picture, const QByteArray &record)
{
    const bool fits = record.size() <= kMostPngTextBytes;
    std::vector<PngText> texts;
    if (!record.isEmpty() && fits) {
        texts.push_back({kRecordKey, record});
    }
    writeImage(path, picture, texts);
    return fits;
}

std::optional<RecordedPicture> readRecordedPicture(const fs::path &path)
{
    const auto text = pngText(readWholeFile(path), kRecordKey, path.string());
    if (!text) {
        return {};
    }
    const QImage image = readImage(path).convertToFormat(QImage::Format_RGB32);
    return RecordedPicture{image, *text, recordFromText(text->toStdString(), fromQImage(image), path.string())};
}

} // namespace tessera::core
