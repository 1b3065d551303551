// Map files of every kind, and telling a map from a model. Callable from any thread.
#pragma once

#include <algorithm>
#include <filesystem>

#include "core/map/fieldmap.h"
#include "core/map/mapimport.h"
#include "ui/mapdocument.h"

namespace tessera::ui
{

// Each reader throws Error that names the file.
core::ImportedMap readLabelMap(const std::filesystem::path &path, const core::LabelSet &set);
// Depth or edges, -1 .. 1: a PNG of writeFieldMap() as it was written, any other file scaled by its own lowest and
// highest value, as `tessera-cli render` scales all of them, and the session what it renders.
core::FieldMap readFieldMap(const std::filesystem::path &path);
// The edges of a photo or picture, -1 .. 1; of one too large for a canvas as those of a smaller one.
struct FieldOfPhoto {
    core::FieldMap field;
    bool smaller = false;
};
FieldOfPhoto readEdgesOfPhoto(const std::filesystem::path &path);

// A map that is larger than a canvas may be (MapDocument::kLargestSide) is made to fit, in its proportions as far as
// the smallest side lets it.
template<typename Map>
bool tooLarge(const Map &map)
{
    return std::max(map.width, map.height) > MapDocument::kLargestSide;
}
core::LabelMap fitted(core::LabelMap map);
core::FieldMap fitted(core::FieldMap map);

void writeLabelMap(const std::filesystem::path &path, const core::LabelMap &map, const core::LabelSet &set);
void writeFieldMap(const std::filesystem::path &path, const core::FieldMap &field);

// Whether a dropped file is to be opened as a model: a folder, or what its content says is one; where the content says
// nothing, the suffix decides. A picture is none, whatever its name.
bool looksLikeModel(const std::filesystem::path &path);
// Whether a folder holds a model where ModelBundle would look for one.
bool holdsModel(const std::filesystem::path &folder);

} // namespace tessera::ui
