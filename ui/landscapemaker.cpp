#include "ui/landscapemaker.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <new>
#include <utility>

#include "core/landscape/landscape.h"
#include "core/map/depthmap.h"

namespace tessera::ui
{

namespace
{

constexpr double kMostPixels = 400.0 * 400.0;
constexpr char kName[] = "made landscape"; // as errors call it

QSize madeSize(const QSize &size)
{
    const double scale = std::min(1.0, std::sqrt(kMostPixels / (double(size.width()) * size.height())));
    return {std::max(1, int(std::lround(size.width() * scale))), std::max(1, int(std::lround(size.height() * scale)))};
}

core::FieldMap depthOf(const core::Landscape &made, const QSize &size)
{
    core::FieldMap codes{made.width, made.height, {made.depth.begin(), made.depth.end()}};
    return core::normalizedField(core::resizedBilinear(codes, size.width(), size.height()), kName);
}

core::LabelMap labelsOf(const core::Landscape &made, const QSize &size)
{
    core::LabelMap labels(made.width, made.height);
    labels.labels = made.object;
    return labels.resizedNearest(size.width(), size.height());
}

core::FieldMap edgesOf(const core::Landscape &made, const QSize &size)
{
    const core::FieldMap edges = core::edgeMap({made.width, made.height, 3, made.rgb});
    return core::normalizedField(core::resizedBilinear(edges, size.width(), size.height()), kName);
}

QImage pictureOf(const core::Landscape &made, const QSize &size)
{
    const QImage picture =
        QImage(made.rgb.data(), made.width, made.height, qsizetype(3) * made.width, QImage::Format_RGB888)
            .convertToFormat(QImage::Format_RGB32); // owns its pixels
    return picture.size() == size ? picture
                                  : picture.scaled(size, Qt::IgnoreAspectRatio, Qt::SmoothTransformation)
                                        .convertToFormat(QImage::Format_RGB32);
}

} // namespace

MadeLandscape makeLandscape(uint32_t seed, const QSize &size)
{
    const QSize small = madeSize(size);
    const core::Landscape made = core::renderLandscape(seed, small.width(), small.height());
    const core::SceneFacts &facts = made.facts;
    return {labelsOf(made, size),
            depthOf(made, size),
            edgesOf(made, size),
            pictureOf(made, size),
            {{"light", facts.light}, {"biome", facts.biome}, {"weather", facts.weather}}};
}

LandscapeMaker::LandscapeMaker(Make make, QObject *parent) : QObject(parent), m_make(std::move(make)) {}

void LandscapeMaker::make(uint32_t seed, const QSize &size)
{
    if (m_busy)
        return;
    m_busy = true;
    Q_EMIT busyChanged();
    m_thread =
        std::jthread([this, seed, size] { m_answers.post([this, result = outcome(seed, size)] { deliver(result); }); });
}

// No exception crosses the thread's border: it becomes a value.
LandscapeMaker::Outcome LandscapeMaker::outcome(uint32_t seed, const QSize &size) const
{
    try {
        return {m_make(seed, size), {}};
    } catch (const Error &error) {
        return {{}, Failure{error.code(), QString::fromUtf8(error.what())}};
    } catch (const std::bad_alloc &) {
        return {{}, Failure{ErrorCode::OutOfMemory, tr("The landscape did not fit into main memory.")}};
    } catch (const std::exception &error) {
        return {{},
                Failure{ErrorCode::InvalidArgument,
                        tr("The landscape could not be made: %1.").arg(QString::fromUtf8(error.what()))}};
    }
}

void LandscapeMaker::deliver(const Outcome &outcome)
{
    m_busy = false;
    Q_EMIT busyChanged();
    if (outcome.failure)
        Q_EMIT failed(outcome.failure->code, outcome.failure->message);
    else
        Q_EMIT made(outcome.landscape);
}

} // namespace tessera::ui
