// The map of labels. It belongs to a label set, which may change under it: a model that knows other labels has the map
// translated, a step of undo like any other. UI thread.
#pragma once

#include <map>
#include <memory>

#include "core/map/labelmap.h"
#include "core/map/labelset.h"
#include "ui/historydocument.h"

namespace tessera::ui
{

class LabelDocument : public HistoryDocument<core::LabelMap>
{
    Q_OBJECT

public:
    // An unpainted canvas of the default size in a set without labels.
    explicit LabelDocument(QObject *parent = nullptr);

    const core::LabelSet &labelSet() const { return *m_set; }

    struct Translation {
        bool done = false;   // there was something to translate
        size_t unmapped = 0; // painted pixels without counterpart: they are unpainted now
    };
    // Says the map in the words of `set`. Undo brings back the map and the set before. A map that counted as saved
    // still does: its file holds more than the translation.
    Translation translateTo(const core::LabelSet &set);

    bool holdsLabels() const override { return true; }
    double blankInk() const override { return m_set->voidLabel; }
    void paintStroke(const QPointF &from, const QPointF &to, double diameter, double ink) override;
    void floodFill(const QPoint &pixel, double ink) override;
    void replaceEverywhere(const QPoint &pixel, double ink) override;
    void fillRect(const QRect &area, double ink) override;
    void paintGradient(const QPointF &, const QPointF &, double, double) override {}

Q_SIGNALS:
    void labelSetChanged();

protected:
    QString untitled() const override;
    double inkOf(const QPoint &pixel) const override;
    QString textOf(const QPoint &pixel) const override;
    QColor colorOf(const QPoint &pixel) const override;
    core::LabelMap blankMap(int width, int height) const override;
    void paintImage(QImage &target, const QRect &area) const override;
    void stepMade() override;
    void stateReached() override;

private:
    using SharedSet = std::shared_ptr<const core::LabelSet>;

    SharedSet setOf(quint64 state) const;
    void adopt(SharedSet set);

    SharedSet m_set;
    LabelColors m_colors;
    std::map<quint64, SharedSet> m_setSince; // by the state that was the first with it; states between share it
};

} // namespace tessera::ui
