#include "ui/session.h"

#include <filesystem>

#include <QFileInfo>

#include "core/document/imagefile.h"
#include "core/map/mapimport.h"
#include "core/render/recordjson.h"
#include "models/resources.h"

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

core::ImportedMap readMap(const std::filesystem::path &path, const core::LabelSet &set)
{
    return core::importMap(core::readMapImage(path), set, core::MapLabels::Auto, path.string());
}

// Longer texts would not be read back from a PNG.
std::vector<core::PngText> pngTexts(const QByteArray &record)
{
    constexpr qsizetype kMostBytes = qsizetype(16) << 20;
    if (record.isEmpty() || record.size() >= kMostBytes)
        return {};
    return {{core::kRecordKey, record}};
}

} // namespace

Session::Session(std::unique_ptr<RenderBackend> backend, QObject *parent)
    : QObject(parent)
    , m_tools(m_document)
    , m_controller(std::move(backend))
{
    wire();
    m_view.setImageSize(m_document.size());
    told([this] { useLabelSet(kDefaultLabelSet); });
}

void Session::wire()
{
    connect(&m_document, &Document::sizeChanged, this, [this] { m_view.setImageSize(m_document.size()); });
    connect(&m_document, &Document::stateChanged, this, &Session::unsavedChanged);
    connect(&m_picture, &Picture::changed, this, &Session::unsavedChanged);
    connect(&m_controller, &RenderController::modelChanged, this, &Session::canRenderChanged);
    connect(&m_controller, &RenderController::modelLoaded, this, &Session::useModel);
    connect(&m_controller, &RenderController::failed, &m_notices, &Notices::showError);
    connect(&m_controller, &RenderController::pictureGrew, &m_picture,
            [this](const QImage &image) { m_picture.show(image); });
    connect(&m_controller, &RenderController::pictureFinished, &m_picture, &Picture::show);
}

bool Session::canRender() const
{
    return m_controller.modelState() == RenderController::Ready && reasonNotToRender().isEmpty();
}

QString Session::unsavedText() const
{
    const bool map = m_document.modified();
    const bool picture = m_picture.unsaved();
    if (map && picture)
        return tr("The map and the picture are not saved.");
    if (map)
        return tr("The map is not saved.");
    return picture ? tr("The picture is not saved.") : QString();
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

void Session::openModel(const QUrl &file)
{
    m_controller.loadModel(QString::fromStdString(toPath(file).string()));
}

bool Session::openMap(const QUrl &file)
{
    const std::filesystem::path path = toPath(file);
    return told([&] {
        core::ImportedMap imported = readMap(path, m_document.labelSet());
        m_document.replace(std::move(imported.map), QString::fromStdString(path.string()));
        m_notices.dismiss();
        if (const QString text = importText(imported.report); !text.isEmpty())
            m_notices.show(Notices::Info, tr("Opened with a few gaps"), text);
    });
}

bool Session::saveMap(const QUrl &file)
{
    const std::filesystem::path path = toPath(file);
    return told([&] {
        core::writeImage(path, core::toQImage(core::mapToRgb(m_document.map(), m_document.labelSet())));
        m_document.markSaved(QString::fromStdString(path.string()));
    });
}

bool Session::savePicture(const QUrl &file)
{
    return told([&] {
        core::writeImage(toPath(file), m_picture.image(), pngTexts(m_picture.record()));
        m_picture.markSaved();
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
    request.width = m_document.size().width();
    request.height = m_document.size().height();
    if (m_controller.modelInfo().paintsFrom == "labels")
        request.condition = m_document.map();
    m_controller.render(std::move(request));
}

void Session::openExample()
{
    const std::filesystem::path path = models::resourceFolder() / kExampleMap;
    if (std::filesystem::exists(path))
        told([&] { m_document.replace(readMap(path, m_document.labelSet()).map, {}); });
}

void Session::useModel(const core::ModelInfo &info)
{
    m_settings.setModel(info);
    if (!info.labelSet.empty() && info.labelSet != m_document.labelSet().name)
        told([&] { useLabelSet(info.labelSet); });
    m_notices.dismiss();
    if (const QString reason = reasonNotToRender(); !reason.isEmpty())
        m_notices.showError(ErrorCode::ModelMismatch, reason);
}

void Session::useLabelSet(const std::string &name)
{
    const core::LabelSet set = core::loadLabelSet(name);
    m_document.setLabelSet(set);
    m_palette.setLabelSet(set);
    m_tools.setLabel(m_palette.labelForDigit(1));
}

QString Session::reasonNotToRender() const
{
    const std::string &source = m_controller.modelInfo().paintsFrom;
    if (source == "labels" || source == "coordinates" || source == "nothing" || source.empty())
        return {};
    return tr("This model paints from %1, which cannot be painted here: render with tessera-cli, or open a model that "
              "paints from labels.")
        .arg(QString::fromStdString(source));
}

} // namespace tessera::ui
