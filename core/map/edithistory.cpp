#include "core/map/edithistory.h"

#include <algorithm>
#include <utility>

namespace tessera::core
{
namespace
{

constexpr int kPatchSide = 64; // pixels

template<typename Map>
size_t bytesOf(const Map &map)
{
    return size_t(map.width) * size_t(map.height) * sizeof(*map.row(0));
}

template<typename Map>
bool sameSize(const Map &first, const Map &second)
{
    return first.width == second.width && first.height == second.height;
}

template<typename Map>
bool equalWithin(const Map &first, const Map &second, const PixelRect &rect)
{
    for (int y = rect.y; y < rect.bottom(); ++y) {
        if (!std::equal(first.row(y) + rect.x, first.row(y) + rect.right(), second.row(y) + rect.x)) {
            return false;
        }
    }
    return true;
}

template<typename Map>
void paste(Map &map, const Map &part, int left, int top)
{
    for (int y = 0; y < part.height; ++y) {
        std::copy_n(part.row(y), part.width, map.row(top + y) + left);
    }
}

} // namespace

template<typename Map>
size_t MapHistory<Map>::Step::bytes() const
{
    size_t bytes = 0;
    for (const Patch &patch : patches) {
        bytes += bytesOf(patch.before) + bytesOf(patch.after);
    }
    return bytes;
}

template<typename Map>
std::vector<typename MapHistory<Map>::Patch> MapHistory<Map>::patchesOf(const Map &before, const Map &after,
                                                                        const PixelRect &rect)
{
    std::vector<Patch> patches;
    for (int y = rect.y; y < rect.bottom(); y += kPatchSide) {
        for (int x = rect.x; x < rect.right(); x += kPatchSide) {
            const PixelRect place = PixelRect{x, y, kPatchSide, kPatchSide}.intersected(rect);
            if (!equalWithin(before, after, place)) {
                patches.push_back({place, before.cropped(place), after.cropped(place)});
            }
        }
    }
    return patches;
}

template<typename Map>
void MapHistory<Map>::beginGesture(const Map &map)
{
    m_atBeginning = map;
    m_changed = {};
    m_open = true;
}

template<typename Map>
void MapHistory<Map>::endGesture(const Map &map)
{
    if (!m_open) {
        return;
    }
    Step step{m_changed.intersected(map.rect()), {}, !sameSize(m_atBeginning, map), 0};
    if (step.whole) {
        step.patches.push_back({map.rect(), {}, map});
        step.patches.front().before = std::move(m_atBeginning);
    } else {
        step.patches = patchesOf(m_atBeginning, map, step.rect);
    }
    m_open = false; // not before: where there is no memory for copies, the gesture is still open
    m_atBeginning = {};
    if (!step.patches.empty()) {
        push(std::move(step));
    }
}

template<typename Map>
PixelRect MapHistory<Map>::cancelGesture(Map &map)
{
    if (!m_open) {
        return {};
    }
    m_open = false;
    const bool resized = !sameSize(m_atBeginning, map);
    map = std::exchange(m_atBeginning, {});
    return resized ? map.rect() : m_changed.intersected(map.rect());
}

template<typename Map>
PixelRect MapHistory<Map>::undo(Map &map)
{
    if (!canUndo()) {
        return {};
    }
    const Step &step = m_steps[--m_applied];
    return apply(map, step, &Patch::before);
}

template<typename Map>
PixelRect MapHistory<Map>::redo(Map &map)
{
    if (!canRedo()) {
        return {};
    }
    const Step &step = m_steps[m_applied++];
    return apply(map, step, &Patch::after);
}

template<typename Map>
void MapHistory<Map>::clear()
{
    m_steps.clear();
    m_bytes = m_applied = 0;
    m_open = false;
    m_atBeginning = {};
    m_baseId = m_nextId++;
}

template<typename Map>
bool MapHistory<Map>::holdsState(uint64_t id) const
{
    return id == m_baseId || std::ranges::any_of(m_steps, [&](const Step &step) { return step.id == id; });
}

template<typename Map>
PixelRect MapHistory<Map>::apply(Map &map, const Step &step, Map Patch::*content)
{
    if (step.whole) {
        map = step.patches.front().*content;
        return map.rect();
    }
    for (const Patch &patch : step.patches) {
        paste(map, patch.*content, patch.place.x, patch.place.y);
    }
    return step.rect;
}

template<typename Map>
void MapHistory<Map>::push(Step step)
{
    while (m_steps.size() > m_applied) {
        m_bytes -= m_steps.back().bytes();
        m_steps.pop_back();
    }
    step.id = m_nextId++;
    m_bytes += step.bytes();
    m_steps.push_back(std::move(step));
    m_applied = m_steps.size();
    while (m_bytes > m_byteBudget && m_steps.size() > 1) {
        dropOldest();
    }
}

template<typename Map>
void MapHistory<Map>::dropOldest()
{
    m_bytes -= m_steps.front().bytes();
    m_baseId = m_steps.front().id;
    m_steps.pop_front();
    --m_applied;
}

template class MapHistory<LabelMap>;
template class MapHistory<FieldMap>;

} // namespace tessera::core
