#include "ui/labeldocument.h"

#include <algorithm>

#include "core/map/strokes.h"
#include "core/map/translation.h"

namespace tessera::ui
{

namespace
{

size_t paintedPixels(const core::LabelMap &map, const core::LabelSet &words)
{
    return size_t(
        std::count_if(map.labels.begin(), map.labels.end(), [&](uint8_t label) { return !words.isVoid(label); }));
}

} // namespace

LabelDocument::LabelDocument(QObject *parent)
    : HistoryDocument(parent)
    , m_set(std::make_shared<core::LabelSet>())
    , m_colors(labelColors(*m_set))
{
    m_map = core::LabelMap(kDefaultSide, kDefaultSide);
    m_setSince[m_history.stateId()] = m_set;
    show(m_map.rect());
}

LabelDocument::Translation LabelDocument::translateTo(const core::LabelSet &set)
{
    if (set == *m_set)
        return {};
    cancelGesture();
    const SharedSet before = m_set;
    core::LabelMap map = core::translated(m_map, *before, set);
    const size_t painted = paintedPixels(m_map, *before);
    const Translation result{painted > 0, painted - paintedPixels(map, set)};
    const bool saved = !modified(), first = untouched() && painted == 0;
    adopt(std::make_shared<core::LabelSet>(set));
    try {
        if (first)
            replace(std::move(map), filePath());
        else
            step(std::move(map), m_file);
    } catch (const std::bad_alloc &) {
        adopt(before); // the map before is back, in its own words
        show(m_map.rect());
        throw;
    }
    if (saved)
        m_file->saved.insert(stateId());
    Q_EMIT stateChanged();
    return result;
}

void LabelDocument::paintStroke(const QPointF &from, const QPointF &to, double diameter, double ink)
{
    apply([&](core::LabelMap &map) {
        return core::paintStroke(map, toPixelPoint(from), toPixelPoint(to), diameter, uint8_t(ink));
    });
}

void LabelDocument::floodFill(const QPoint &pixel, double ink)
{
    apply([&](core::LabelMap &map) { return core::floodFill(map, pixel.x(), pixel.y(), uint8_t(ink)); });
}

void LabelDocument::replaceEverywhere(const QPoint &pixel, double ink)
{
    apply([&](core::LabelMap &map) { return core::replaceEverywhere(map, pixel.x(), pixel.y(), uint8_t(ink)); });
}

void LabelDocument::fillRect(const QRect &area, double ink)
{
    apply([&](core::LabelMap &map) { return core::fillRect(map, toPixelRect(area), uint8_t(ink)); });
}

QString LabelDocument::untitled() const
{
    return tr("Untitled map");
}

double LabelDocument::inkOf(const QPoint &pixel) const
{
    return m_map.at(pixel.x(), pixel.y());
}

QString LabelDocument::textOf(const QPoint &pixel) const
{
    const int index = m_map.at(pixel.x(), pixel.y());
    if (m_set->isVoid(index))
        return tr("unpainted");
    const core::Label *label = m_set->at(index);
    return label ? QString::fromStdString(label->name) : tr("label %1").arg(index);
}

QColor LabelDocument::colorOf(const QPoint &pixel) const
{
    return m_image.pixelColor(pixel);
}

core::LabelMap LabelDocument::blankMap(int width, int height) const
{
    return core::LabelMap(width, height, m_set->voidLabel);
}

void LabelDocument::paintImage(QImage &target, const QRect &area) const
{
    paintLabels(target, m_map, m_colors, area);
}

void LabelDocument::stepMade()
{
    const quint64 state = m_history.stateId();
    const SharedSet before = setOf(state);
    if (before == m_set)
        return;
    if (before) // states that a redo may still reach keep theirs
        m_setSince.try_emplace(state + 1, before);
    m_setSince[state] = m_set;
}

void LabelDocument::stateReached()
{
    if (const SharedSet set = setOf(m_history.stateId()); set != m_set) {
        adopt(set);
        show(m_map.rect());
    }
}

LabelDocument::SharedSet LabelDocument::setOf(quint64 state) const
{
    const auto after = m_setSince.upper_bound(state);
    return after == m_setSince.begin() ? nullptr : std::prev(after)->second;
}

void LabelDocument::adopt(SharedSet set)
{
    m_set = std::move(set);
    m_colors = labelColors(*m_set);
    Q_EMIT labelSetChanged();
}

} // namespace tessera::ui
