#include "core/map/translation.h"

#include <algorithm>

namespace tessera::core
{
namespace
{

const Label *counterpart(const Label &label, const LabelSet &to)
{
    for (const int id : label.cocoStuff) {
        if (const Label *found = to.findCocoStuff(id)) {
            return found;
        }
    }
    for (const int id : label.ade20k) {
        if (const Label *found = to.findAde20k(id)) {
            return found;
        }
    }
    return to.find(label.name);
}

} // namespace

std::array<uint8_t, 256> labelTranslation(const LabelSet &from, const LabelSet &to)
{
    std::array<uint8_t, 256> table{};
    table.fill(to.voidLabel);
    for (const Label &label : from.labels) {
        const Label *found = from.isVoid(label.index) ? nullptr : counterpart(label, to);
        if (found) {
            table[size_t(label.index)] = uint8_t(found->index);
        }
    }
    return table;
}

LabelMap translated(const LabelMap &map, const LabelSet &from, const LabelSet &to)
{
    const std::array<uint8_t, 256> table = labelTranslation(from, to);
    LabelMap result = map;
    std::transform(map.labels.begin(), map.labels.end(), result.labels.begin(),
                   [&](uint8_t label) { return table[label]; });
    return result;
}

} // namespace tessera::core
