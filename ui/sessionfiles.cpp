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
    return lost == 0 ? QString()
                     : Session::tr("%n pixel(s) had no label that this model knows and are left unpainted.", nullptr,
                                   int(lost));
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
        fieldOf(m_source).replace(readFieldMap(path), name);
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

} // namespace tessera::ui
