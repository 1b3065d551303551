// Picture files: PNG, JPEG, WebP, TIFF and BMP, told apart by content, never by name. No other format is
// read, whatever plug-ins Qt finds. Callable from any thread.
#pragma once

#include "core/map/imagebytes.h"
#include "core/render/image.h"

#include <QByteArray>
#include <QImage>

#include <filesystem>
#include <string>
#include <vector>

namespace tessera::core
{

inline constexpr int kMaxImageSidePixels = 16384;

// As the file says, turned as the camera was held, in sRGB. Throws Error: FileRead, or FileFormat that names
// the file, what was found and what was expected: another format, cut off or damaged, too large.
QImage readImage(const std::filesystem::path &path);

// The same of a file already in memory; `fileName` is what errors call it. The colours stay as they are.
QImage decodeImage(const QByteArray &content, const std::string &fileName);

enum class PalettePixels { Colors, Indices };

// The pixels as they are in the file, for importMap: gray files have 1 channel, files with alpha 4 (not
// premultiplied, except TIFF, whose alpha Qt multiplies in), others 3. A file with a palette gives its
// colours or its indices, as asked. 16-bit gray files are read as numbers of labels: as they are up to 255, or 8 bits
// spread over 16; 16-bit colours lose their lower half. Throws like readImage, and for other 16-bit gray values.
ImageBytes readMapImage(const std::filesystem::path &path, PalettePixels palettePixels = PalettePixels::Colors);

// 1 channel: gray, 3: RGB, 4: RGBA. The image owns its pixels.
QImage toQImage(const ImageBytes &image);

// RGB32, owning its pixels; an empty picture gives a null image.
QImage toQImage(const Image &picture);
// Without alpha, whatever the format.
Image fromQImage(const QImage &image);

struct PngText {
    QByteArray key;   // see pngtext.h
    QByteArray value; // UTF-8
};

// Writes PNG, JPEG, WebP (both quality 95) or TIFF by the suffix, whole or not at all. `texts` go into PNG
// files; other formats leave them out. Throws Error: InvalidArgument for other suffixes and an empty image,
// FileWrite.
void writeImage(const std::filesystem::path &path, const QImage &image, const std::vector<PngText> &texts = {});

// Throws like writeImage when no picture of that name can be written: to be asked before long work.
void checkImageSuffix(const std::filesystem::path &path);

} // namespace tessera::core
