// A document whose map is a plain value of core/map with a MapHistory: everything that does not depend on what a pixel
// holds. UI thread.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
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
    const QString &filePath() const override { return m_file->path; }
    bool modified() const override { return !m_file->saved.contains(stateId()); }
    bool unsaved() const override { return modified() || leftUnsaved(); }
    bool canUndo() const override { return m_history.canUndo(); }
    bool canRedo() const override { return m_history.canRedo(); }
    bool gestureOpen() const override { return m_history.gestureOpen(); }
    quint64 stateId() const override { return m_history.stateId(); }
    bool holdsState(quint64 id) const override { return m_history.holdsState(id); }

    void beginGesture() override { m_history.beginGesture(m_map); }
    void apply(const Edit &edit);
    void endGesture() override { finishGesture(m_file); }
    void cancelGesture() override;
    void undo() override;
    void redo() override;
    void newCanvas(int width, int height) override;

    // A map that was read from a file; becomes the saved state. An empty path: an unnamed map that counts as saved.
    void replace(Map map, const QString &filePath);
    // A map that a file holds beside other things: it counts as saved, but has no name. Undo leads back to whatever was
    // there. An equal map changes nothing.
    void replaceUnnamed(Map map);
    // A made map without a file: a step like any other, so that it is not saved yet.
    void replaceUnsaved(Map map);
    // The same with one that nobody drew: what goes with another landscape may take its place, see offer().
    void replaceMade(Map map);
    // A map that goes with one made for another document. A step, too, but one that counts as saved; and it is taken
    // only where it covers nothing of the artist's: on a canvas not begun or blank, or on a map that nobody drew and
    // that is as it was made. What has a file, or could be redone, stays.
    void offer(Map map);
    void markSaved(const QString &filePath, quint64 state) override;

protected:
    // What a map was read from or written to. The maps between two replacements share one, which undo brings back with
    // them.
    struct File {
        QString path;
        std::set<uint64_t> saved; // states that count as saved
    };
    using SharedFile = std::shared_ptr<File>;

    using MapDocument::MapDocument;

    virtual Map blankMap(int width, int height) const = 0;
    virtual void paintImage(QImage &target, const QRect &area) const = 0;
    virtual void stepMade() {}     // the history has a new state
    virtual void stateReached() {} // undo or redo has brought the map to another state

    void show(const core::PixelRect &area);
    // A step to another map, of `file`. Where memory does not suffice (std::bad_alloc), the map before stays.
    void step(Map map, const SharedFile &file);
    bool untouched() const { return !canUndo() && !canRedo(); }
    bool free() const;

    Map m_map;
    core::MapHistory<Map> m_history;
    SharedFile m_file = std::make_shared<File>(File{{}, {m_history.stateId()}}); // never null

private:
    void finishGesture(const SharedFile &file);
    void take(const SharedFile &file);
    void nameSaved(const QString &filePath);
    bool leftUnsaved() const;

    std::map<uint64_t, SharedFile> m_files{{m_history.stateId(), m_file}}; // by state
    // The states that were not saved when another map took their place, by that map's.
    std::map<uint64_t, uint64_t> m_left;
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
void HistoryDocument<Map>::finishGesture(const SharedFile &file)
{
    const uint64_t before = stateId();
    const bool leavesWork = file != m_file && modified() && m_madeState != before;
    m_history.endGesture(m_map);
    stepMade();
    if (stateId() != before) {
        if (leavesWork)
            m_left[stateId()] = before;
        take(file);
    }
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::take(const SharedFile &file)
{
    const bool another = file != m_file;
    m_files[stateId()] = m_file = file;
    if (another)
        Q_EMIT replaced();
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
    take(m_files.at(stateId()));
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
    take(m_files.at(stateId()));
    show(area);
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::newCanvas(int width, int height)
{
    replaceUnsaved(
        blankMap(std::clamp(width, kSmallestSide, kLargestSide), std::clamp(height, kSmallestSide, kLargestSide)));
    nameSaved({}); // an empty canvas is nothing to lose
}

template<typename Map>
void HistoryDocument<Map>::replace(Map map, const QString &filePath)
{
    const bool first = untouched() && m_file->path.isEmpty();
    replaceUnsaved(std::move(map));
    if (first) {
        m_history.clear(); // nobody misses the empty canvas of the start
        stepMade();
    }
    nameSaved(filePath);
}

template<typename Map>
void HistoryDocument<Map>::replaceUnnamed(Map map)
{
    const uint64_t before = stateId();
    replaceUnsaved(std::move(map));
    if (stateId() != before)
        nameSaved({});
}

template<typename Map>
void HistoryDocument<Map>::replaceUnsaved(Map map)
{
    step(std::move(map), std::make_shared<File>());
}

template<typename Map>
void HistoryDocument<Map>::step(Map map, const SharedFile &file)
{
    cancelGesture();
    m_history.beginGesture(m_map);
    m_map = std::move(map);
    m_history.addChange(m_map.rect());
    try {
        show(m_map.rect());
        finishGesture(file);
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
    if (canRedo() || gestureOpen() || !filePath().isEmpty())
        return false;
    return untouched() || m_madeState == stateId() || m_map == blankMap(m_map.width, m_map.height);
}

template<typename Map>
void HistoryDocument<Map>::offer(Map map)
{
    if (!free())
        return;
    replaceMade(std::move(map));
    m_file->saved.insert(stateId());
    Q_EMIT stateChanged();
}

template<typename Map>
void HistoryDocument<Map>::markSaved(const QString &filePath, quint64 state)
{
    for (const auto &[known, file] : m_files)
        if (file->path == filePath)
            file->saved.clear(); // that file holds another map now
    const SharedFile &file = m_files.at(state);
    file->path = filePath;
    file->saved = {state};
    Q_EMIT stateChanged();
}

// The map in hand is what the file holds.
template<typename Map>
void HistoryDocument<Map>::nameSaved(const QString &filePath)
{
    take(std::make_shared<File>(File{filePath, {stateId()}}));
    Q_EMIT stateChanged();
}

// Whether undo leads back to a map that was not saved when another took its place, nor since.
template<typename Map>
bool HistoryDocument<Map>::leftUnsaved() const
{
    return std::any_of(m_left.begin(), m_left.end(), [this](const auto &left) {
        const auto &[after, before] = left;
        return after <= stateId() && holdsState(after) && holdsState(before)
               && !m_files.at(before)->saved.contains(before);
    });
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
