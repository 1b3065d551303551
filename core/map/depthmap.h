// Depth and edge maps: what the models that paint from depth or edges are given.
#pragma once

#include "core/map/fieldmap.h"
#include "core/map/imagebytes.h"

#include <string>

namespace tessera::core
{

// Scales to [-1, 1] by the map's own lowest and highest value, (v - low) / max(1e-8, high - low) * 2 - 1, as
// the depth data of the paper's authors. A constant map becomes -1 everywhere, as there. Do it before
// cropping and resizing. `fileName` is what errors call the map. Throws Error (FileFormat) for values that
// are not finite.
FieldMap normalizedField(FieldMap field, const std::string &fileName);

// OpenCV's bilinear resizing without anti-aliasing, the authors' own. Throws Error (InvalidArgument) when a
// side is not 1 to LabelMap::kMaxSidePixels. REQUIRES: `field` is not empty.
FieldMap resizedBilinear(const FieldMap &field, int width, int height);

// Thresholds are for the length of the Sobel gradient (kernel 1 2 1) of a picture in [-1, 1]; it reaches
// about 8.
struct EdgeOptions {
    double sigma = 2; // of the Gaussian blur, pixels; 0: none
    double low = 0.1;
    double high = 0.2;
};

// Canny edges of an 8-bit gray, RGB or RGBA picture: 1 on edges, 0 elsewhere.
FieldMap edgeMap(const ImageBytes &picture, const EdgeOptions &options = {});

} // namespace tessera::core
