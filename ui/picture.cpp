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
    keepAsFormer();
    setContent({image, record, result, false, false, false});
}

void Picture::keepAsFormer()
{
    const bool dispensable = m_content.startingPoint || empty(); // it can be made again
    if (!dispensable && (!formerUnsaved() || (m_content.unsaved && !m_content.partial)))
        m_former = m_content;
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
