// Gray TIFF files of 32-bit floats, which Qt does not read.
#pragma once

#include "core/map/fieldmap.h"

#include <QByteArray>

#include <optional>
#include <string>

namespace tessera::core
{

// None when `content` is no TIFF of 32-bit floats. Read is the first picture of the file: one channel, in
// strips, not compressed or by Deflate without a predictor, either byte order. Throws Error (FileFormat) that
// names the file for float TIFFs of other kinds, damaged and cut ones, and those larger than
// kMaxImageSidePixels, as well as for a damaged directory of any TIFF. Strips that share bytes are damage: a small file
// would fill the memory. Source: TIFF revision 6.0, sections 2 and 19.
std::optional<FieldMap> readFloatTiff(const QByteArray &content, const std::string &fileName);

// Whether that would read it, or refuse its kind; looks at the directory alone. Throws Error (FileFormat) for a damaged
// one.
bool isFloatTiff(const QByteArray &content, const std::string &fileName);

} // namespace tessera::core
