#include "core/sampling/precisionprice.h"

#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/sampling/distribution.h"
#include "core/sampling/validation.h"
#include "core/sampling/windowprefix.h"
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

// Logits of every code of the window, float [codes, picture codes]. None: stopped.
std::optional<std::vector<float>> logitsOf(const models::ModelConfig &config, TransformerEngine &engine,
                                           std::span<const int64_t> tokens, int64_t codes, const std::stop_token &stop)
{
    std::vector<float> logits(size_t(codes * config.imageTokens.count));
    const auto cache = engine.makeCache();
    const EngineInput input{cache.get(), tokens, codes};
    const bool done = engine.append({&input, 1}, config.imageTokens.first, config.imageTokens.count, logits.data(),
                                    [&stop] { return stop.stop_requested(); });
    return done ? std::optional(std::move(logits)) : std::nullopt;
}

void addCode(std::span<const float> exact, std::span<const float> plainer, int64_t code, std::vector<float> &p,
             std::vector<float> &q, PrecisionPrice &price)
{
    if (!isDistribution(exact) || !isDistribution(plainer)) {
        throw Error(ErrorCode::NonFinite,
                    "The model's output holds NaN or infinity where finite numbers were expected");
    }
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
    const std::vector<int64_t> &codes = request.codes.values;
    std::vector<int64_t> tokens = WindowPrefix(config, unguided).at({0, 0});
    for (size_t i = 0; i + 1 < codes.size(); ++i) {
        tokens.push_back(config.imageTokens.first + codes[i]);
    }
    const auto expected = logitsOf(config, exact, tokens, int64_t(codes.size()), stop);
    const auto found = expected ? logitsOf(config, plainer, tokens, int64_t(codes.size()), stop) : std::nullopt;
    if (!found) {
        return false;
    }
    const auto count = size_t(config.imageTokens.count);
    std::vector<float> p(count), q(count);
    for (size_t i = 0; i < codes.size(); ++i) {
        addCode(std::span(*expected).subspan(i * count, count), std::span(*found).subspan(i * count, count), codes[i],
                p, q, price);
    }
    return true;
}

} // namespace tessera::core
