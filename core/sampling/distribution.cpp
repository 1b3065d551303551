#include "core/sampling/distribution.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "models/error.h"

namespace tessera::core
{

namespace
{

constexpr double kCut = -std::numeric_limits<double>::infinity();
// Codes that are put in order at first, and three times as many as before whenever they do not suffice: what is kept is
// often a small part of all.
constexpr std::ptrdiff_t kSortedFirst = 48, kSortedMore = 3;

// Log of the sum of exponentials; at least one score is finite.
double logTotal(const std::vector<double> &scores)
{
    const double greatest = *std::ranges::max_element(scores);
    double total = 0;
    for (const double score : scores) {
        total += std::exp(score - greatest);
    }
    return greatest + std::log(total);
}

// The greatest becomes 0 before the division, so that no temperature overflows it.
std::vector<double> tempered(std::span<const float> logits, double temperature)
{
    const double greatest = *std::ranges::max_element(logits);
    std::vector<double> scores(logits.size());
    std::ranges::transform(logits, scores.begin(), [=](float logit) { return (logit - greatest) / temperature; });
    return scores;
}

void keepTopK(std::vector<double> &scores, int64_t count)
{
    if (count >= int64_t(scores.size())) {
        return;
    }
    std::vector<double> sorted = scores;
    std::ranges::nth_element(sorted, sorted.begin() + (count - 1), std::greater());
    const double threshold = sorted[size_t(count - 1)];
    std::ranges::replace_if(
        scores, [=](double score) { return score < threshold; }, kCut);
}

void keepTopP(std::vector<double> &scores, double probability)
{
    std::vector<size_t> order(scores.size());
    std::iota(order.begin(), order.end(), size_t(0));
    const auto likelier = [&](size_t a, size_t b) {
        return scores[a] > scores[b] || (scores[a] == scores[b] && a < b);
    };
    const double total = logTotal(scores);
    double before = 0; // probability of the codes already kept
    std::ptrdiff_t kept = 0;
    auto sorted = order.begin();
    for (auto code = order.begin(); code != order.end() && before <= probability; ++code) {
        if (code == sorted) {
            const std::ptrdiff_t more = kept == 0 ? kSortedFirst : kSortedMore * kept;
            sorted = code + std::min(more, order.end() - code);
            std::nth_element(code, sorted, order.end(), likelier);
            std::sort(code, sorted, likelier);
        }
        before += std::exp(scores[*code] - total);
        ++kept;
    }
    std::for_each(order.begin() + kept, order.end(), [&](size_t code) { scores[code] = kCut; });
}

} // namespace

void guide(std::span<float> conditional, std::span<const float> unconditional, double guidance)
{
    const auto scale = float(guidance);
    for (size_t i = 0; i < conditional.size(); ++i) {
        conditional[i] = unconditional[i] + scale * (conditional[i] - unconditional[i]);
    }
}

void filteredLogProbabilities(std::span<const float> logits, const SamplingParams &params, std::span<float> out)
{
    std::vector<double> scores = tempered(logits, params.temperature);
    if (params.topK > 0) {
        keepTopK(scores, params.topK);
    }
    if (params.topP < 1) {
        keepTopP(scores, params.topP);
    }
    const double total = logTotal(scores);
    std::ranges::transform(scores, out.begin(), [=](double score) { return float(score - total); });
}

int64_t chooseCode(std::span<const float> scores, std::span<const float> noise)
{
    int64_t best = 0;
    double bestScore = kCut;
    for (size_t code = 0; code < scores.size(); ++code) {
        const double score = double(scores[code]) + (noise.empty() ? 0.0 : double(noise[code]));
        if (score > bestScore) {
            best = int64_t(code);
            bestScore = score;
        }
    }
    return best;
}

CodeOdds oddsOf(std::span<const float> logits, int64_t code)
{
    const std::vector<double> scores = tempered(logits, 1.0);
    double total = 0, weighted = 0;
    for (const double score : scores) {
        if (score > kCut) {
            const double share = std::exp(score);
            total += share;
            weighted += share * score;
        }
    }
    const double logOfTotal = std::log(total);
    return {float(scores[size_t(code)] - logOfTotal), float(logOfTotal - weighted / total)};
}

bool isDistribution(std::span<const float> logits)
{
    bool anyFinite = false;
    for (const float logit : logits) {
        if (std::isnan(logit) || logit == std::numeric_limits<float>::infinity()) {
            return false;
        }
        anyFinite = anyFinite || std::isfinite(logit);
    }
    return anyFinite;
}

void expectDistribution(std::span<const float> logits, Cell cell)
{
    if (!isDistribution(logits)) {
        throw Error(ErrorCode::NonFinite, "The model's output for the code in row " + std::to_string(cell.row)
                                              + ", column " + std::to_string(cell.column)
                                              + " holds NaN or infinity where finite numbers were expected");
    }
}

} // namespace tessera::core
