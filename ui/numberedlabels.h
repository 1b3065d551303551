// A label set for a model whose labels nobody has named here: "label 1", "label 2", in colours told apart well.
// Any thread.
#pragma once

#include "core/map/labelset.h"

namespace tessera::ui
{

// `count` labels, 2 .. 256; the first is void, as in most sets.
core::LabelSet numberedLabels(int count);

} // namespace tessera::ui
