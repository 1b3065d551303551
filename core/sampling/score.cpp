#include "core/sampling/score.h"

#include "core/sampling/distribution.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/validation.h"

namespace tessera::core
{

ScoreResult scoreCodes(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request,
                       std::stop_token stop)
{
    checkScoreRequest(config, request);
    const GridSize canvas = request.codes.size;
    const WindowPlan plan = planFor(config, canvas, request.window, engine.gainsFromBatches());
    const int64_t before = engine.tokenForwards();
    const WindowPrefix prefix(config, request);
    PlanWalk walk(config, engine, plan, {prefix, request.guidance});
    ScoreResult result{Grid<float>(canvas), Grid<float>(canvas), 0, 0, true};
    int judged = 0;
    for (const PlanStep &step : plan.steps) {
        const auto stopped = [&stop] { return stop.stop_requested(); };
        if (stopped() || !walk.logits(step, request.codes, stopped)) {
            result.finished = false;
            break;
        }
        for (size_t i = 0; i < step.codes.size(); ++i) {
            const Cell cell = step.codes[i].cell;
            const CodeOdds odds = oddsOf(walk.row(i), request.codes.at(cell));
            result.logProbability.at(cell) = odds.logProbability;
            result.entropy.at(cell) = odds.entropy;
            result.natsPerCode += (-double(odds.logProbability) - result.natsPerCode) / ++judged;
        }
    }
    result.tokenForwards = engine.tokenForwards() - before;
    return result;
}

} // namespace tessera::core
