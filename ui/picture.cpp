#include "ui/picture.h"

namespace tessera::ui
{

void Picture::show(const QImage &image, const QByteArray &record)
{
    m_image = image;
    m_record = record;
    m_unsaved = !image.isNull();
    Q_EMIT changed();
}

void Picture::markSaved()
{
    m_unsaved = false;
    Q_EMIT changed();
}

} // namespace tessera::ui
