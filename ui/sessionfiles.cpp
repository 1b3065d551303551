// Opening and saving: the part of the session that deals with files.
#include "ui/session.h"

#include <utility>

#include "models/resources.h"
#include "ui/mapfiles.h"

namespace tessera::ui
{

namespace
{

constexpr char kExampleMap[] = "examples/valley.png";

std::filesystem::path toPath(const QUrl &url)
{
    return (url.isLocalFile() ? url.toLocalFile() : url.toString()).toStdString();
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
    return takeInHand(source) && told([&] { readMap(toPath(file)); });
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
        const bool whole = writePicture(toPath(file), m_picture.image(), m_picture.record());
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
