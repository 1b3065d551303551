#include "app/cli/inputs.h"

#include <algorithm>
#include <utility>

#include <QImage>

#include "core/document/fieldfile.h"
#include "core/document/imagefile.h"
#include "core/document/picturefile.h"
#include "core/map/depthmap.h"
#include "core/map/labelset.h"
#include "core/map/mapimport.h"
#include "core/map/translation.h"
#include "models/error.h"

namespace tessera::cli
{

namespace fs = std::filesystem;

namespace
{

core::LabelMap indexMap(const core::ImageBytes &image, const std::string &labels, const fs::path &path,
                        const core::ModelInfo &model)
{
    if (labels != "auto" && labels != "index")
        throw Error(ErrorCode::InvalidArgument, "The labels '" + labels + "' cannot be translated to the set '"
                                                    + model.labelSet + "' of this model; expected index.");
    if (image.channels != 1)
        throw Error(ErrorCode::FileFormat, "The map " + path.string() + " has colours; the labels of this model's set '"
                                               + model.labelSet + "' are read from gray files, one number a pixel.");
    core::LabelMap map(image.width, image.height);
    map.labels = image.bytes;
    return map;
}

std::string noteOn(const core::ImportReport &report, const fs::path &path)
{
    if (report.unknown + report.unmapped + report.offPalette == 0)
        return {};
    std::string note = "The map " + path.string() + " was read as " + core::nameOf(report.labels) + ": "
                       + std::to_string(report.offPalette) + " pixels were not exactly of the palette";
    if (report.unknown + report.unmapped > 0)
        note += ", " + std::to_string(report.unknown + report.unmapped) + " pixels became void";
    return note + ".";
}

// What shows where the picture lies on black: colours multiplied by their alpha.
QImage onBlack(const QImage &image)
{
    QImage flat = image.convertToFormat(QImage::Format_RGBA8888_Premultiplied);
    for (int y = 0; y < flat.height(); ++y) {
        uchar *pixel = flat.scanLine(y);
        for (int x = 0; x < flat.width(); ++x)
            pixel[4 * x + 3] = 255;
    }
    return flat;
}

} // namespace

void requireFile(const fs::path &path)
{
    std::error_code error, ignored;
    if (!fs::exists(path, error) && error)
        throw Error(ErrorCode::FileRead, "The file " + path.string() + " cannot be read: " + error.message() + ".");
    if (!fs::exists(path, ignored))
        throw Error(ErrorCode::FileRead, fs::is_symlink(path, ignored)
                                             ? path.string() + " is a link to "
                                                   + fs::read_symlink(path, ignored).string()
                                                   + ", which does not exist."
                                             : "The file " + path.string() + " does not exist.");
    if (fs::is_directory(path, ignored))
        throw Error(ErrorCode::FileRead, path.string() + " is a folder; expected a file.");
}

core::LabelMap readLabels(const fs::path &path, const std::string &labels, const core::ModelInfo &model,
                          std::string &note)
{
    if (!core::hasLabelSet(model.labelSet))
        return indexMap(core::readMapImage(path, core::PalettePixels::Indices), labels, path, model);
    const core::MapLabels scheme = core::mapLabelsFromName(labels);
    const bool numbers =
        scheme == core::MapLabels::Index || scheme == core::MapLabels::CocoStuff || scheme == core::MapLabels::Ade20k;
    const core::ImageBytes image =
        core::readMapImage(path, numbers ? core::PalettePixels::Indices : core::PalettePixels::Colors);
    core::ImportedMap imported =
        core::importTranslated(image, core::loadLabelSet(model.labelSet), scheme, path.string());
    note = noteOn(imported.report, path);
    return std::move(imported.map);
}

core::FieldMap readField(const fs::path &path)
{
    return core::normalizedField(core::readFieldImage(path), path.string());
}

core::LabelMap readMask(const fs::path &path)
{
    const QImage image = core::readImage(path);
    const QImage gray = (image.hasAlphaChannel() ? onBlack(image) : image).convertToFormat(QImage::Format_Grayscale8);
    core::LabelMap mask(gray.width(), gray.height());
    for (int y = 0; y < mask.height; ++y)
        std::transform(gray.constScanLine(y), gray.constScanLine(y) + mask.width, mask.row(y),
                       [](uchar value) { return uint8_t(value >= 128); });
    return mask;
}

core::RecordedPicture readRecorded(const fs::path &path)
{
    auto picture = core::readRecordedPicture(path);
    if (!picture)
        throw Error(ErrorCode::FileFormat,
                    path.string() + " carries no render record; expected a PNG written by Tessera.");
    return std::move(*picture);
}

} // namespace tessera::cli
