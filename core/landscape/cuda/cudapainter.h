#pragma once

#include "core/landscape/batchpainter.h"

namespace tessera::core
{

// A painter on the GPU with this number, for pictures of this size whose lands have `lightings` pictures each. Takes
// about 190 MB of the GPU's memory, and more for pictures larger than 2048 x 2048. Throws PainterError.
std::unique_ptr<BatchPainter> makeCudaPainter(int gpu, int width, int height, int lightings);

} // namespace tessera::core
