#include "ui/document.h"

#include <algorithm>

#include <QFileInfo>

namespace tessera::ui
{

namespace
{

constexpr int kSmallestSide = 256;
constexpr int kLargestSide = 4096;

int allowedSide(int side)
{
    return std::clamp(side, kSmallestSide, kLargestSide);
}

} // namespace

Document::Document(QObject *parent) : QObject(parent), m_map(kDefaultSide, kDefaultSide), m_colors(labelColors({}))
{
    m_savedState = m_history.stateId();
    show(m_map.rect());
}

QString Document::title() const
{
    return m_filePath.isEmpty() ? tr("Untitled map") : QFileInfo(m_filePath).fileName();
}

void Document::setLabelSet(const core::LabelSet &set)
{
    m_set = set;
    m_colors = labelColors(set);
    show(m_map.rect());
}

void Document::beginGesture()
{
    m_history.beginGesture(m_map);
}

void Document::apply(const Edit &edit)
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

void Document::endGesture()
{
    m_history.endGesture(m_map);
    Q_EMIT stateChanged();
}

void Document::cancelGesture()
{
    if (!gestureOpen())
        return;
    show(m_history.cancelGesture(m_map));
    Q_EMIT stateChanged();
}

void Document::undo()
{
    if (!canUndo())
        return;
    show(m_history.undo(m_map));
    Q_EMIT stateChanged();
}

void Document::redo()
{
    if (!canRedo())
        return;
    show(m_history.redo(m_map));
    Q_EMIT stateChanged();
}

void Document::newCanvas(int width, int height)
{
    replaceMap(core::LabelMap(allowedSide(width), allowedSide(height)));
    markSaved({}); // an empty canvas is nothing to lose
}

void Document::replace(core::LabelMap map, const QString &filePath)
{
    const bool untouched = !canUndo() && !canRedo();
    replaceMap(std::move(map));
    if (untouched)
        m_history.clear(); // nobody misses the empty canvas of the start
    markSaved(filePath);
}

void Document::markSaved(const QString &filePath)
{
    m_filePath = filePath;
    m_savedState = m_history.stateId();
    Q_EMIT stateChanged();
}

void Document::replaceMap(core::LabelMap map)
{
    cancelGesture();
    m_history.beginGesture(m_map);
    m_map = std::move(map);
    m_history.addChange(m_map.rect());
    m_history.endGesture(m_map);
    show(m_map.rect());
}

void Document::show(const core::PixelRect &area)
{
    const bool resized = m_image.size() != size();
    if (resized)
        m_image = QImage(size(), QImage::Format_RGB32);
    const QRect dirty = resized ? m_image.rect() : toQRect(area);
    if (dirty.isEmpty())
        return;
    paintLabels(m_image, m_map, m_colors, dirty);
    if (resized)
        Q_EMIT sizeChanged();
    Q_EMIT changed(dirty);
}

} // namespace tessera::ui
