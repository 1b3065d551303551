// Requests that can never work, refused with a sentence before anything runs. All throw RequestError.
#pragma once

#include <cstdint>
#include <string>

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"
#include "core/render/render.h"
#include "core/render/requesterror.h"
#include "models/config.h"

namespace tessera::core
{

// The request's canvas in codes.
GridSize canvasOf(const models::ModelConfig &config, const RenderRequest &request);

// Everything about a request except memory.
void checkRequest(const models::ModelConfig &config, const RenderRequest &request);

// Maps on their own, for the condition stage alone.
void checkLabels(const models::ModelConfig &config, const LabelMap &map);
void checkField(const FieldMap &field);
// Codes are 0 to count - 1 and the grid is whole. `what` begins the sentence: "The picture code".
void checkCodes(RequestPart part, const std::string &what, const CodeGrid &codes, int64_t count);
// At least one code of `factor` x `factor` pixels.
void checkWholeCode(RequestPart part, const std::string &what, int width, int height, int64_t factor);
// A request's initial picture, or one to encode: as many bytes as its size asks for and at least one whole code.
void checkPicture(const models::ModelConfig &config, const Image &picture);

} // namespace tessera::core
