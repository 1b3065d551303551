// Everything one window shows, made and wired together; QML receives it as its one required property. UI thread.
#pragma once

#include <memory>

#include <QObject>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "ui/canvasview.h"
#include "ui/document.h"
#include "ui/foldermodel.h"
#include "ui/notices.h"
#include "ui/painttools.h"
#include "ui/palettemodel.h"
#include "ui/picture.h"
#include "ui/rendercontroller.h"
#include "ui/rendersettings.h"

namespace tessera::ui
{

class Session : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(tessera::ui::Document *document READ document CONSTANT)
    Q_PROPERTY(tessera::ui::PaintTools *tools READ tools CONSTANT)
    Q_PROPERTY(tessera::ui::PaletteModel *palette READ palette CONSTANT)
    Q_PROPERTY(tessera::ui::CanvasView *view READ view CONSTANT)
    Q_PROPERTY(tessera::ui::Picture *picture READ picture CONSTANT)
    Q_PROPERTY(tessera::ui::RenderSettings *settings READ settings CONSTANT)
    Q_PROPERTY(tessera::ui::RenderController *controller READ controller CONSTANT)
    Q_PROPERTY(tessera::ui::Notices *notices READ notices CONSTANT)
    Q_PROPERTY(tessera::ui::FolderModel *folder READ folder CONSTANT)
    Q_PROPERTY(bool canRender READ canRender NOTIFY canRenderChanged)
    Q_PROPERTY(QString unsavedText READ unsavedText NOTIFY unsavedChanged) // empty: nothing would be lost

public:
    explicit Session(std::unique_ptr<RenderBackend> backend, QObject *parent = nullptr);

    Document *document() { return &m_document; }
    PaintTools *tools() { return &m_tools; }
    PaletteModel *palette() { return &m_palette; }
    CanvasView *view() { return &m_view; }
    Picture *picture() { return &m_picture; }
    RenderSettings *settings() { return &m_settings; }
    RenderController *controller() { return &m_controller; }
    Notices *notices() { return &m_notices; }
    FolderModel *folder() { return &m_folder; }
    bool canRender() const;
    QString unsavedText() const;

    Q_INVOKABLE void openModel(const QUrl &file);
    // Each tells what went wrong through notices and leaves everything as it was; true when done.
    Q_INVOKABLE bool openMap(const QUrl &file);
    Q_INVOKABLE bool saveMap(const QUrl &file);
    Q_INVOKABLE bool savePicture(const QUrl &file);
    Q_INVOKABLE void render();

    // The example map, unnamed; nothing when the resources lack it.
    void openExample();

Q_SIGNALS:
    void canRenderChanged();
    void unsavedChanged();

private:
    void wire();
    void useModel(const core::ModelInfo &info);
    void useLabelSet(const std::string &name);
    QString reasonNotToRender() const;
    template<typename Work>
    bool told(Work work);

    Document m_document;
    PaintTools m_tools;
    PaletteModel m_palette;
    CanvasView m_view;
    Picture m_picture;
    RenderSettings m_settings;
    Notices m_notices;
    FolderModel m_folder;
    RenderController m_controller;
};

} // namespace tessera::ui
