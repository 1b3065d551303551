// Everything one window shows, made and wired together; QML receives it as its one required property. UI thread.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include <QList>
#include <QObject>
#include <QUrl>
#include <QtQml/qqmlregistration.h>

#include "core/document/picturefile.h"
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
    Q_PROPERTY(Source source READ source WRITE setSource NOTIFY sourceChanged)
    Q_PROPERTY(QList<int> sources READ sources NOTIFY sourcesChanged) // of Source: what the open model paints from
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
    // Of the picture to be made, pixels: the map's, or one window of models that render no more. Coordinates, which
    // need no map, have one of their own as soon as a new canvas was made for them.
    Q_PROPERTY(QSize canvasSize READ canvasSize NOTIFY canvasSizeChanged)
    Q_PROPERTY(bool canRender READ canRender NOTIFY canRenderChanged)
    // Why the open model cannot paint here; empty where it can, and while none is open.
    Q_PROPERTY(QString reasonNotToRender READ reasonNotToRender NOTIFY canRenderChanged)
    Q_PROPERTY(bool imagining READ imagining NOTIFY imaginingChanged)      // a landscape to start from is being made
    Q_PROPERTY(QString unsavedText READ unsavedText NOTIFY unsavedChanged) // empty: nothing would be lost

public:
    // What pictures are made from. Without a model, and for one that cannot paint, what it was before; a model that
    // takes it keeps it, another one begins with the first that it takes.
    enum Source { Labels, Depth, Edges, Coordinates, Class, Nothing };
    Q_ENUM(Source)

    explicit Session(std::unique_ptr<RenderBackend> backend, QObject *parent = nullptr);

    Source source() const { return m_source; }
    // What is not among sources() changes nothing; while there are none, every kind of map may be chosen.
    void setSource(Source source);
    // The model's first one comes first. Empty without a model, and for one that cannot paint.
    QList<int> sources() const;
    bool needsMap() const { return isMap(m_source); }
    // The map in hand. Each source has its own, which waits unchanged while another is in hand; models without a map
    // keep the last one waiting.
    MapDocument *document() { return m_document; }
    Q_INVOKABLE tessera::ui::MapDocument *documentOf(Source source); // null for what is no map
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
    QString reasonNotToRender() const;
    bool imagining() const { return m_maker.busy(); }
    QString unsavedText() const;
    QSize canvasSize() const;
    Q_INVOKABLE void newCanvas(int width, int height); // as MapDocument::newCanvas

    Q_INVOKABLE void openModel(const QUrl &place); // a file or a folder
    Q_INVOKABLE void unloadModel();
    // What was dropped on the window: a model, a map or a picture with its record, told by what it is.
    Q_INVOKABLE void openAny(const QUrl &place);
    // Each tells what went wrong through notices and leaves everything as it was; true when done, or when it waits. The
    // source is the kind of map that the file was asked for: a model that came since may have put another in hand.
    // Opening comes back to it, and waits for a model that is being opened, in whose words labels are read. Of a picture
    // with its record the map it was painted from is taken, with its settings and the picture itself: one step of undo,
    // as of a surprise.
    Q_INVOKABLE bool openMap(Source source, const QUrl &file);
    Q_INVOKABLE bool openPhotoAsEdges(const QUrl &file);
    Q_INVOKABLE bool saveMap(Source source, const QUrl &file);
    // The path of the file that the map may be written over: what it was read from or written to, where maps can be
    // written there and nothing was lost on reading. Empty: none.
    Q_INVOKABLE QString ownFile(Source source);
    Q_INVOKABLE bool savePicture(const QUrl &file);
    // The next saveMap() or savePicture() writes what is there now, whatever comes while a name is chosen. A copy is
    // kept until then.
    Q_INVOKABLE void holdMap(Source source);
    Q_INVOKABLE void holdPicture();
    Q_INVOKABLE void render();
    // A made landscape as map and picture to start from. One step of undo, which brings the picture before back, too.
    // Its other maps that the model takes are offered to their documents, see HistoryDocument::offer(). A render under
    // way is given up. What is made when another source is in hand, or a canvas of another size, is dropped.
    Q_INVOKABLE void surprise();
    void surpriseWith(quint32 seed);

    // The model, then the map: what the map's file means depends on the model. Without the model it opens as labels.
    void openMapWithModel(const QString &model, const QUrl &file);
    // The example map, unnamed; nothing when the resources lack it.
    void openExample();

Q_SIGNALS:
    void sourceChanged();
    void sourcesChanged();
    void canvasSizeChanged();
    void canRenderChanged();
    void imaginingChanged();
    void unsavedChanged();

private:
    struct HeldMap {
        Source source = Labels;
        quint64 state = 0; // of its document
        std::function<void(const std::filesystem::path &)> write;
    };

    void wire();
    void wireDocument(MapDocument &document);
    void wireRendering();
    static bool isMap(Source source) { return source == Labels || source == Depth || source == Edges; }
    FieldDocument &fieldOf(Source source) { return source == Depth ? m_depth : m_edges; }
    QStringList unsavedMaps() const;
    void useModel(const core::ModelInfo &info);
    void useSources(std::vector<Source> sources);
    void useSource(Source source);
    void useLabelSet(const core::LabelSet &set);
    core::LabelSet setOfModel() const;
    void showPalette();
    void showCanvas();
    bool knowsLandscapes() const;
    void takeLandscape(const MadeLandscape &made);
    void layMap(Source source, const MadeLandscape &made);
    void leaveSurprises();
    void showRendered(const QImage &image, const QByteArray &record);
    void showPart(const QImage &image);
    PictureSteps::Side side() const;
    void waitForModel(const QUrl &file, std::optional<Source> source);
    void openWaitingMap();
    HeldMap mapAsItIs(Source source);
    bool takeInHand(Source source);
    void readMap(const std::filesystem::path &path);
    bool reopen(const core::RecordedPicture &picture, const std::filesystem::path &path);
    bool takeSourceOf(const core::RenderRequest &request);
    void takeCondition(const core::RenderRequest &request);
    void expectModelOf(const core::RenderRecord &record, const std::filesystem::path &path) const;
    void expectConditionOf(const core::RenderRequest &request, const std::filesystem::path &path) const;
    QString changesIn(const core::RenderRecord &record) const;
    void makeWay();
    void tellMadeSmaller(const QString &more = {});
    void tellIfFlat(const FieldDocument &field);
    void setCondition(core::RenderRequest &request) const;
    // Errors of files become a notice. True when there was none.
    bool told(const std::function<void()> &work);

    LabelDocument m_labels;
    FieldDocument m_depth{FieldKind::Depth};
    FieldDocument m_edges{FieldKind::Edges};
    MapDocument *m_document = &m_labels;
    Source m_source = Labels;
    std::vector<Source> m_sources;
    bool m_toTranslate = false; // the labels were not in hand since the model was opened
    QSize m_freeSize;           // of the canvas for coordinates; not valid: as large as the map
    PaintTools m_tools{m_labels};
    PaletteModel m_palette;
    ClassModel m_classes;
    CanvasView m_view;
    Picture m_picture;
    RenderSettings m_settings;
    Notices m_notices;
    FolderModel m_folder;
    struct WaitingMap {
        QUrl file;
        std::optional<Source> source; // what it was chosen for; nothing: what the model begins with
    };
    std::optional<WaitingMap> m_waitingMap; // until the model is there
    std::set<QString> m_readWithLoss;       // paths of files that hold more than the map that was read
    // See holdMap(); empty: what is there when it is saved.
    std::optional<HeldMap> m_heldMap;
    std::optional<Picture::Content> m_heldPicture;
    PictureSteps m_surprises;
    LandscapeMaker m_maker;
    Source m_makingFor = Labels;
    RenderController m_controller;
};

} // namespace tessera::ui
