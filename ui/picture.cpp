#include "ui/picture.h"

#include <utility>

namespace tessera::ui
{

void Picture::show(const QImage &image, const QByteArray &record, const QString &result)
{
    m_former = {};
    setContent({image, record, result, !image.isNull(), false, false});
}

void Picture::showPart(const QImage &image, const QString &result)
{
    if (!empty() && !m_content.partial)
        m_former = m_content;
    setContent({image, {}, result, true, false, true});
}

void Picture::showFormer()
{
    if (!hasFormer())
        return;
    std::swap(m_content, m_former);
    Q_EMIT changed();
}

void Picture::showSaved(const QImage &image, const QByteArray &record, const QString &result)
{
    m_former = {};
    setContent({image, record, result, false, false, false});
}

void Picture::showStartingPoint(const QImage &image)
{
    setContent({image, {}, {}, false, true, false});
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
