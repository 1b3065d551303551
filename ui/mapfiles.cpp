#include "ui/mapfiles.h"

#include <algorithm>
#include <array>
#include <string>

#include <QFile>
#include <QImageReader>

#include "core/document/fieldfile.h"
#include "core/document/imagefile.h"
#include "core/document/picturefile.h"
#include "core/map/depthmap.h"
#include "models/setname.h"
#include "ui/imageconversion.h"

namespace tessera::ui
{

namespace fs = std::filesystem;

namespace
{

bool hasModelSuffix(const fs::path &path)
{
    static constexpr std::array kSuffixes{".safetensors", ".ckpt", ".pt", ".pth", ".bin", ".yaml", ".yml"};
    const std::string suffix = QString::fromStdString(path.extension().string()).toLower().toStdString();
    return std::find(kSuffixes.begin(), kSuffixes.end(), suffix) != kSuffixes.end()
           || models::namesSafetensorsSet(path);
}

// The first bytes of torch's two containers and of safetensors, whose header of eight bytes is followed by JSON.
bool hasModelContent(const fs::path &path)
{
    QFile file(QString::fromStdString(path.string()));
    if (!file.open(QIODevice::ReadOnly))
        return false;
    const QByteArray start = file.read(9);
    return start.startsWith("PK\x03\x04") || start.startsWith("\x80\x02") || (start.size() == 9 && start[8] == '{');
}

QSize fittedSize(int width, int height)
{
    constexpr int kLeast = MapDocument::kSmallestSide, kMost = MapDocument::kLargestSide;
    const QSize size = QSize(width, height).scaled(kMost, kMost, Qt::KeepAspectRatio);
    return size.expandedTo(QSize(std::min(width, kLeast), std::min(height, kLeast)));
}

} // namespace

core::ImportedMap readLabelMap(const fs::path &path, const core::LabelSet &set)
{
    return core::importMap(core::readMapImage(path), set, core::MapLabels::Auto, path.string());
}

core::FieldMap readFieldMap(const fs::path &path)
{
    return core::readScaledField(path);
}

FieldOfPhoto readEdgesOfPhoto(const fs::path &path)
{
    core::Image photo = core::readPicture(path).image;
    const bool smaller = tooLarge(photo);
    if (smaller) {
        const QSize size = fittedSize(photo.width, photo.height);
        photo = core::fromQImage(core::toQImage(photo).scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation));
    }
    const core::FieldMap edges = core::edgeMap({photo.width, photo.height, 3, photo.rgb});
    return {core::normalizedField(edges, path.string()), smaller};
}

core::LabelMap fitted(core::LabelMap map)
{
    if (!tooLarge(map))
        return map;
    const QSize size = fittedSize(map.width, map.height);
    return map.resizedNearest(size.width(), size.height());
}

core::FieldMap fitted(core::FieldMap map)
{
    if (!tooLarge(map))
        return map;
    const QSize size = fittedSize(map.width, map.height);
    return core::resizedBilinear(map, size.width(), size.height());
}

void writeLabelMap(const fs::path &path, const core::LabelMap &map, const core::LabelSet &set)
{
    core::writeImage(path, core::toQImage(core::mapToRgb(map, set)));
}

void writeFieldMap(const fs::path &path, const core::FieldMap &field)
{
    core::writeImage(path, fieldImage(field), {{core::kFieldRangeKey, core::kWholeFieldRange}});
}

bool looksLikeModel(const fs::path &path)
{
    std::error_code ignored;
    if (fs::is_directory(path, ignored))
        return true;
    if (!QImageReader::imageFormat(QString::fromStdString(path.string())).isEmpty())
        return false;
    return hasModelContent(path) || hasModelSuffix(path);
}

bool holdsModel(const fs::path &folder)
{
    // Where a folder cannot be read, or no further, the iterator is at its end.
    std::error_code failure;
    for (const fs::path &place : {folder, folder / "checkpoints", folder / "ckpts"}) {
        for (fs::directory_iterator entry(place, failure), end; entry != end; entry.increment(failure)) {
            const fs::path suffix = entry->path().extension();
            if (suffix == ".ckpt" || (suffix == ".safetensors" && place == folder))
                return true;
        }
    }
    return false;
}

} // namespace tessera::ui
