// The two panes: the map one paints on, and the picture one looks at. UI thread but updatePaintNode, as CanvasItem.
#pragma once

#include "ui/canvasitem.h"
#include "ui/mapdocument.h"
#include "ui/painttools.h"
#include "ui/picture.h"

namespace tessera::ui
{

// Left button paints with the tool in hand. (The base is named in full because the description of the types for QML
// takes the name as it is written.)
class MapItem : public tessera::ui::CanvasItem
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(tessera::ui::MapDocument *document READ document WRITE setDocument NOTIFY documentChanged REQUIRED)
    Q_PROPERTY(tessera::ui::PaintTools *tools READ tools WRITE setTools NOTIFY toolsChanged REQUIRED)
    // What the map holds under the cursor; empty and clear where there is no map.
    Q_PROPERTY(QString textUnderCursor READ textUnderCursor NOTIFY underCursorChanged)
    Q_PROPERTY(QColor colorUnderCursor READ colorUnderCursor NOTIFY underCursorChanged)

public:
    explicit MapItem(QQuickItem *parent = nullptr);

    MapDocument *document() const { return m_document; }
    void setDocument(MapDocument *document);
    PaintTools *tools() const { return m_tools; }
    void setTools(PaintTools *tools);
    QString textUnderCursor() const;
    QColor colorUnderCursor() const;

Q_SIGNALS:
    void underCursorChanged();
    void documentChanged();
    void toolsChanged();

protected:
    QImage image() const override;
    void pressed(const QPointF &imagePoint, Qt::KeyboardModifiers modifiers) override;
    void dragged(const QPointF &imagePoint, Qt::KeyboardModifiers modifiers) override;
    void released() override;
    Qt::CursorShape toolCursor() const override { return Qt::CrossCursor; }
    void keyPressEvent(QKeyEvent *event) override;

private:
    QPointer<MapDocument> m_document;
    QPointer<PaintTools> m_tools;
};

// Left button pans. Tells the view how large the picture is.
class PictureItem : public tessera::ui::CanvasItem
{
    Q_OBJECT
    QML_ELEMENT
    Q_PROPERTY(tessera::ui::Picture *picture READ picture WRITE setPicture NOTIFY pictureChanged REQUIRED)

public:
    explicit PictureItem(QQuickItem *parent = nullptr);

    Picture *picture() const { return m_picture; }
    void setPicture(Picture *picture);

Q_SIGNALS:
    void pictureChanged();

protected:
    QImage image() const override;
    bool smoothWhenSmall() const override { return true; }

private:
    void showPicture();
    void tellSize();

    QPointer<Picture> m_picture;
};

} // namespace tessera::ui
