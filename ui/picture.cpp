#include "ui/picture.h"

#include <utility>

namespace tessera::ui
{

void Picture::show(const QImage &image, const QByteArray &record, const QString &result)
{
    if (!m_content.partial)
        keepAsFormer(m_content);
    setContent({image, record, result, !image.isNull(), false, false});
}

void Picture::showPart(const QImage &image, const QString &result)
{
    if (!m_content.partial)
        keepAsFormer(m_content);
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
    keepAsFormer(m_content);
    setContent({image, record, result, false, false, false});
}

void Picture::keepAsFormer(const Content &picture)
{
    if (!picture.image.isNull() && picture.loss() >= m_former.loss())
        m_former = picture;
}

void Picture::showStartingPoint(const QImage &image)
{
    setContent({image, {}, {}, false, true, false});
}

void Picture::markSaved(const Content &picture)
{
    for (Content *known : {&m_content, &m_former})
        if (*known == picture)
            known->unsaved = false;
    Q_EMIT changed();
}

void Picture::setContent(const Content &content)
{
    m_content = content;
    if (m_former == m_content)
        m_former = {};
    Q_EMIT changed();
}

} // namespace tessera::ui
