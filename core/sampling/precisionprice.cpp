#include "core/sampling/precisionprice.h"

#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "core/sampling/distribution.h"
#include "core/sampling/validation.h"
#include "core/sampling/windowpass.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

void expectOneWindow(const models::ModelConfig &config, GridSize size)
{
    const auto window = int(config.window);
    if (size.rows != window || size.columns != window) {
        throw Error(ErrorCode::InvalidArgument, "The picture is " + std::to_string(size.columns) + " codes wide and "
                                                    + std::to_string(size.rows) + " high; expected one window, "
                                                    + std::to_string(window) + " by " + std::to_string(window));
    }
}

void addCode(std::span<const float> exact, std::span<const float> plainer, int64_t code, std::vector<float> &p,
             std::vector<float> &q, PrecisionPrice &price)
{
    filteredLogProbabilities(exact, SamplingParams(), p);
    filteredLogProbabilities(plainer, SamplingParams(), q);
    for (size_t i = 0; i < p.size(); ++i) {
        price.divergence += std::exp(double(p[i])) * (double(p[i]) - double(q[i]));
    }
    price.exactNats -= double(p[size_t(code)]);
    price.nats -= double(q[size_t(code)]);
    ++price.codes;
}

} // namespace

bool addPrecisionPrice(const models::ModelConfig &config, TransformerEngine &exact, TransformerEngine &plainer,
                       const ScoreRequest &request, PrecisionPrice &price, const std::stop_token &stop)
{
    ScoreRequest unguided = request;
    unguided.guidance = 1;
    checkScoreRequest(config, unguided);
    expectOneWindow(config, request.codes.size);
    const Cell origin;
    const int last = request.codes.size.cells() - 1;
    const StopFn stopped = [&stop] { return stop.stop_requested(); };
    WindowPass one(config, exact, unguided), other(config, plainer, unguided);
    if (stopped() || !one.run(origin, 0, last, stopped) || !other.run(origin, 0, last, stopped)) {
        return false;
    }
    const auto count = size_t(config.imageTokens.count);
    std::vector<float> p(count), q(count);
    for (int i = 0; i <= last; ++i) {
        addCode(one.row(i), other.row(i), request.codes.at(one.cellAt(origin, i)), p, q, price);
    }
    return true;
}

} // namespace tessera::core
