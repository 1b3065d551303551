#include "ui/picture.h"

namespace tessera::ui
{

void Picture::show(const QImage &image, const QByteArray &record)
{
    setContent({image, record, !image.isNull(), false});
}

void Picture::showStartingPoint(const QImage &image)
{
    setContent({image, {}, false, true});
}

void Picture::markSaved()
{
    m_content.unsaved = false;
    Q_EMIT changed();
}

void Picture::setContent(const Content &content)
{
    m_content = content;
    Q_EMIT changed();
}

} // namespace tessera::ui
