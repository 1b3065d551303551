#include "ui/mapdocument.h"

#include <QFileInfo>

namespace tessera::ui
{

QString MapDocument::title() const
{
    return filePath().isEmpty() ? untitled() : QFileInfo(filePath()).fileName();
}

std::optional<double> MapDocument::inkAt(const QPoint &pixel) const
{
    return m_image.rect().contains(pixel) ? std::optional(inkOf(pixel)) : std::nullopt;
}

QString MapDocument::textAt(const QPoint &pixel) const
{
    return m_image.rect().contains(pixel) ? textOf(pixel) : QString();
}

QColor MapDocument::colorAt(const QPoint &pixel) const
{
    return m_image.rect().contains(pixel) ? colorOf(pixel) : QColor(Qt::transparent);
}

} // namespace tessera::ui
