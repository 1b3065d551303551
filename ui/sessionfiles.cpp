// Opening and saving: the part of the session that deals with files.
#include "ui/session.h"

#include <algorithm>
#include <utility>

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
    else
        openMap(m_source, place);
}

bool Session::openMap(Source source, const QUrl &file)
{
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

bool Session::reopen(const core::RecordedPicture &picture, const std::filesystem::path &path)
{
    const core::RenderRequest &request = picture.record.request;
    expectModelOf(picture.record, path);
    if (!takeSourceOf(request))
        return false;
    const PictureSteps::Side before{m_document->stateId(), m_picture.content(), m_settings.choices()};
    takeCondition(request, path);
    m_settings.take(request);
    m_picture.showSaved(picture.image, picture.text, QString::fromStdString(path.filename().string()));
    if (needsMap() && m_document->stateId() != before.state)
        m_surprises.add(*m_document, before, {m_document->stateId(), m_picture.content(), m_settings.choices()});
    if (const QString changes = changesIn(picture.record); !changes.isEmpty())
        m_notices.show(Notices::Info, tr("Rendered again it will be another picture"), changes);
    m_controller.setFast(picture.record.precision != "fp32" && m_controller.fasterOffered());
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

void Session::takeCondition(const core::RenderRequest &request, const std::filesystem::path &path)
{
    if (const auto *labels = std::get_if<core::LabelMap>(&request.condition)) {
        const core::LabelSet &set = m_labels.labelSet();
        if (std::ranges::any_of(labels->labels, [&](uint8_t label) { return !set.knows(label); }))
            throw Error(ErrorCode::ModelMismatch, path.string() + " holds labels that the open model does not know.");
        makeWay();
        m_labels.replace(labels->resizedNearest(request.width, request.height), {});
    } else if (const auto *field = std::get_if<core::FieldMap>(&request.condition)) {
        core::FieldMap map = core::resizedBilinear(*field, request.width, request.height);
        makeWay();
        fieldOf(m_source).replace(std::move(map), {});
    } else if (const auto *number = std::get_if<int64_t>(&request.condition)) {
        makeWay();
        m_classes.setCurrent(int(*number));
    } else if (std::holds_alternative<core::CodeGrid>(request.condition)) {
        throw Error(ErrorCode::InvalidArgument, path.string()
                                                    + " was painted from condition codes; a map cannot be had back "
                                                      "from them.");
    } else if (!needsMap()) {
        makeWay();
        newCanvas(request.width, request.height);
    }
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
    if (record.precision != "fp32" && !m_controller.fasterOffered())
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
        m_labels.replace(std::move(imported.map), name);
        if (const QString gaps = importText(imported.report); !gaps.isEmpty())
            m_notices.show(Notices::Info, tr("Opened with a few gaps"), gaps);
    } else {
        core::FieldMap map = readFieldMap(path);
        makeWay();
        fieldOf(m_source).replace(std::move(map), name);
        tellIfFlat(fieldOf(m_source));
    }
}

// For a map that was read and comes into the hand.
void Session::makeWay()
{
    m_tools.release();    // a stroke under way is a step of its own
    m_waitingMap.clear(); // this one was chosen later
    m_notices.dismiss();
}

bool Session::openPhotoAsEdges(const QUrl &file)
{
    if (!takeInHand(Edges))
        return false;
    return told([&] {
        core::FieldMap edges = readEdgesOfPhoto(toPath(file));
        makeWay();
        m_edges.replaceUnsaved(std::move(edges));
    });
}

bool Session::saveMap(Source source, const QUrl &file)
{
    const std::filesystem::path path = toPath(file);
    return told([&] {
        if (source == Labels)
            writeLabelMap(path, m_labels.map(), m_labels.labelSet());
        else
            writeFieldMap(path, fieldOf(source).map());
        documentOf(source)->markSaved(QString::fromStdString(path.string()));
        m_notices.dismiss();
    });
}

bool Session::savePicture(const QUrl &file)
{
    return told([&] {
        const bool whole = core::writePicture(toPath(file), m_picture.image(), m_picture.record());
        m_surprises.markSaved(m_picture.content());
        m_picture.markSaved();
        m_notices.dismiss();
        if (!whole)
            m_notices.show(Notices::Info, tr("Saved without its render record"),
                           tr("The record is longer than a PNG may carry. The picture itself is whole, but cannot be "
                              "made again from its file."));
    });
}

void Session::openMapWithModel(const QString &model, const QUrl &file)
{
    m_waitingMap = file;
    m_controller.loadModel(model);
}

void Session::openWaitingMap()
{
    if (const QUrl file = std::exchange(m_waitingMap, {}); !file.isEmpty())
        openMap(m_source, file);
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
