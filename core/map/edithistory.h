// Undo and redo for a map. The unit is the gesture: from pressing the pen to lifting it. Only the changed places of each
// are kept, before and after, in squares: what a thin line leaves out within its rectangle is not.
#pragma once

#include "core/map/fieldmap.h"
#include "core/map/labelmap.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace tessera::core
{

// Belongs to the thread that paints. It never holds on to the map: each call is given it, and it must be the
// map as the last call left it, or as painted since beginGesture.
template<typename Map>
class MapHistory
{
public:
    static constexpr size_t kDefaultByteBudget = size_t(256) << 20;

    // When the steps need more bytes than the budget, the oldest go; the newest always stays.
    explicit MapHistory(size_t byteBudget = kDefaultByteBudget) : m_byteBudget(byteBudget) {}

    // Remembers the map as it is. REQUIRES: no gesture is open.
    void beginGesture(const Map &map);
    // Notes what a stroke changed. REQUIRES: a gesture is open.
    void addChange(const PixelRect &changed) { m_changed = m_changed.united(changed); }
    // Makes the open gesture one step and forgets what could be redone. A gesture that changed nothing makes
    // no step. A map of another size than at the beginning (resized, loaded anew) is kept whole. Where memory does not
    // suffice (std::bad_alloc), the gesture stays open.
    void endGesture(const Map &map);
    // Puts the map back to what it was at the beginning of the gesture, which leaves no step. Returns what
    // changed.
    PixelRect cancelGesture(Map &map);
    bool gestureOpen() const { return m_open; }

    bool canUndo() const { return !m_open && m_applied > 0; }
    bool canRedo() const { return !m_open && m_applied < m_steps.size(); }
    // Each returns the changed rectangle: the whole map when its size changed, empty when there is nothing to
    // do.
    PixelRect undo(Map &map);
    PixelRect redo(Map &map);

    void clear();

    // Equal numbers mean an equal map: compare with the number at the last save to know whether it is saved.
    uint64_t stateId() const { return m_applied > 0 ? m_steps[m_applied - 1].id : m_baseId; }
    // Whether undo or redo can lead to that state, or the map is in it.
    bool holdsState(uint64_t id) const;
    size_t bytes() const { return m_bytes; }
    size_t steps() const { return m_steps.size(); }

private:
    struct Patch {
        PixelRect place;
        Map before;
        Map after;
    };
    struct Step {
        PixelRect rect; // around all patches
        std::vector<Patch> patches;
        bool whole = false; // one patch, of a map that changed its size
        uint64_t id = 0;
        size_t bytes() const;
    };

    static std::vector<Patch> patchesOf(const Map &before, const Map &after, const PixelRect &rect);
    static PixelRect apply(Map &map, const Step &step, Map Patch::*content);
    void push(Step step);
    void dropOldest();

    size_t m_byteBudget;
    size_t m_bytes = 0;
    std::deque<Step> m_steps;
    size_t m_applied = 0; // steps before this one are in the map
    uint64_t m_baseId = 0;
    uint64_t m_nextId = 1;
    bool m_open = false;
    Map m_atBeginning;
    PixelRect m_changed;
};

extern template class MapHistory<LabelMap>;
extern template class MapHistory<FieldMap>;

} // namespace tessera::core
