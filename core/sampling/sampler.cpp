#include "core/sampling/sampler.h"

#include <utility>

#include "core/sampling/noise.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/validation.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

// Chooses codes for one request and writes them into its result.
class Drawing
{
public:
    Drawing(const SampleRequest &request, int total, size_t pictureCodes, const DrawnFn &drawn)
        : m_params(request.params)
        , m_drawn(drawn)
        , m_total(total)
        , m_scores(pictureCodes)
        , m_noise(pictureCodes)
    {
        m_result.codes = startingCodes(request);
        m_result.logProbability = Grid<float>(request.canvas);
        m_result.entropy = Grid<float>(request.canvas);
    }

    void draw(const PlannedCode &place, std::span<const float> logits)
    {
        const int64_t code = choose(place.cell, logits);
        const CodeOdds odds = oddsOf(logits, code);
        m_result.codes.at(place.cell) = code;
        m_result.logProbability.at(place.cell) = odds.logProbability;
        m_result.entropy.at(place.cell) = odds.entropy;
        ++m_done;
        if (m_drawn) {
            m_drawn({place.cell, code, place.origin, m_done, m_total});
        }
    }

    SampleResult &result() { return m_result; }

private:
    static CodeGrid startingCodes(const SampleRequest &request)
    {
        CodeGrid codes(request.canvas, kNoCode);
        for (size_t i = 0; i < request.locked.values.size(); ++i) {
            if (request.locked.values[i]) {
                codes.values[i] = request.initial.values[i];
            }
        }
        return codes;
    }

    int64_t choose(Cell cell, std::span<const float> logits)
    {
        if (m_params.greedy) { // filters never remove the most probable code
            return chooseCode(logits);
        }
        filteredLogProbabilities(logits, m_params, m_scores);
        gumbelNoise(m_params.seed, m_params.variation, cell, int64_t(m_noise.size()), m_noise.data());
        return chooseCode(m_scores, m_noise);
    }

    const SamplingParams &m_params;
    const DrawnFn &m_drawn;
    const int m_total;
    int m_done = 0;
    std::vector<float> m_scores;
    std::vector<float> m_noise;
    SampleResult m_result;
};

} // namespace

SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
                         std::stop_token stop, const DrawnFn &drawn)
{
    const WindowPlan plan = planFor(config, request.canvas, request.params.window, false, request.locked);
    return sampleCodes(config, engine, request, plan, stop, drawn);
}

SampleResult sampleCodes(const models::ModelConfig &config, TransformerEngine &engine, const SampleRequest &request,
                         const WindowPlan &plan, std::stop_token stop, const DrawnFn &drawn)
{
    checkSampleRequest(config, request);
    if (!(plan.canvas == request.canvas)) {
        throw Error(ErrorCode::InvalidArgument, "The window plan was made for another canvas than the request's");
    }
    const int64_t before = engine.tokenForwards();
    PlanWalk walk(config, engine, plan, {request.controlTokens, request.condition, request.params.guidance});
    Drawing drawing(request, plan.codes(), size_t(config.imageTokens.count), drawn);
    SampleResult &result = drawing.result();
    result.finished = true;
    for (const PlanStep &step : plan.steps) {
        if (stop.stop_requested()) {
            result.finished = false;
            break;
        }
        walk.logits(step, result.codes);
        for (size_t i = 0; i < step.codes.size(); ++i) {
            drawing.draw(step.codes[i], walk.row(i));
        }
    }
    result.tokenForwards = engine.tokenForwards() - before;
    return std::move(result);
}

} // namespace tessera::core
