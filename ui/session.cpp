#include "ui/session.h"

#include <algorithm>
#include <map>
#include <new>
#include <utility>

#include <QJSEngine>
#include <QRandomGenerator>

#include "core/map/depthmap.h"
#include "core/map/translation.h"
#include "ui/numberedlabels.h"
#include "ui/wording.h"

namespace tessera::ui
{

namespace
{

constexpr char kDefaultLabelSet[] = "landscape";

// In the model's order; empty for a model that takes none of these.
std::vector<Session::Source> sourcesOf(const core::ModelInfo &info)
{
    static const std::map<std::string, Session::Source> kSources{
        {"labels", Session::Labels},           {"depth", Session::Depth}, {"edges", Session::Edges},
        {"coordinates", Session::Coordinates}, {"class", Session::Class}, {"nothing", Session::Nothing}};
    std::vector<std::string> names{info.paintsFrom};
    names.insert(names.end(), info.otherMaps.begin(), info.otherMaps.end());
    std::vector<Session::Source> sources;
    for (const std::string &name : names)
        if (const auto found = kSources.find(name); found != kSources.end())
            sources.push_back(found->second);
    return sources;
}

bool holds(const std::vector<Session::Source> &sources, Session::Source source)
{
    return std::find(sources.begin(), sources.end(), source) != sources.end();
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
    for (const Source source : {Labels, Depth, Edges})
        wireDocument(*documentOf(source));
    connect(&m_labels, &LabelDocument::labelSetChanged, this, &Session::showPalette);
    connect(&m_tools, &PaintTools::labelChanged, this, [this] { m_palette.setCurrent(m_tools.label()); });
    connect(&m_picture, &Picture::changed, this, &Session::unsavedChanged);
    connect(&m_maker, &LandscapeMaker::busyChanged, this, &Session::imaginingChanged);
    connect(&m_maker, &LandscapeMaker::made, this, &Session::takeLandscape);
    connect(&m_maker, &LandscapeMaker::failed, &m_notices, &Notices::showError);
    wireRendering();
}

void Session::wireDocument(MapDocument &document)
{
    // QML would delete what a function hands it.
    QJSEngine::setObjectOwnership(&document, QJSEngine::CppOwnership);
    connect(&document, &MapDocument::sizeChanged, this, &Session::showCanvas);
    connect(&document, &MapDocument::stateChanged, this, [this, &document] {
        m_surprises.follow(document, m_picture, m_settings);
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
    connect(&m_controller, &RenderController::modelKept, this, &Session::openWaitingMap);
    connect(&m_controller, &RenderController::modelLoaded, this, &Session::useModel);
    connect(&m_controller, &RenderController::failed, &m_notices, &Notices::showError);
    connect(&m_controller, &RenderController::relieved, this,
            [this](const QString &what) { m_notices.show(Notices::Info, tr("This canvas is large"), what); });
    connect(&m_controller, &RenderController::pictureGrew, this, &Session::showPart);
    connect(&m_controller, &RenderController::pictureFinished, this, &Session::showRendered);
}

// Pictures of surprises come back no more, but for the one whose loss would be the greatest.
void Session::leaveSurprises()
{
    for (const Picture::Content &picture : m_surprises.unsavedPictures())
        m_picture.keepAsFormer(picture);
    m_surprises.forgetPictures();
}

void Session::showRendered(const QImage &image, const QByteArray &record)
{
    leaveSurprises();
    m_picture.show(image, record, m_controller.lastResult());
}

void Session::showPart(const QImage &image)
{
    leaveSurprises();
    m_picture.showPart(image, m_controller.lastResult());
}

bool Session::canRender() const
{
    return m_controller.modelState() == RenderController::Ready && reasonNotToRender().isEmpty();
}

void Session::setSource(Source source)
{
    const bool taken = m_sources.empty() ? isMap(source) : holds(m_sources, source);
    if (taken && source != m_source)
        useSource(source);
}

QList<int> Session::sources() const
{
    return QList<int>(m_sources.begin(), m_sources.end());
}

MapDocument *Session::documentOf(Source source)
{
    if (source == Labels)
        return &m_labels;
    return isMap(source) ? &fieldOf(source) : nullptr;
}

QStringList Session::unsavedMaps() const
{
    QStringList names;
    if (m_labels.unsaved())
        names.append(tr("labels"));
    if (m_depth.unsaved())
        names.append(tr("depth"));
    if (m_edges.unsaved())
        names.append(tr("edges"));
    return names;
}

// A map that is not the one in hand is named.
QString Session::unsavedText() const
{
    const QStringList maps = unsavedMaps();
    const bool picture = m_picture.unsaved() || m_surprises.unsaved();
    if (maps.isEmpty())
        return !picture                   ? QString()
               : m_picture.shownUnsaved() ? tr("The picture is not saved.")
                                          : tr("The picture before this one is not saved.");
    const bool several = maps.size() > 1;
    const bool inHand = needsMap() && m_document->unsaved();
    const QString what = several                  ? tr("The maps of %1").arg(listed(maps))
                         : !inHand                ? tr("The map of %1").arg(maps.first())
                         : m_document->modified() ? tr("The map")
                                                  : tr("The map that undo brings back");
    if (picture)
        return tr("%1 and the picture are not saved.").arg(what);
    return (several ? tr("%1 are not saved.") : tr("%1 is not saved.")).arg(what);
}

QSize Session::canvasSize() const
{
    if (m_source == Coordinates && m_freeSize.isValid())
        return m_freeSize;
    if (m_source != Class && m_source != Nothing)
        return m_document->size();
    const int side = m_controller.modelInfo().window * m_controller.modelInfo().factor;
    return {side, side};
}

void Session::newCanvas(int width, int height)
{
    if (needsMap()) {
        m_document->newCanvas(width, height);
        return;
    }
    constexpr int kLeast = MapDocument::kSmallestSide, kMost = MapDocument::kLargestSide;
    m_freeSize = QSize(width, height).expandedTo({kLeast, kLeast}).boundedTo({kMost, kMost});
    showCanvas();
}

bool Session::told(const std::function<void()> &work)
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

void Session::unloadModel()
{
    m_waitingMap.reset();
    m_controller.unloadModel();
    useSources({});
    m_settings.setModel({});
    m_notices.dismiss();
    if (!needsMap())
        useSource(Labels);
}

void Session::render()
{
    if (m_controller.modelState() == RenderController::Loading) {
        m_notices.show(Notices::Info, tr("The model is still being opened"),
                       m_controller.busy() ? tr("It waits for the picture under way; Cancel stops that one.")
                                           : tr("Render once its name is shown below."));
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
    if (!told([&] { setCondition(request); }))
        return;
    if ((m_source == Depth || m_source == Edges) && m_document->inkAt({0, 0}) != m_document->blankInk())
        tellIfFlat(fieldOf(m_source));
    m_controller.render(std::move(request));
}

// Models see a field stretched to all of -1 .. 1.
void Session::tellIfFlat(const FieldDocument &field)
{
    if (field.flat())
        m_notices.show(Notices::Info, tr("The map is the same everywhere"),
                       &field == &m_depth ? tr("Models see differences of depth alone, so it is all far to them.")
                                          : tr("Models see differences alone, so it is without lines to them."));
}

void Session::setCondition(core::RenderRequest &request) const
{
    switch (m_source) {
    case Labels:
        // Undo may have brought back a map from before the model was opened.
        request.condition = core::translated(m_labels.map(), m_labels.labelSet(), setOfModel());
        break;
    case Depth:
        request.mapKind = "depth";
        request.condition = core::normalizedField(m_depth.map(), m_depth.title().toStdString());
        break;
    case Edges:
        request.mapKind = "edges";
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

void Session::surprise()
{
    surpriseWith(QRandomGenerator::global()->generate());
}

void Session::surpriseWith(quint32 seed)
{
    if (!needsMap() || m_maker.busy())
        return;
    told([&] {
        if (m_source == Labels && !knowsLandscapes()) {
            m_notices.show(Notices::Info, tr("No landscape can be made of these labels"),
                           tr("The model does not say what they mean."));
            return;
        }
        m_makingFor = m_source;
        m_maker.make(seed, m_document->size());
    });
}

// Whether the labels in hand have words for anything in a landscape.
bool Session::knowsLandscapes() const
{
    const core::LabelSet &set = m_labels.labelSet();
    const auto words = core::labelTranslation(core::loadLabelSet(kDefaultLabelSet), set);
    return std::any_of(words.begin(), words.end(), [&](uint8_t label) { return !set.isVoid(label); });
}

PictureSteps::Side Session::side() const
{
    return {m_document->stateId(), m_picture.content(), m_settings.values()};
}

void Session::takeLandscape(const MadeLandscape &made)
{
    if (m_source != m_makingFor || made.picture.size() != m_document->size())
        return;        // it was asked for another canvas
    m_tools.release(); // a stroke under way is a step of its own
    const PictureSteps::Side before = side();
    if (!told([&] { layMap(m_source, made); }) || m_document->stateId() == before.state)
        return;
    m_controller.abandon(); // of the map before
    m_picture.showStartingPoint(made.picture);
    m_settings.choose(made.controls);
    m_surprises.add(*m_document, before, side());
    for (const Source source : m_sources)
        if (isMap(source) && source != m_source)
            told([&] { layMap(source, made); });
    Q_EMIT unsavedChanged();
}

// The map in hand takes it, others are offered it.
void Session::layMap(Source source, const MadeLandscape &made)
{
    const auto lay = [&](auto &document, auto map) {
        if (source == m_source)
            document.replaceMade(std::move(map));
        else
            document.offer(std::move(map));
    };
    if (source != Labels)
        lay(fieldOf(source), source == Depth ? made.depth : made.edges);
    else if (knowsLandscapes())
        lay(m_labels, core::translated(made.labels, core::loadLabelSet(kDefaultLabelSet), m_labels.labelSet()));
}

void Session::useModel(const core::ModelInfo &info)
{
    m_settings.setModel(info);
    if (m_notices.kind() == Notices::Info || m_notices.offersModel()) // another failure stays to be read
        m_notices.dismiss();
    useSources(sourcesOf(info));
    openWaitingMap();
    if (const QString reason = reasonNotToRender(); !reason.isEmpty())
        m_notices.showError(ErrorCode::ModelMismatch, reason);
}

void Session::useSources(std::vector<Source> sources)
{
    m_sources = std::move(sources);
    m_toTranslate = true;
    Q_EMIT sourcesChanged();
    Q_EMIT canRenderChanged();
    if (m_sources.empty())
        return;
    m_classes.setClasses(holds(m_sources, Class) ? m_controller.modelInfo().conditionCount : 0);
    useSource(holds(m_sources, m_source) ? m_source : m_sources.front());
}

// Labels come into the words of a model that takes them as soon as they are in hand, once: undo takes it back for good.
void Session::useSource(Source source)
{
    const QSize before = m_document->size();
    m_source = source;
    if (needsMap()) {
        m_document = documentOf(source);
        if (source != Labels)
            fieldOf(source).takeSize(before);
        m_tools.setDocument(*m_document);
    } else {
        m_tools.release();
    }
    Q_EMIT sourceChanged();
    Q_EMIT canRenderChanged();
    Q_EMIT unsavedChanged();
    showCanvas();
    if (source == Labels && holds(m_sources, Labels) && std::exchange(m_toTranslate, false))
        told([this] { useLabelSet(setOfModel()); });
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
    if (translation.unmapped > 0)
        m_readWithLoss.insert(m_labels.filePath());
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
    m_tools.useLabel(set.isVoid(label) ? m_palette.labelForDigit(1) : label);
}

void Session::showCanvas()
{
    m_view.setImageSize(canvasSize());
    Q_EMIT canvasSizeChanged();
}

QString Session::reasonNotToRender() const
{
    const core::ModelInfo &info = m_controller.modelInfo();
    if (m_controller.modelState() != RenderController::Ready || !m_sources.empty())
        return {};
    if (info.paintsFrom.empty())
        return tr("This file holds a first stage alone: it encodes and decodes pictures, but cannot paint one.");
    return tr("This model paints from %1, which cannot be painted here: render with tessera-cli, or open another "
              "model.")
        .arg(QString::fromStdString(info.paintsFrom));
}

} // namespace tessera::ui
