// Everything one window shows, made and wired together; QML receives it as its one required property. UI thread.
#pragma once

#include <filesystem>
#include <memory>

#include <QObject>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "ui/canvasview.h"
#include "ui/classmodel.h"
#include "ui/fielddocument.h"
#include "ui/foldermodel.h"
#include "ui/labeldocument.h"
#include "ui/landscapemaker.h"
#include "ui/notices.h"
#include "ui/painttools.h"
#include "ui/palettemodel.h"
#include "ui/picture.h"
#include "ui/picturesteps.h"
#include "ui/rendercontroller.h"
#include "ui/rendersettings.h"

namespace tessera::ui
{

class Session : public QObject
{
    Q_OBJECT
    QML_ELEMENT
    QML_UNCREATABLE("made by the program")
    Q_PROPERTY(Source source READ source NOTIFY sourceChanged)
    Q_PROPERTY(bool needsMap READ needsMap NOTIFY sourceChanged)
    Q_PROPERTY(tessera::ui::MapDocument *document READ document NOTIFY sourceChanged)
    Q_PROPERTY(tessera::ui::PaintTools *tools READ tools CONSTANT)
    Q_PROPERTY(tessera::ui::PaletteModel *palette READ palette CONSTANT)
    Q_PROPERTY(tessera::ui::ClassModel *classes READ classes CONSTANT)
    Q_PROPERTY(tessera::ui::CanvasView *view READ view CONSTANT)
    Q_PROPERTY(tessera::ui::Picture *picture READ picture CONSTANT)
    Q_PROPERTY(tessera::ui::RenderSettings *settings READ settings CONSTANT)
    Q_PROPERTY(tessera::ui::RenderController *controller READ controller CONSTANT)
    Q_PROPERTY(tessera::ui::Notices *notices READ notices CONSTANT)
    Q_PROPERTY(tessera::ui::FolderModel *folder READ folder CONSTANT)
    Q_PROPERTY(bool canRender READ canRender NOTIFY canRenderChanged)
    Q_PROPERTY(bool imagining READ imagining NOTIFY imaginingChanged)      // a landscape to start from is being made
    Q_PROPERTY(QString unsavedText READ unsavedText NOTIFY unsavedChanged) // empty: nothing would be lost

public:
    // What pictures are made from. Without a model, and for one that cannot paint, what it was before.
    enum Source { Labels, Depth, Edges, Coordinates, Class, Nothing };
    Q_ENUM(Source)

    explicit Session(std::unique_ptr<RenderBackend> backend, QObject *parent = nullptr);

    Source source() const { return m_source; }
    bool needsMap() const { return m_source == Labels || m_source == Depth || m_source == Edges; }
    // The map in hand. Each source has its own, which waits unchanged while a model of another is open; models without
    // a map keep the last one waiting.
    MapDocument *document() { return m_document; }
    LabelDocument *labels() { return &m_labels; }
    FieldDocument *depth() { return &m_depth; }
    FieldDocument *edges() { return &m_edges; }
    PaintTools *tools() { return &m_tools; }
    PaletteModel *palette() { return &m_palette; }
    ClassModel *classes() { return &m_classes; }
    CanvasView *view() { return &m_view; }
    Picture *picture() { return &m_picture; }
    RenderSettings *settings() { return &m_settings; }
    RenderController *controller() { return &m_controller; }
    Notices *notices() { return &m_notices; }
    FolderModel *folder() { return &m_folder; }
    bool canRender() const;
    bool imagining() const { return m_maker.busy(); }
    QString unsavedText() const;
    // Of the picture to be made, pixels: the map's, or one window of models that render no more.
    QSize canvasSize() const;

    Q_INVOKABLE void openModel(const QUrl &place); // a file or a folder
    Q_INVOKABLE void unloadModel();
    // What was dropped on the window: a model or a map, told by what it is.
    Q_INVOKABLE void openAny(const QUrl &place);
    // Each tells what went wrong through notices and leaves everything as it was; true when done.
    Q_INVOKABLE bool openMap(const QUrl &file);
    Q_INVOKABLE bool openPhotoAsEdges(const QUrl &file);
    Q_INVOKABLE bool saveMap(const QUrl &file);
    Q_INVOKABLE bool savePicture(const QUrl &file);
    Q_INVOKABLE void render();
    // A made landscape as map and picture to start from. One step of undo, which brings the picture before back, too.
    Q_INVOKABLE void surprise();
    void surpriseWith(quint32 seed);

    // The model, then the map: what the map's file means depends on the model. Without the model it opens as labels.
    void openMapWithModel(const QString &model, const QUrl &file);
    // The example map, unnamed; nothing when the resources lack it.
    void openExample();

Q_SIGNALS:
    void sourceChanged();
    void canRenderChanged();
    void imaginingChanged();
    void unsavedChanged();

private:
    void wire();
    void wireDocument(MapDocument &document);
    void wireRendering();
    void useModel(const core::ModelInfo &info);
    void useSource(Source source);
    void useLabelSet(const core::LabelSet &set);
    core::LabelSet setOfModel() const;
    void showPalette();
    void showCanvas();
    void takeLandscape(const MadeLandscape &made);
    void showRendered(const QImage &image, const QByteArray &record);
    void openWaitingMap();
    void readMap(const std::filesystem::path &path);
    QString reasonNotToRender() const;
    void setCondition(core::RenderRequest &request) const;
    template<typename Work>
    bool told(Work work);

    LabelDocument m_labels;
    FieldDocument m_depth{FieldKind::Depth};
    FieldDocument m_edges{FieldKind::Edges};
    MapDocument *m_document = &m_labels;
    Source m_source = Labels;
    PaintTools m_tools{m_labels};
    PaletteModel m_palette;
    ClassModel m_classes;
    CanvasView m_view;
    Picture m_picture;
    RenderSettings m_settings;
    Notices m_notices;
    FolderModel m_folder;
    QUrl m_waitingMap; // until the model is there
    PictureSteps m_surprises;
    LandscapeMaker m_maker;
    RenderController m_controller;
};

} // namespace tessera::ui
