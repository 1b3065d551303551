// A document whose map is a plain value of core/map with a MapHistory: everything that does not depend on what a pixel
// holds. UI thread.
#pragma once

#include <algorithm>
#include <functional>
#include <new>
#include <optional>
#include <set>
#include <utility>

#include "core/map/edithistory.h"
#include "ui/imageconversion.h"
#include "ui/mapdocument.h"

namespace tessera::ui
{

inline core::PixelPoint toPixelPoint(const QPointF &point)
{
    return {point.x(), point.y()};
}

inline core::PixelRect toPixelRect(const QRect &rect)
{
    return {rect.x(), rect.y(), rect.width(), rect.height()};
}

template<typename Map>
class HistoryDocument : public MapDocument
{
public:
    using Edit = std::function<core::PixelRect(Map &)>;

    const Map &map() const { return m_map; }
    bool modified() const override { return !m_savedStates.contains(m_history.stateId()); }
    bool canUndo() const override { return m_history.canUndo(); }
    bool canRedo() const override { return m_history.canRedo(); }
    bool gestureOpen() const override { return m_history.gestureOpen(); }
    quint64 stateId() const override { return m_history.stateId(); }
    bool holdsState(quint64 id) const override { return m_history.holdsState(id); }

    void beginGesture() override { m_history.beginGesture(m_map); }
    void apply(const Edit &edit);
    void endGesture() override;
    void cancelGesture() override;
    void undo() override;
    void redo() override;
    void newCanvas(int width, int height) override;

    // A map that was read from a file; becomes the saved state. An empty path: an unnamed map that counts as saved.
    void replace(Map map, const QString &filePath);
    // A made map: a step like any other, so that it is not saved yet.
    void replaceUnsaved(Map map);
    // The same with one that nobody drew: what goes with another landscape may take its place, see offer().
    void replaceMade(Map map);
    // A map that goes with one made for another document. A step, too, but one that counts as saved; and it is taken only
    // where it covers nothing of the artist's: on a canvas not begun or blank, or on a map that nobody drew and that is
    // as it was made. What has a file, or could be redone, stays.
    void offer(Map map);
    void markSaved(const QString &filePath) override;

protected:
    using MapDocument::MapDocument;

    virtual Map blankMap(int width, int height) const = 0;
    virtual void paintImage(QImage &target, const QRect &area) const = 0;
    virtual void stepMade() {}     // the history has a new state
    virtual void stateReached() {} // undo or redo has brought the map to another state

    void show(const core::PixelRect &area);
    bool untouched() const { return !canUndo() && !canRedo(); }
    bool free() const;

    Map m_map;
    core::MapHistory<Map> m_history;
    std::set<uint64_t> m_savedStates;
    std::optional<uint64_t> m_madeState; // in which the map is as it was made
};

template<typename Map>
void HistoryDocument<Map>::apply(const Edit &edit)
{
    const bool single = !gestureOpen();
    if (single)
        beginGesture();
    const core::PixelRect area = edit(m_map);
    m_history.addChange(area);
    show(area);
    if (single)
        endGesture();
}

template<typename Map>
void HistoryDocument<Map>::endGesture()
{
    m_history.endGesture(m_map);
    stepMade();
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::cancelGesture()
{
    if (!gestureOpen())
        return;
    show(m_history.cancelGesture(m_map));
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::undo()
{
    if (!canUndo())
        return;
    const core::PixelRect area = m_history.undo(m_map);
    stateReached();
    show(area);
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::redo()
{
    if (!canRedo())
        return;
    const core::PixelRect area = m_history.redo(m_map);
    stateReached();
    show(area);
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::newCanvas(int width, int height)
{
    replaceUnsaved(
        blankMap(std::clamp(width, kSmallestSide, kLargestSide), std::clamp(height, kSmallestSide, kLargestSide)));
    markSaved({}); // an empty canvas is nothing to lose
}

template<typename Map>
void HistoryDocument<Map>::replace(Map map, const QString &filePath)
{
    const bool first = untouched();
    replaceUnsaved(std::move(map));
    if (first) {
        m_history.clear(); // nobody misses the empty canvas of the start
        stepMade();
    }
    markSaved(filePath);
}

template<typename Map>
void HistoryDocument<Map>::replaceUnsaved(Map map)
{
    cancelGesture();
    m_history.beginGesture(m_map);
    m_map = std::move(map);
    m_history.addChange(m_map.rect());
    try {
        show(m_map.rect());
        endGesture();
    } catch (const std::bad_alloc &) {
        cancelGesture(); // the map before is back
        throw;
    }
}

template<typename Map>
void HistoryDocument<Map>::replaceMade(Map map)
{
    replaceUnsaved(std::move(map));
    m_madeState = stateId();
}

template<typename Map>
bool HistoryDocument<Map>::free() const
{
    if (canRedo() || gestureOpen() || !m_filePath.isEmpty())
        return false;
    return untouched() || m_madeState == stateId() || m_map == blankMap(m_map.width, m_map.height);
}

template<typename Map>
void HistoryDocument<Map>::offer(Map map)
{
    if (!free())
        return;
    replaceMade(std::move(map));
    m_savedStates.insert(stateId());
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::markSaved(const QString &filePath)
{
    m_filePath = filePath;
    m_savedStates = {m_history.stateId()};
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::show(const core::PixelRect &area)
{
    const QSize mapSize(m_map.width, m_map.height);
    const bool resized = m_image.size() != mapSize;
    if (resized)
        m_image = QImage(mapSize, QImage::Format_RGB32);
    if (m_image.isNull())
        throw std::bad_alloc();
    const QRect dirty = resized ? m_image.rect() : toQRect(area);
    if (dirty.isEmpty())
        return;
    paintImage(m_image, dirty);
    if (resized)
        Q_EMIT sizeChanged();
    Q_EMIT changed(dirty);
}

} // namespace tessera::ui
