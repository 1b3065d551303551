#include "core/landscape/batchpainter.h"

#include "core/landscape/scenestock.h"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <optional>
#include <utility>

namespace tessera::core
{

namespace
{

// A run of generateBy() for as long as the painter goes on.
class BatchRun
{
public:
    // `taken` counts the pictures that are handed over.
    BatchRun(BatchPainter &painter, const LandscapeRun &run, int &taken)
        : m_run(run)
        , m_painter(painter)
        , m_taken(taken)
        , m_lands((run.count + run.lightings - 1) / run.lightings)
        , m_landsABatch(std::max(1, painter.room() / run.lightings))
        , m_scenes({run.firstSeed, m_lands, run.lightings, run.width, 2 * m_landsABatch, std::max(1, run.threads)})
    {}

    // Hands a batch over while the next one is painted.
    void run()
    {
        while (m_taken < m_run.count && !m_run.stop.stop_requested()) {
            if (m_begun < m_lands)
                begin();
            if (m_underWay.size() == 2 || m_begun == m_lands)
                handOver();
        }
    }

private:
    using Facts = std::vector<SceneFacts>; // of a batch's pictures

    void begin()
    {
        std::vector<SceneStock::Land> lands;
        std::vector<BatchPainter::Picture> pictures;
        Facts facts;
        for (; static_cast<int>(lands.size()) < m_landsABatch && m_begun < m_lands; ++m_begun) {
            lands.push_back(m_scenes.next());
            const int first = static_cast<int>(pictures.size()), left = m_run.count - m_begun * m_run.lightings;
            for (int i = 0; i < std::min(m_run.lightings, left); ++i) {
                const Scene &scene = *lands.back()[static_cast<std::size_t>(i)];
                pictures.push_back({&scene, first});
                facts.push_back(sceneFacts(scene));
                facts.back().seed = m_run.firstSeed + static_cast<std::uint32_t>(m_begun);
                facts.back().lighting = i;
            }
        }
        m_painter.begin(pictures);
        m_underWay.push_back(std::move(facts));
    }

    void handOver()
    {
        std::optional<Landscape> expected;
        if (m_taken == 0) // made while the painter is busy
            expected = renderLandscape(m_run.firstSeed, m_run.width, m_run.height);
        std::vector<Landscape> pictures = m_painter.collect();
        if (expected)
            check(*expected, pictures.front());
        const Facts facts = std::move(m_underWay.front());
        m_underWay.pop_front();
        for (std::size_t i = 0; i < pictures.size() && !m_run.stop.stop_requested(); ++i, ++m_taken) {
            pictures[i].facts = facts[i];
            m_run.take(facts[i].seed, std::move(pictures[i]));
        }
    }

    static void check(const Landscape &expected, const Landscape &first)
    {
        const Likeness likeness = likenessOf(expected, first);
        if (!likeness.isEnough())
            throw PainterError("paints another picture than the processor: "
                               + std::to_string(static_cast<int>(100 * likeness.labels))
                               + " % of the labels are the same, colours differ by "
                               + std::to_string(static_cast<int>(likeness.color + .5)) + " of 255");
    }

    const LandscapeRun &m_run;
    BatchPainter &m_painter;
    int &m_taken;
    const int m_lands;
    const int m_landsABatch;
    SceneStock m_scenes;
    std::deque<Facts> m_underWay; // a batch each
    int m_begun = 0;              // lands
};

} // namespace

Likeness likenessOf(const Landscape &a, const Landscape &b)
{
    Likeness likeness;
    if (a.width != b.width || a.height != b.height || a.rgb.size() != b.rgb.size())
        return {0, 255};
    for (std::size_t i = 0; i < a.object.size(); ++i)
        likeness.labels += a.object[i] == b.object[i] && a.material[i] == b.material[i];
    for (std::size_t i = 0; i < a.rgb.size(); ++i)
        likeness.color += std::abs(a.rgb[i] - b.rgb[i]);
    likeness.labels /= static_cast<double>(a.object.size());
    likeness.color /= static_cast<double>(a.rgb.size());
    return likeness;
}

int generateBy(const MakePainter &makePainter, const LandscapeRun &run)
{
    checkRequest(run.width, run.height, run.lightings);
    if (run.count <= 0)
        return 0;
    int taken = 0;
    try {
        const std::unique_ptr<BatchPainter> painter = makePainter();
        BatchRun(*painter, run, taken).run();
        return taken;
    } catch (const PainterError &error) {
        run.note("The GPU " + std::string(error.what()) + "; the processor makes the landscapes.");
    }
    const auto lands = static_cast<std::uint32_t>(taken / run.lightings); // batches hold whole lands
    return taken
           + generateLandscapes(run.firstSeed + lands, run.count - taken, run.width, run.height, run.threads, run.stop,
                                run.take, run.lightings);
}

} // namespace tessera::core
