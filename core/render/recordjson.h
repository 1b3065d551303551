// The record that a written picture carries: everything needed to make it again, as JSON text.
#pragma once

#include <string>

#include "core/render/image.h"
#include "core/render/render.h"

namespace tessera::core
{

// The key of the text in a PNG file.
inline constexpr char kRecordKey[] = "tessera";

struct RenderRecord {
    RenderRequest request; // request.modelIdentity names the model
    std::string modelName;
    std::string modelFile; // where it lay, or "starter"
    std::string device;    // with precision: what else decides the last bits
    std::string precision;
    CodeGrid codes;                   // of the picture
    std::vector<Relief> reliefs = {}; // what the render gave up because memory ran out
};

// `picture` is the one that will carry the record: of a region edit's initial picture only the pixels that differ from
// it are written. `conditionCodes` stand in for a map too large to be carried. Equal input gives equal text.
std::string recordText(const RenderRecord &record, const Image &picture, const CodeGrid &conditionCodes);

// `picture` is the one that carried the text, `fileName` is what errors call it. Throws Error (FileFormat) that names
// the file and the key.
RenderRecord recordFromText(const std::string &text, const Image &picture, const std::string &fileName);

} // namespace tessera::core
