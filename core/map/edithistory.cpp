#include "core/map/edithistory.h"

#include <cstring>
#include <utility>

namespace tessera::core
{
namespace
{

bool sameSize(const LabelMap &first, const LabelMap &second)
{
    return first.width == second.width && first.height == second.height;
}

void paste(LabelMap &map, const LabelMap &part, int left, int top)
{
    for (int y = 0; y < part.height; ++y) {
        std::memcpy(map.row(top + y) + left, part.row(y), size_t(part.width));
    }
}

} // namespace

void EditHistory::beginGesture(const LabelMap &map)
{
    m_atBeginning = map;
    m_changed = {};
    m_open = true;
}

void EditHistory::endGesture(const LabelMap &map)
{
    if (!m_open) {
        return;
    }
    m_open = false;
    const LabelMap beginning = std::exchange(m_atBeginning, {});
    if (!sameSize(beginning, map)) {
        push({map.rect(), beginning, map, true, 0});
        return;
    }
    const PixelRect rect = m_changed.intersected(map.rect());
    if (rect.empty()) {
        return;
    }
    Step step{rect, beginning.cropped(rect), map.cropped(rect), false, 0};
    if (step.before != step.after) {
        push(std::move(step));
    }
}

PixelRect EditHistory::cancelGesture(LabelMap &map)
{
    if (!m_open) {
        return {};
    }
    m_open = false;
    const bool resized = !sameSize(m_atBeginning, map);
    map = std::exchange(m_atBeginning, {});
    return resized ? map.rect() : m_changed.intersected(map.rect());
}

PixelRect EditHistory::undo(LabelMap &map)
{
    if (!canUndo()) {
        return {};
    }
    const Step &step = m_steps[--m_applied];
    return apply(map, step, step.before);
}

PixelRect EditHistory::redo(LabelMap &map)
{
    if (!canRedo()) {
        return {};
    }
    const Step &step = m_steps[m_applied++];
    return apply(map, step, step.after);
}

void EditHistory::clear()
{
    m_steps.clear();
    m_bytes = m_applied = 0;
    m_open = false;
    m_atBeginning = {};
    m_baseId = m_nextId++;
}

PixelRect EditHistory::apply(LabelMap &map, const Step &step, const LabelMap &content)
{
    if (step.whole) {
        map = content;
        return map.rect();
    }
    paste(map, content, step.rect.x, step.rect.y);
    return step.rect;
}

void EditHistory::push(Step step)
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

void EditHistory::dropOldest()
{
    m_bytes -= m_steps.front().bytes();
    m_baseId = m_steps.front().id;
    m_steps.pop_front();
    --m_applied;
}

} // namespace tessera::core
