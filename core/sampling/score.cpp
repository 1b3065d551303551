#include "core/sampling/score.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "core/sampling/distribution.h"
#include "core/sampling/planwalk.h"
#include "core/sampling/validation.h"
#include "core/sampling/windowpass.h"

namespace tessera::core
{

namespace
{

// A code that a policy draws at a position of some window.
struct Drawn {
    int position;
    size_t policy;
};

// What is drawn from each window, by its upper left cell.
using DrawnFrom = std::map<Cell, std::vector<Drawn>>;

DrawnFrom drawnFrom(const models::ModelConfig &config, const ScoreRequest &request)
{
    DrawnFrom windows;
    for (size_t policy = 0; policy < request.windows.size(); ++policy) {
        for (const PlanStep &step : planFor(config, request.codes.size, request.windows[policy]).steps) {
            for (const PlannedCode &code : step.codes) {
                windows[code.origin].push_back({code.localPosition, policy});
            }
        }
    }
    return windows;
}

bool judge(WindowPass &pass, Cell origin, const std::vector<Drawn> &drawn, const CodeGrid &codes,
           std::vector<PolicyScore> &scores, const StopFn &stopped)
{
    const auto [first, last] = std::ranges::minmax(drawn, {}, &Drawn::position);
    if (stopped() || !pass.run(origin, first.position, last.position, stopped)) {
        return false;
    }
    for (const Drawn &code : drawn) {
        const Cell cell = pass.cellAt(origin, code.position);
        const CodeOdds odds = oddsOf(pass.row(code.position), codes.at(cell));
        scores[code.policy].logProbability.at(cell) = odds.logProbability;
        scores[code.policy].entropy.at(cell) = odds.entropy;
    }
    return true;
}

double natsPerCode(const PolicyScore &score)
{
    const std::vector<float> &values = score.logProbability.values;
    return -std::accumulate(values.begin(), values.end(), 0.0) / double(values.size());
}

} // namespace

ScoreResult scoreCodes(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request,
                       std::stop_token stop, const ScoredFn &scored)
{
    checkScoreRequest(config, request);
    const GridSize canvas = request.codes.size;
    const int64_t before = engine.tokenForwards();
    ScoreResult result;
    result.finished = true;
    for (const WindowPolicy &window : request.windows) {
        result.policies.push_back({window, Grid<float>(canvas), Grid<float>(canvas), 0});
    }
    WindowPass pass(config, engine, request);
    const StopFn stopped = [&stop] { return stop.stop_requested(); };
    int judged = 0;
    for (const auto &[origin, drawn] : drawnFrom(config, request)) {
        if (!judge(pass, origin, drawn, request.codes, result.policies, stopped)) {
            result.finished = false;
            break;
        }
        judged += int(drawn.size());
        if (scored) {
            scored(judged, canvas.cells() * int(request.windows.size()));
        }
    }
    if (result.finished) {
        for (PolicyScore &score : result.policies) {
            score.natsPerCode = natsPerCode(score);
        }
    }
    result.tokenForwards = engine.tokenForwards() - before;
    return result;
}

} // namespace tessera::core
