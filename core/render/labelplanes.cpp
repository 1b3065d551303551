#include "core/render/labelplanes.h"

#include "core/map/labelset.h"

namespace tessera::core
{

namespace
{

LabelPlanes straightPlanes(int64_t planes)
{
    LabelPlanes result;
    for (int value = 0; value < 256; ++value)
        result.planeOf[size_t(value)] = value < planes ? value : LabelPlanes::kNoLabel;
    return result;
}

} // namespace

std::string LabelPlanes::text() const
{
    int highest = -1, unpainted = -1;
    for (int value = 0; value < 256; ++value) {
        const bool apart = planeOf[size_t(value)] == kNoPlane || (value > 0 && planeOf[size_t(value)] == 0);
        unpainted = apart ? value : unpainted;
        highest = !apart && planeOf[size_t(value)] >= 0 ? value : highest;
    }
    return "0 to " + std::to_string(highest)
           + (unpainted < 0 ? "" : ", and " + std::to_string(unpainted) + " for unpainted");
}

LabelPlanes labelPlanes(const std::string &labelSet, int64_t planes)
{
    LabelPlanes result = straightPlanes(planes);
    if (labelSet.empty() || !hasLabelSet(labelSet))
        return result;
    const LabelSet set = loadLabelSet(labelSet);
    if (set.at(set.voidLabel))
        return result;
    const int shift = planes > int64_t(set.labels.size()) ? 1 : 0;
    for (int value = 0; value < 256; ++value) {
        const bool fits = set.at(value) && value + shift < planes;
        result.planeOf[size_t(value)] = fits ? value + shift : LabelPlanes::kNoLabel;
    }
    result.planeOf[set.voidLabel] = shift ? 0 : LabelPlanes::kNoPlane;
    return result;
}

} // namespace tessera::core
