// From what the artist painted to what the transformer is conditioned on.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/render/render.h"
#include "core/sampling/grid.h"
#include "models/bundle.h"

namespace tessera::core
{

// What SampleRequest::condition wants: the map scaled to the canvas and encoded, codes as they are, coordinates, or one
// cell for Class and None models. `tiled`: in the smallest tiles, whatever memory there is. `stop`: as in encoding.h.
// REQUIRES: the request was checked.
CodeGrid conditionGrid(const models::ModelBundle &bundle, const RenderRequest &request, GridSize canvas, bool tiled,
                       std::stop_token stop = {});

// The whole canvas as the frame of a model conditioned on coordinates: the mean over each cell of
// (y * width + x) / (width * height), in `levels` steps, halves to even (taming's CoordStage).
CodeGrid coordinateGrid(GridSize canvas, int factor, int64_t levels);

// What the request's map is a map of, among the kinds that the model takes; nothing where it takes none by that name.
std::optional<models::ConditionKind> mapKindOf(const models::ModelConfig &config, const RenderRequest &request);

// The field as the stage of this kind reads it, on so many pixels: depth as it is; of edges, where the model reads
// nearness to lines, that of the lines, which are the values above 0 (models/edgefield.h), and else the field from 0 to
// 1 (Canny's own values, which the published ones were trained with). REQUIRES: the model paints from the kind.
FieldMap fieldToRead(const models::ModelConfig &config, models::ConditionKind kind, const FieldMap &field,
                     GridSize pixels);

// Vocabulary ids in the model's order; controls not named are "any". REQUIRES: keys and values are the model's.
std::vector<int64_t> controlTokens(const models::ModelConfig &config,
                                   const std::map<std::string, std::string> &controls);

// A tensor of codes [1, h, w] as a grid and back (int64, on the CPU).
CodeGrid gridOf(const at::Tensor &codes);
at::Tensor tensorOf(const CodeGrid &codes);

} // namespace tessera::core
