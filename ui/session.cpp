#include "ui/session.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <QRandomGenerator>

#include "core/map/depthmap.h"
#include "core/map/translation.h"
#include "models/resources.h"
#include "ui/mapfiles.h"
#include "ui/numberedlabels.h"

namespace tessera::ui
{

namespace
{

constexpr char kDefaultLabelSet[] = "landscape";
constexpr char kExampleMap[] = "examples/lake.png";

std::filesystem::path toPath(const QUrl &url)
{
    return (url.isLocalFile() ? url.toLocalFile() : url.toString()).toStdString();
}

QString importText(const core::ImportReport &report)
{
    const size_t lost = report.unknown + report.unmapped;
    return lost == 0 ? QString()
                     : Session::tr("%n pixel(s) had no label that this model knows and are left unpainted.", nullptr,
                                   int(lost));
}

// Nothing for a model that is none of these.
std::optional<Session::Source> sourceOf(const core::ModelInfo &info)
{
    static const std::map<std::string, Session::Source> kSources{
        {"labels", Session::Labels},           {"depth", Session::Depth}, {"edges", Session::Edges},
        {"coordinates", Session::Coordinates}, {"class", Session::Class}, {"nothing", Session::Nothing}};
    const auto found = kSources.find(info.paintsFrom);
    return found == kSources.end() ? std::nullopt : std::optional(found->second);
}

} // namespace

Session::Session(std::unique_ptr<RenderBackend> backend, QObject *parent)
    : QObject(parent)
    , m_controller(std::move(backend))
{
    wire();
    told([this] { useLabelSet(core::loadLabelSet(kDefaultLabelSet)); });
    showCanvas();
}

void Session::wire()
{
    for (MapDocument *document : {static_cast<MapDocument *>(&m_labels), static_cast<MapDocument *>(&m_depth),
                                  static_cast<MapDocument *>(&m_edges)})
        wireDocument(*document);
    connect(&m_labels, &LabelDocument::labelSetChanged, this, &Session::showPalette);
    connect(&m_picture, &Picture::changed, this, &Session::unsavedChanged);
    connect(&m_maker, &LandscapeMaker::busyChanged, this, &Session::imaginingChanged);
    connect(&m_maker, &LandscapeMaker::made, this, &Session::takeLandscape);
    connect(&m_maker, &LandscapeMaker::failed, &m_notices, &Notices::showError);
    wireRendering();
}

void Session::wireDocument(MapDocument &document)
{
    connect(&document, &MapDocument::sizeChanged, this, &Session::showCanvas);
    connect(&document, &MapDocument::stateChanged, this, [this, &document] {
        m_surprises.follow(document, m_picture);
        Q_EMIT unsavedChanged();
    });
}

void Session::wireRendering()
{
    connect(&m_controller, &RenderController::modelChanged, this, &Session::canRenderChanged);
    connect(&m_controller, &RenderController::modelChanged, this, [this] {
        if (m_controller.modelState() == RenderController::Failed)
            openWaitingMap(); // before the failure is told, so that it stays to be read
    });
    connect(&m_controller, &RenderController::modelLoaded, this, &Session::useModel);
    connect(&m_controller, &RenderController::failed, &m_notices, &Notices::showError);
    connect(&m_controller, &RenderController::relieved, this,
            [this](const QString &what) { m_notices.show(Notices::Info, tr("This canvas is large"), what); });
    connect(&m_controller, &RenderController::pictureGrew, this,
            [this](const QImage &image) { showRendered(image, {}); });
    connect(&m_controller, &RenderController::pictureFinished, this, &Session::showRendered);
}

void Session::showRendered(const QImage &image, const QByteArray &record)
{
    m_surprises.clear();
    m_picture.show(image, record);
}

bool Session::canRender() const
{
    return m_controller.modelState() == RenderController::Ready && reasonNotToRender().isEmpty();
}

QString Session::unsavedText() const
{
    const bool map = m_labels.modified() || m_depth.modified() || m_edges.modified();
    const bool picture = m_picture.unsaved() || m_surprises.unsaved();
    if (map && picture)
        return tr("The map and the picture are not saved.");
    if (map)
        return tr("The map is not saved.");
    return picture ? tr("The picture is not saved.") : QString();
}

QSize Session::canvasSize() const
{
    if (m_source != Class && m_source != Nothing)
        return m_document->size();
    const int side = m_controller.modelInfo().window * m_controller.modelInfo().factor;
    return {side, side};
}

// Errors of files become a notice.
template<typename Work>
bool Session::told(Work work)
{
    try {
        work();
        return true;
    } catch (const Error &error) {
        m_notices.showError(error.code(), QString::fromUtf8(error.what()));
    } catch (const std::bad_alloc &) {
        m_notices.showError(ErrorCode::OutOfMemory, tr("The file did not fit into main memory."));
    }
    return false;
}

void Session::openModel(const QUrl &place)
{
    m_controller.loadModel(QString::fromStdString(toPath(place).string()));
}

void Session::unloadModel()
{
    m_controller.unloadModel();
    m_settings.setModel({});
    m_notices.dismiss();
    if (!needsMap())
        useSource(Labels);
}

void Session::openAny(const QUrl &place)
{
    if (looksLikeModel(toPath(place)))
        openModel(place);
    else
        openMap(place);
}

bool Session::openMap(const QUrl &file)
{
    if (!needsMap()) {
        m_notices.show(Notices::Info, tr("This model needs no map"),
                       tr("Open a model that paints from labels, depth or edges to use one."));
        return false;
    }
    return told([&] { readMap(toPath(file)); });
}

void Session::readMap(const std::filesystem::path &path)
{
    const QString name = QString::fromStdString(path.string());
    QString gaps;
    if (m_source == Labels) {
        core::ImportedMap imported = readLabelMap(path, m_labels.labelSet());
        gaps = importText(imported.report);
        m_labels.replace(std::move(imported.map), name);
    } else {
        (m_source == Depth ? m_depth : m_edges).replace(readFieldMap(path), name);
    }
    m_notices.dismiss();
    if (!gaps.isEmpty())
        m_notices.show(Notices::Info, tr("Opened with a few gaps"), gaps);
}

bool Session::openPhotoAsEdges(const QUrl &file)
{
    return told([&] {
        m_edges.replaceUnsaved(readEdgesOfPhoto(toPath(file)));
        m_notices.dismiss();
    });
}

bool Session::saveMap(const QUrl &file)
{
    const std::filesystem::path path = toPath(file);
    return told([&] {
        if (m_document == &m_labels)
            writeLabelMap(path, m_labels.map(), m_labels.labelSet());
        else
            writeFieldMap(path, (m_document == &m_depth ? m_depth : m_edges).map());
        m_document->markSaved(QString::fromStdString(path.string()));
    });
}

bool Session::savePicture(const QUrl &file)
{
    return told([&] {
        const bool whole = writePicture(toPath(file), m_picture.image(), m_picture.record());
        m_surprises.markSaved(m_picture.content());
        m_picture.markSaved();
        if (!whole)
            m_notices.show(Notices::Info, tr("Saved without its render record"),
                           tr("The record is longer than a PNG may carry. The picture itself is whole, but cannot be "
                              "made again from its file."));
    });
}

void Session::render()
{
    if (m_controller.modelState() == RenderController::Loading) {
        m_notices.show(Notices::Info, tr("The model is still being opened"),
                       tr("Render once its name is shown below."));
        return;
    }
    if (m_controller.modelState() != RenderController::Ready) {
        m_notices.showError(ErrorCode::ModelNotFound, tr("Open a model first: a .safetensors or .ckpt file."));
        return;
    }
    if (const QString reason = reasonNotToRender(); !reason.isEmpty()) {
        m_notices.showError(ErrorCode::ModelMismatch, reason);
        return;
    }
    m_notices.dismiss();
    core::RenderRequest request = m_settings.request();
    request.width = canvasSize().width();
    request.height = canvasSize().height();
    request.window = core::automaticWindow(m_controller.modelInfo(), request.width, request.height);
    if (told([&] { setCondition(request); }))
        m_controller.render(std::move(request));
}

void Session::setCondition(core::RenderRequest &request) const
{
    switch (m_source) {
    case Labels:
        // Undo may have brought back a map from before the model was opened.
        request.condition = core::translated(m_labels.map(), m_labels.labelSet(), setOfModel());
        break;
    case Depth:
        request.condition = core::normalizedField(m_depth.map(), m_depth.title().toStdString());
        break;
    case Edges:
        request.condition = core::normalizedField(m_edges.map(), m_edges.title().toStdString());
        break;
    case Class:
        request.condition = int64_t(m_classes.current());
        break;
    case Coordinates:
    case Nothing:
        break;
    }
}

void Session::openMapWithModel(const QString &model, const QUrl &file)
{
    m_waitingMap = file;
    m_controller.loadModel(model);
}

void Session::openWaitingMap()
{
    if (const QUrl file = std::exchange(m_waitingMap, {}); !file.isEmpty())
        openMap(file);
}

void Session::openExample()
{
    const std::filesystem::path path = models::resourceFolder() / kExampleMap;
    if (std::filesystem::exists(path))
        told([&] { m_labels.replace(readLabelMap(path, m_labels.labelSet()).map, {}); });
}

void Session::surprise()
{
    surpriseWith(QRandomGenerator::global()->generate());
}

void Session::surpriseWith(quint32 seed)
{
    if (needsMap())
        m_maker.make(seed, m_document->size());
}

void Session::takeLandscape(const MadeLandscape &made)
{
    if (!needsMap())
        return;        // another model was opened meanwhile
    m_tools.release(); // a stroke under way is a step of its own
    const PictureSteps::Side before{m_document->stateId(), m_picture.content()};
    const bool taken = told([&] {
        if (m_source == Labels)
            m_labels.replaceUnsaved(
                core::translated(made.labels, core::loadLabelSet(kDefaultLabelSet), m_labels.labelSet()));
        else
            (m_source == Depth ? m_depth : m_edges).replaceUnsaved(m_source == Depth ? made.depth : made.edges);
    });
    if (!taken || m_document->stateId() == before.state)
        return;
    m_picture.showStartingPoint(made.picture);
    m_settings.choose(made.controls);
    m_surprises.add(*m_document, before, {m_document->stateId(), m_picture.content()});
    Q_EMIT unsavedChanged();
}

void Session::useModel(const core::ModelInfo &info)
{
    m_settings.setModel(info);
    m_notices.dismiss();
    if (const auto source = sourceOf(info)) {
        m_classes.setClasses(*source == Class ? info.conditionCount : 0);
        useSource(*source);
        if (*source == Labels)
            told([this] { useLabelSet(setOfModel()); });
    }
    openWaitingMap();
    if (const QString reason = reasonNotToRender(); !reason.isEmpty())
        m_notices.showError(ErrorCode::ModelMismatch, reason);
}

void Session::useSource(Source source)
{
    const QSize before = m_document->size();
    m_source = source;
    if (needsMap()) {
        m_document = source == Labels ? static_cast<MapDocument *>(&m_labels) : source == Depth ? &m_depth : &m_edges;
        if (source != Labels)
            (source == Depth ? m_depth : m_edges).takeSize(before);
        m_tools.setDocument(*m_document);
    } else {
        m_tools.release();
    }
    Q_EMIT sourceChanged();
    Q_EMIT canRenderChanged();
    showCanvas();
}

core::LabelSet Session::setOfModel() const
{
    const core::ModelInfo &info = m_controller.modelInfo();
    return core::hasLabelSet(info.labelSet) ? core::loadLabelSet(info.labelSet) : numberedLabels(info.conditionCount);
}

void Session::useLabelSet(const core::LabelSet &set)
{
    if (set != m_labels.labelSet())
        m_tools.release(); // a stroke under way is a step of its own, in the words before
    const LabelDocument::Translation translation = m_labels.translateTo(set);
    if (!translation.done)
        return;
    const QString title = QString::fromStdString(set.title);
    const double share = 100.0 * double(translation.unmapped) / double(m_labels.map().labels.size());
    const QString lost =
        translation.unmapped == 0
            ? QString()
            : tr("%1 % of it had no counterpart and is left unpainted. ").arg(std::max(1, qRound(share)));
    m_notices.show(Notices::Info, tr("The map was translated to the labels of %1").arg(title),
                   lost + tr("Undo brings the former map back."));
}

// The label in hand is followed into the new set, where it has a counterpart there.
void Session::showPalette()
{
    const core::LabelSet &set = m_labels.labelSet();
    const uint8_t label = core::labelTranslation(m_palette.labelSet(), set)[uint8_t(m_tools.label())];
    m_palette.setLabelSet(set);
    m_tools.setLabel(set.isVoid(label) ? m_palette.labelForDigit(1) : label);
}

void Session::showCanvas()
{
    m_view.setImageSize(canvasSize());
}

QString Session::reasonNotToRender() const
{
    const core::ModelInfo &info = m_controller.modelInfo();
    if (m_controller.modelState() != RenderController::Ready || sourceOf(info))
        return {};
    if (info.paintsFrom.empty())
        return tr("This file holds a first stage alone: it encodes and decodes pictures, but cannot paint one.");
    return tr("This model paints from %1, which cannot be painted here: render with tessera-cli, or open another "
              "model.")
        .arg(QString::fromStdString(info.paintsFrom));
}

} // namespace tessera::ui
