// Files a command reads, as the values that rendering wants.
#pragma once

#include <filesystem>
#include <string>

#include "core/document/picturefile.h"
#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"
#include "core/render/recordjson.h"
#include "core/render/render.h"

namespace tessera::cli
{

// Throws Error (FileRead) when there is no such file: asked before a model is opened for it.
void requireFile(const std::filesystem::path &path);

// `labels` is a name of mapLabelsFromName. `note` receives a sentence about what had to be guessed, or stays empty.
core::LabelMap readLabels(const std::filesystem::path &path, const std::string &labels, const core::ModelInfo &model,
                          std::string &note);
// Depth or edges, scaled to [-1, 1] by their own lowest and highest value.
core::FieldMap readField(const std::filesystem::path &path);
// 1 where the mask is white (at least half bright, on black where it is transparent), 0 elsewhere.
core::LabelMap readMask(const std::filesystem::path &path);
// A rendered PNG with its record. Throws Error (FileFormat) when it carries none.
core::RecordedPicture readRecorded(const std::filesystem::path &path);

} // namespace tessera::cli
