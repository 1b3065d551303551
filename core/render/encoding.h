// From pictures and maps to codes. All in a piece where that fits `memory` bytes (stageMemory() as a rule), otherwise
// in the largest tiles that fit (models/tiledencoder.h), which may choose another code where two fit about equally
// well. What is beyond whole codes has none (AutoencoderConfig::seenPixels). `stop` is looked at between tiles and
// between blocks; codes after it mean nothing.
#pragma once

#include <cstdint>
#include <stop_token>
#include <string>

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"
#include "core/render/image.h"
#include "core/sampling/grid.h"
#include "models/autoencoder.h"

namespace tessera::core
{

CodeGrid encodedPicture(const models::Autoencoder &stage, const Image &picture, uint64_t memory,
                        std::stop_token stop = {});

// Codes near a window's edge depend on what lies outside it: a map is encoded for the whole canvas. Labels become
// one-hot planes of 0 and 1 (labelplanes.h). REQUIRES: the stage knows every label of the map.
CodeGrid encodedLabels(const models::Autoencoder &stage, const std::string &labelSet, const LabelMap &map,
                       uint64_t memory, std::stop_token stop = {});

// One value per pixel, given to every channel of the stage.
CodeGrid encodedField(const models::Autoencoder &stage, const FieldMap &field, uint64_t memory,
                      std::stop_token stop = {});

} // namespace tessera::core
