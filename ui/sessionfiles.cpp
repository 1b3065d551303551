// Opening and saving: the part of the session that deals with files.
#include "ui/session.h"

#include <algorithm>
#include <utility>

#include <QFileInfo>
#include <QImageReader>

#include "core/map/depthmap.h"
#include "models/resources.h"
#include "ui/mapfiles.h"
#include "ui/wording.h"

namespace tessera::ui
{

namespace
{

constexpr char kExampleMap[] = "examples/valley.png";

std::filesystem::path toPath(const QUrl &url)
{
    return (url.isLocalFile() ? url.toLocalFile() : url.toString()).toStdString();
}

// None where the file is no picture of Tessera's, be it another one or no picture at all.
std::optional<core::RecordedPicture> recordedPicture(const std::filesystem::path &path)
{
    const bool isPng = QImageReader::imageFormat(QString::fromStdString(path.string())) == "png";
    return isPng ? core::readRecordedPicture(path) : std::nullopt;
}

QString importText(const core::ImportReport &report)
{
    const size_t lost = report.unknown + report.unmapped;
    if (lost == 0)
        return {};
    return lost == 1 ? Session::tr("One pixel had no label that this model knows and is left unpainted.")
                     : Session::tr("%1 pixels had no label that this model knows and are left unpainted.").arg(lost);
}

} // namespace

void Session::openModel(const QUrl &place)
{
    m_controller.loadModel(QString::fromStdString(toPath(place).string()));
}

void Session::openAny(const QUrl &place)
{
    if (looksLikeModel(toPath(place)))
        openModel(place);
    else if (m_controller.openingAnother())
        waitForModel(place, {}); // which may paint from something else
    else
        openMap(m_source, place);
}

bool Session::openMap(Source source, const QUrl &file)
{
    if (m_controller.openingAnother()) {
        waitForModel(file, source);
        return true;
    }
    const std::filesystem::path path = toPath(file);
    bool opened = false;
    return told([&] {
               if (const auto picture = recordedPicture(path)) {
                   opened = reopen(*picture, path);
               } else if (takeInHand(source)) {
                   readMap(path);
                   opened = true;
               }
           })
           && opened;
}

void Session::waitForModel(const QUrl &file, std::optional<Source> source)
{
    m_waitingMap = WaitingMap{file, source};
    m_notices.show(Notices::Info, tr("The model is still being opened"),
                   tr("%1 opens as soon as it is there.").arg(file.fileName()));
}

bool Session::reopen(const core::RecordedPicture &picture, const std::filesystem::path &path)
{
    const core::RenderRequest &request = picture.record.request;
    expectModelOf(picture.record, path);
    expectConditionOf(request, path);
    if (!takeSourceOf(request))
        return false;
    makeWay();
    if (m_source == Labels)
        m_labels.translateTo(setOfModel()); // undo may have brought back other words
    const PictureSteps::Side before = side();
    takeCondition(request);
    m_controller.abandon(); // of the map before
    m_settings.take(request);
    m_picture.showSaved(picture.image, picture.text, QString::fromStdString(path.filename().string()));
    if (needsMap() && m_document->stateId() != before.state)
        m_surprises.add(*m_document, before, side());
    if (const QString changes = changesIn(picture.record); !changes.isEmpty())
        m_notices.show(Notices::Info, tr("Rendered again it will be another picture"), changes);
    return true;
}

// Codes and labels mean nothing to another model. One of the same name is taken for a newer version.
void Session::expectModelOf(const core::RenderRecord &record, const std::filesystem::path &path) const
{
    const core::ModelInfo &open = m_controller.modelInfo();
    if (open.identity == record.request.modelIdentity || (!open.name.empty() && open.name == record.modelName))
        return;
    throw Error(ErrorCode::ModelMismatch, path.string() + " was painted by the model " + record.modelName + " ("
                                              + record.modelFile + "); open that one first.");
}

// The hand comes to what a picture was made from.
bool Session::takeSourceOf(const core::RenderRequest &request)
{
    if (std::holds_alternative<core::LabelMap>(request.condition))
        return takeInHand(Labels);
    if (std::holds_alternative<core::FieldMap>(request.condition)) {
        const std::string &kind = request.mapKind.empty() ? m_controller.modelInfo().paintsFrom : request.mapKind;
        return takeInHand(kind == "edges" ? Edges : Depth);
    }
    return true;
}

// That a picture was made from something that can be had back.
void Session::expectConditionOf(const core::RenderRequest &request, const std::filesystem::path &path) const
{
    if (std::holds_alternative<core::CodeGrid>(request.condition))
        throw Error(ErrorCode::InvalidArgument, path.string()
                                                    + " was painted from condition codes; a map cannot be had back "
                                                      "from them.");
    if (const auto *labels = std::get_if<core::LabelMap>(&request.condition)) {
        const core::LabelSet set = setOfModel();
        if (std::ranges::any_of(labels->labels, [&](uint8_t label) { return !set.knows(label); }))
            throw Error(ErrorCode::ModelMismatch, path.string() + " holds labels that the open model does not know.");
    }
}

void Session::takeCondition(const core::RenderRequest &request)
{
    if (const auto *labels = std::get_if<core::LabelMap>(&request.condition))
        m_labels.replaceUnnamed(labels->resizedNearest(request.width, request.height));
    else if (const auto *field = std::get_if<core::FieldMap>(&request.condition))
        fieldOf(m_source).replaceUnnamed(core::resizedBilinear(*field, request.width, request.height));
    else if (const auto *number = std::get_if<int64_t>(&request.condition))
        m_classes.setCurrent(int(*number));
    else if (!needsMap())
        newCanvas(request.width, request.height);
}

// What the painter would do otherwise than the record has it; empty for a picture that it would make again.
QString Session::changesIn(const core::RenderRecord &record) const
{
    const core::RenderRequest &request = record.request;
    const core::RenderRequest own = m_settings.request();
    QStringList changes;
    if (request.modelIdentity != own.modelIdentity)
        changes.append(tr("the model is another version"));
    if (request.initial)
        changes.append(tr("only a part of it was painted"));
    if (record.precision != m_controller.precision())
        changes.append(tr("it was made in %1").arg(QString::fromStdString(record.precision)));
    if (request.variation != own.variation)
        changes.append(tr("it is a variation of its seed"));
    if (request.topK != own.topK || request.topP != own.topP || request.greedy != own.greedy
        || request.temperature != own.temperature || request.guidance != own.guidance || request.seed != own.seed
        || request.controls != own.controls
        || request.window != core::automaticWindow(m_controller.modelInfo(), request.width, request.height))
        changes.append(tr("it was made with settings that the painter does not have"));
    return changes.isEmpty() ? QString() : tr("What differs: %1.").arg(listed(changes));
}

// What a file was chosen for, if the model takes it.
bool Session::takeInHand(Source source)
{
    setSource(source);
    if (m_source == source && needsMap())
        return true;
    m_notices.show(Notices::Info, needsMap() ? tr("This model takes no such map") : tr("This model needs no map"),
                   tr("Open a model that paints from labels, depth or edges to use one."));
    return false;
}

void Session::readMap(const std::filesystem::path &path)
{
    const QString name = QString::fromStdString(path.string());
    if (m_source == Labels) {
        core::ImportedMap imported = readLabelMap(path, m_labels.labelSet());
        makeWay();
        const QString gaps = importText(imported.report);
        const bool smaller = tooLarge(imported.map);
        m_labels.replace(fitted(std::move(imported.map)), name);
        if (smaller || !gaps.isEmpty())
            m_readWithLoss.insert(name);
        if (smaller)
            tellMadeSmaller(gaps);
        else if (!gaps.isEmpty())
            m_notices.show(Notices::Info, tr("Opened with a few gaps"), gaps);
    } else {
        core::FieldMap map = readFieldMap(path);
        makeWay();
        const bool smaller = tooLarge(map);
        fieldOf(m_source).replace(fitted(std::move(map)), name);
        if (smaller) {
            m_readWithLoss.insert(name);
            tellMadeSmaller();
        } else
            tellIfFlat(fieldOf(m_source)); // which a render would tell, too
    }
}

void Session::tellMadeSmaller(const QString &more)
{
    const QString why = tr("A canvas has at most %1 pixels a side.").arg(MapDocument::kLargestSide);
    m_notices.show(Notices::Info, tr("Opened smaller than the file"), QString("%1 %2").arg(why, more).trimmed());
}

// For a map that was read and comes into the hand.
void Session::makeWay()
{
    m_tools.release();    // a stroke under way is a step of its own
    m_waitingMap.reset(); // this one was chosen later
    m_notices.dismiss();
}

bool Session::openPhotoAsEdges(const QUrl &file)
{
    if (!takeInHand(Edges))
        return false;
    return told([&] {
        FieldOfPhoto edges = readEdgesOfPhoto(toPath(file));
        makeWay();
        m_edges.replaceUnsaved(std::move(edges.field));
        if (edges.smaller)
            tellMadeSmaller();
    });
}

void Session::holdMap(Source source)
{
    m_heldMap.reset();
    told([&] {
        m_tools.release(); // a stroke under way belongs to it
        m_heldMap = mapAsItIs(source);
    });
}

void Session::holdPicture()
{
    m_heldPicture = m_picture.content();
}

Session::HeldMap Session::mapAsItIs(Source source)
{
    const quint64 state = documentOf(source)->stateId();
    if (source != Labels)
        return {source, state,
                [map = fieldOf(source).map()](const std::filesystem::path &path) { writeFieldMap(path, map); }};
    return {source, state, [map = m_labels.map(), set = m_labels.labelSet()](const std::filesystem::path &path) {
                writeLabelMap(path, map, set);
            }};
}

QString Session::ownFile(Source source)
{
    static const QStringList kWritten{"png", "tif", "tiff"};
    const QString &path = documentOf(source)->filePath();
    const bool fits = kWritten.contains(QFileInfo(path).suffix().toLower());
    return fits && !m_readWithLoss.contains(path) ? path : QString();
}

bool Session::saveMap(Source source, const QUrl &file)
{
    const std::filesystem::path path = toPath(file);
    return told([&] {
        const HeldMap map = m_heldMap && m_heldMap->source == source ? *m_heldMap : mapAsItIs(source);
        map.write(path);
        documentOf(source)->markSaved(QString::fromStdString(path.string()), map.state);
        m_readWithLoss.erase(QString::fromStdString(path.string()));
        m_heldMap.reset();
        m_notices.dismiss();
    });
}

bool Session::savePicture(const QUrl &file)
{
    const std::filesystem::path path = toPath(file);
    return told([&] {
        const Picture::Content picture = m_heldPicture ? *m_heldPicture : m_picture.content();
        const bool whole = core::writePicture(path, picture.image, picture.record);
        m_surprises.markSaved(picture);
        m_picture.markSaved(picture);
        m_heldPicture.reset();
        m_notices.dismiss();
        const bool isPng = QFileInfo(QString::fromStdString(path.string())).suffix().toLower() == "png";
        if (!whole)
            m_notices.show(Notices::Info, tr("Saved without its render record"),
                           tr("The record is longer than a PNG may carry. The picture itself is whole, but cannot be "
                              "made again from its file."));
        else if (!isPng && !picture.record.isEmpty())
            m_notices.show(Notices::Info, tr("Saved as a picture alone"),
                           tr("Only a PNG also carries the map and the settings that it was made from."));
        else if (picture.partial)
            m_notices.show(Notices::Info, tr("Saved as it is so far"),
                           tr("What it was to become is not in the file: only whole pictures carry what they were made "
                              "from."));
    });
}

void Session::openMapWithModel(const QString &model, const QUrl &file)
{
    m_waitingMap = WaitingMap{file, {}};
    m_controller.loadModel(model);
}

void Session::openWaitingMap()
{
    if (const auto waiting = std::exchange(m_waitingMap, {}))
        openMap(waiting->source.value_or(m_source), waiting->file);
}

void Session::openExample()
{
    told([this] {
        const std::filesystem::path path = models::resourceFolder() / kExampleMap;
        std::error_code ignored;
        if (std::filesystem::exists(path, ignored))
            m_labels.replace(readLabelMap(path, m_labels.labelSet()).map, {});
    });
}

} // namespace tessera::ui
