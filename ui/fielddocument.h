// The map of a model that paints from depth or edges: a number per pixel in -1 .. 1, as such models are given it. For
// depth -1 is far and 1 is near; for edges -1 is none and 1 is a line. Shown in gray. UI thread.
#pragma once

#include "core/map/fieldmap.h"
#include "ui/historydocument.h"

namespace tessera::ui
{

enum class FieldKind { Depth, Edges };

class FieldDocument : public HistoryDocument<core::FieldMap>
{
    Q_OBJECT

public:
    // A canvas of the default size, all far or without any line.
    explicit FieldDocument(FieldKind kind, QObject *parent = nullptr);

    // A map not begun yet takes the size of the one that was in hand; another stays as it is.
    void takeSize(const QSize &size);

    bool flat() const; // every pixel holds the same

    bool holdsLabels() const override { return false; }
    bool hasLevels() const override { return m_kind == FieldKind::Depth; }
    double blankInk() const override { return -1; }
    int usualBrush() const override { return m_kind == FieldKind::Edges ? 4 : 32; }
    void paintStroke(const QPointF &from, const QPointF &to, double diameter, double ink) override;
    void floodFill(const QPoint &pixel, double ink) override;
    void replaceEverywhere(const QPoint &pixel, double ink) override;
    void fillRect(const QRect &area, double ink) override;
    void paintGradient(const QPointF &from, const QPointF &to, double start, double end) override;

protected:
    QString untitled() const override;
    double inkOf(const QPoint &pixel) const override;
    QString textOf(const QPoint &pixel) const override;
    QColor colorOf(const QPoint &pixel) const override;
    core::FieldMap blankMap(int width, int height) const override;
    void paintImage(QImage &target, const QRect &area) const override;

private:
    const FieldKind m_kind;
};

} // namespace tessera::ui
