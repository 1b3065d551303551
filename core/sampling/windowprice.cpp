#include "core/sampling/windowprice.h"

#include <cmath>
#include <string>

#include "core/sampling/distribution.h"
#include "core/sampling/validation.h"
#include "core/sampling/windowprefix.h"
#include "models/error.h"

namespace tessera::core
{

// Nats of a picture's codes at each place of each window.
class WindowPriceMeter::Picture
{
public:
    Picture(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request)
        : m_config(config)
        , m_engine(engine)
        , m_request(request)
        , m_window(int(config.window))
        , m_origins{request.codes.size.rows - m_window + 1, request.codes.size.columns - m_window + 1}
        , m_prefix(config, request)
        , m_nats(size_t(m_origins.cells()) * places())
        , m_logits(places() * size_t(config.imageTokens.count))
    {}

    bool judge(const std::stop_token &stop)
    {
        for (int row = 0; row < m_origins.rows; ++row) {
            for (int column = 0; column < m_origins.columns; ++column) {
                if (stop.stop_requested() || !judgeWindow({row, column}, stop)) {
                    return false;
                }
            }
        }
        return true;
    }

    Sums sums(int step) const
    {
        const int middle = m_window / 2, first = middle - step / 2, last = first + step - 1;
        Sums sums;
        for (int row = last; row < m_origins.rows + first; ++row) {
            for (int column = last; column < m_origins.columns + first; ++column) {
                sums.exact += at({row, column}, {middle, middle});
                sums.block += meanAround({row, column}, first, last);
                ++sums.codes;
            }
        }
        return sums;
    }

private:
    size_t places() const { return size_t(m_window) * size_t(m_window); }
    size_t indexOf(Cell origin) const
    {
        return (size_t(origin.row) * size_t(m_origins.columns) + size_t(origin.column)) * places();
    }

    // The whole window in one pass, its last code being asked for and not given. False: stopped.
    bool judgeWindow(Cell origin, const std::stop_token &stop)
    {
        const std::vector<int64_t> tokens = windowTokens(origin);
        const auto cache = m_engine.makeCache();
        const EngineInput input{cache.get(), tokens, int64_t(places())};
        if (!m_engine.append({&input, 1}, m_config.imageTokens.first, m_config.imageTokens.count, m_logits.data(),
                             [&stop] { return stop.stop_requested(); })) {
            return false;
        }
        const auto count = size_t(m_config.imageTokens.count);
        for (size_t place = 0; place < places(); ++place) {
            const Cell cell = cellAt(origin, place);
            const std::span<const float> logits(m_logits.data() + place * count, count);
            if (!isDistribution(logits)) {
                throw Error(ErrorCode::NonFinite, "The model's output for the code in row " + std::to_string(cell.row)
                                                      + ", column " + std::to_string(cell.column)
                                                      + " holds NaN or infinity where finite numbers were expected");
            }
            m_nats[indexOf(origin) + place] = -oddsOf(logits, m_request.codes.at(cell)).logProbability;
        }
        return true;
    }

    std::vector<int64_t> windowTokens(Cell origin) const
    {
        std::vector<int64_t> tokens = m_prefix.at(origin);
        for (size_t place = 0; place + 1 < places(); ++place) {
            tokens.push_back(m_config.imageTokens.first + m_request.codes.at(cellAt(origin, place)));
        }
        return tokens;
    }

    Cell cellAt(Cell origin, size_t place) const
    {
        return {origin.row + int(place) / m_window, origin.column + int(place) % m_window};
    }

    // Nats of the code at `cell` when it stands at `local` of its window.
    double at(Cell cell, Cell local) const
    {
        const size_t place = size_t(local.row) * size_t(m_window) + size_t(local.column);
        return double(m_nats[indexOf({cell.row - local.row, cell.column - local.column}) + place]);
    }

    double meanAround(Cell cell, int first, int last) const
    {
        double sum = 0;
        for (int row = first; row <= last; ++row) {
            for (int column = first; column <= last; ++column) {
                sum += at(cell, {row, column});
            }
        }
        return sum / double((last - first + 1) * (last - first + 1));
    }

    const models::ModelConfig &m_config;
    TransformerEngine &m_engine;
    const ScoreRequest &m_request;
    const int m_window;
    const GridSize m_origins;
    const WindowPrefix m_prefix;
    std::vector<float> m_nats; // [origins, places]
    std::vector<float> m_logits;
};

WindowPriceMeter::WindowPriceMeter(const models::ModelConfig &config, TransformerEngine &engine)
    : m_config(config)
    , m_engine(engine)
    , m_window(int(config.window))
{
    using models::ConditionKind;
    const ConditionKind kind = config.condition.kind;
    if (config.permuter != models::PermuterKind::Identity || kind == ConditionKind::Class
        || kind == ConditionKind::None) {
        throw Error(ErrorCode::InvalidArgument, "The model renders one window alone, so that its window cannot move");
    }
    for (int step = 2; step <= m_window; step *= 2) {
        m_sums[step];
    }
}

bool WindowPriceMeter::add(const ScoreRequest &request, std::stop_token stop)
{
    const GridSize size = request.codes.size;
    if (std::min(size.rows, size.columns) < leastSide()) {
        throw Error(ErrorCode::InvalidArgument,
                    "The picture is " + std::to_string(size.columns) + " codes wide and " + std::to_string(size.rows)
                        + " high; to move a window over it takes at least " + std::to_string(leastSide()) + " by "
                        + std::to_string(leastSide()));
    }
    ScoreRequest unguided = request;
    unguided.guidance = 1;
    checkScoreRequest(m_config, unguided);
    Picture picture(m_config, m_engine, unguided);
    if (!picture.judge(stop)) {
        return false;
    }
    for (auto &[step, sums] : m_sums) {
        sums.push_back(picture.sums(step));
    }
    return true;
}

std::vector<WindowPrice> WindowPriceMeter::prices() const
{
    std::vector<WindowPrice> prices;
    for (const auto &[step, pictures] : m_sums) {
        WindowPrice price;
        price.step = step;
        double mean = 0, squares = 0, seen = 0;
        for (const Sums &sums : pictures) {
            price.exactNats += sums.exact;
            price.nats += sums.block;
            price.codes += sums.codes;
            const double difference = (sums.block - sums.exact) / double(sums.codes), off = difference - mean;
            mean += off / ++seen;
            squares += off * (difference - mean);
        }
        price.exactNats /= double(price.codes);
        price.nats /= double(price.codes);
        price.standardError = seen > 1 ? std::sqrt(squares / (seen - 1) / seen) : 0;
        prices.push_back(price);
    }
    return prices;
}

} // namespace tessera::core
