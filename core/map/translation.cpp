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

// The set of the program that a file's labels belong to; "" for none in particular.
std::string setOf(MapLabels labels)
{
    const bool named = labels == MapLabels::Landscape || labels == MapLabels::CocoStuff || labels == MapLabels::Ade20k;
    return named ? nameOf(labels) : "";
}

// Gray ids of the public sets mean labels of every set, more exactly than by way of a third.
bool isGrayIds(const ImageBytes &image, MapLabels labels)
{
    return isGray(image) && labels != MapLabels::Landscape;
}

size_t voidPixels(const LabelMap &map, const LabelSet &set)
{
    return map.histogram()[set.voidLabel];
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

ImportedMap importTranslated(const ImageBytes &image, const LabelSet &set, MapLabels labels,
                             const std::string &fileName)
{
    const std::string name = setOf(labels);
    if (name.empty() || isGrayIds(image, labels)) {
        return importMap(image, set, labels, fileName);
    }
    const LabelSet from = loadLabelSet(name);
    // Landscape stands for the colours of any set; that set's own numbers are gray.
    ImportedMap imported =
        importMap(image, from, image.channels == 1 ? MapLabels::Index : MapLabels::Landscape, fileName);
    if (from.name != set.name) {
        const size_t before = voidPixels(imported.map, from);
        imported.map = translated(imported.map, from, set);
        imported.report.unmapped += voidPixels(imported.map, set) - before;
        imported.report.labels = labels;
    }
    return imported;
}

} // namespace tessera::core
