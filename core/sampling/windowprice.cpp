#include "core/sampling/windowprice.h"

#include <cmath>
#include <string>

#include "core/sampling/distribution.h"
#include "core/sampling/validation.h"
#include "core/sampling/windowpass.h"
#include "models/error.h"

namespace tessera::core
{

// Nats of a picture's codes at each place of each window.
class WindowPriceMeter::Picture
{
public:
    Picture(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request)
        : m_request(request)
        , m_window(int(config.window))
        , m_origins{request.codes.size.rows - m_window + 1, request.codes.size.columns - m_window + 1}
        , m_pass(config, engine, request)
        , m_nats(size_t(m_origins.cells()) * places())
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

    // False: stopped.
    bool judgeWindow(Cell origin, const std::stop_token &stop)
    {
        const auto last = int(places()) - 1;
        if (!m_pass.run(origin, 0, last, [&stop] { return stop.stop_requested(); })) {
            return false;
        }
        for (int place = 0; place <= last; ++place) {
            const int64_t code = m_request.codes.at(m_pass.cellAt(origin, place));
            m_nats[indexOf(origin) + size_t(place)] = -oddsOf(m_pass.row(place), code).logProbability;
        }
        return true;
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

    const ScoreRequest &m_request;
    const int m_window;
    const GridSize m_origins;
    WindowPass m_pass;
    std::vector<float> m_nats; // [origins, places]
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
