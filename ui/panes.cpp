#include "ui/panes.h"

namespace tessera::ui
{

MapItem::MapItem(QQuickItem *parent) : CanvasItem(parent)
{
    connect(this, &CanvasItem::cursorChanged, this, &MapItem::underCursorChanged);
}

void MapItem::setDocument(MapDocument *document)
{
    if (m_document == document)
        return;
    if (m_document)
        m_document->disconnect(this);
    m_document = document;
    if (m_document) {
        connect(m_document, &MapDocument::changed, this, &MapItem::markDirty);
        connect(m_document, &MapDocument::changed, this, &MapItem::underCursorChanged);
    }
    markDirty({});
    Q_EMIT documentChanged();
    Q_EMIT underCursorChanged();
}

QString MapItem::textUnderCursor() const
{
    return m_document && cursorInside() ? m_document->textAt(cursorPixel()) : QString();
}

QColor MapItem::colorUnderCursor() const
{
    return m_document && cursorInside() ? m_document->colorAt(cursorPixel()) : QColor(Qt::transparent);
}

void MapItem::setTools(PaintTools *tools)
{
    if (m_tools == tools)
        return;
    m_tools = tools;
    Q_EMIT toolsChanged();
}

QImage MapItem::image() const
{
    return m_document ? m_document->image() : QImage();
}

void MapItem::pressed(const QPointF &imagePoint, Qt::KeyboardModifiers modifiers)
{
    if (m_tools)
        m_tools->press(imagePoint, modifiers);
}

void MapItem::dragged(const QPointF &imagePoint, Qt::KeyboardModifiers modifiers)
{
    if (m_tools)
        m_tools->drag(imagePoint, modifiers);
}

void MapItem::released()
{
    if (m_tools)
        m_tools->release();
}

void MapItem::keyPressEvent(QKeyEvent *event)
{
    // The keys where an American keyboard has its brackets, whatever letters they bear here; as X11 and Wayland count.
    constexpr quint32 kLeftBracket = 34;
    constexpr quint32 kRightBracket = 35;
    const quint32 place = event->nativeScanCode();
    const bool plain = !(event->modifiers() & ~Qt::ShiftModifier);
    if (m_tools && plain && place == kLeftBracket)
        m_tools->shrinkBrush(event->modifiers().testFlag(Qt::ShiftModifier));
    else if (m_tools && plain && place == kRightBracket)
        m_tools->growBrush(event->modifiers().testFlag(Qt::ShiftModifier));
    else
        CanvasItem::keyPressEvent(event);
}

PictureItem::PictureItem(QQuickItem *parent) : CanvasItem(parent)
{
    connect(this, &CanvasItem::viewChanged, this, &PictureItem::tellSize);
}

void PictureItem::setPicture(Picture *picture)
{
    if (m_picture == picture)
        return;
    if (m_picture)
        m_picture->disconnect(this);
    m_picture = picture;
    if (m_picture)
        connect(m_picture, &Picture::changed, this, &PictureItem::showPicture);
    showPicture();
    Q_EMIT pictureChanged();
}

void PictureItem::showPicture()
{
    markDirty({});
    tellSize();
}

void PictureItem::tellSize()
{
    if (view())
        view()->setPictureSize(image().size());
}

QImage PictureItem::image() const
{
    return m_picture ? m_picture->image() : QImage();
}

} // namespace tessera::ui
