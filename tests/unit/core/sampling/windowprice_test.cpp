#include "core/sampling/windowprice.h"

#include <map>

#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

ScoreRequest picture(const TinyModel &model, GridSize size, int64_t salt)
{
    const SampleRequest request = model.request(size);
    ScoreRequest score{CodeGrid(size), request.controlTokens, request.condition};
    for (size_t i = 0; i < score.codes.values.size(); ++i) {
        score.codes.values[i] = int64_t(i * i * 5 + i * 7 + size_t(salt)) % model.config.imageTokens.count;
    }
    return score;
}

// The code at `cell` judged on a canvas that is one window, where it stands at `local`.
double natsAt(const TinyModel &model, const ScoreRequest &whole, Cell cell, Cell local)
{
    const int window = int(model.config.window);
    ScoreRequest crop{CodeGrid({window, window}), whole.controlTokens, CodeGrid({window, window})};
    for (int row = 0; row < window; ++row) {
        for (int column = 0; column < window; ++column) {
            const Cell from{cell.row - local.row + row, cell.column - local.column + column};
            crop.codes.at({row, column}) = whole.codes.at(from);
            crop.condition.at({row, column}) = whole.condition.at(from);
        }
    }
    const ScoreResult judged = scoreCodes(model.config, *makeTorchEngine(model.transformer), crop);
    return -double(judged.policies.front().logProbability.at(local));
}

struct Brute {
    double exact = 0, block = 0;
    int codes = 0;
};

// Over all cells that have room for every place from which the policy draws in the midst of a canvas.
Brute brute(const TinyModel &model, const ScoreRequest &whole, int step)
{
    const int window = int(model.config.window);
    std::map<std::pair<int, int>, int> places; // by how often a policy draws from them, far from every edge
    const GridSize large{8 * window, 8 * window};
    for (int row = 3 * window; row < 3 * window + step; ++row) {
        for (int column = 3 * window; column < 3 * window + step; ++column) {
            const Cell origin = windowOrigin({row, column}, large, window, {WindowPolicy::Kind::Block, step});
            ++places[{row - origin.row, column - origin.column}];
        }
    }
    EXPECT_EQ(places.size(), size_t(step) * size_t(step)) << "each place once";
    Brute sums;
    for (int row = 0; row < whole.codes.size.rows; ++row) {
        for (int column = 0; column < whole.codes.size.columns; ++column) {
            double nats = 0;
            bool room = true;
            for (const auto &[place, often] : places) {
                const int top = row - place.first, left = column - place.second;
                room = room && top >= 0 && left >= 0 && top + window <= whole.codes.size.rows
                       && left + window <= whole.codes.size.columns;
                if (room) {
                    nats += often * natsAt(model, whole, {row, column}, {place.first, place.second});
                }
            }
            if (room) {
                sums.exact += natsAt(model, whole, {row, column}, {window / 2, window / 2});
                sums.block += nats / double(step * step);
                ++sums.codes;
            }
        }
    }
    return sums;
}

TEST(WindowPrice, IsWhatEachWindowOnItsOwnWouldTell)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    WindowPriceMeter meter(model.config, *engine);
    const std::vector<ScoreRequest> pictures{picture(model, {7, 8}, 0), picture(model, {9, 7}, 3)};
    for (const ScoreRequest &request : pictures) {
        EXPECT_TRUE(meter.add(request));
    }
    const std::vector<WindowPrice> prices = meter.prices();
    ASSERT_EQ(prices.size(), 2U); // steps 2 and 4 of a window of 4
    for (const WindowPrice &price : prices) {
        const Brute one = brute(model, pictures[0], price.step), other = brute(model, pictures[1], price.step);
        const double codes = one.codes + other.codes;
        EXPECT_EQ(price.codes, int64_t(codes));
        EXPECT_NEAR(price.exactNats, (one.exact + other.exact) / codes, 1e-5);
        EXPECT_NEAR(price.nats, (one.block + other.block) / codes, 1e-5);
        EXPECT_GT(std::abs(price.nats - price.exactNats), 1e-3) << "a random model tells places apart";
        const double gap = (one.block - one.exact) / one.codes - (other.block - other.exact) / other.codes;
        EXPECT_NEAR(price.standardError, std::abs(gap) / 2, 1e-5);
        EXPECT_NEAR(price.percent(), 100 * (price.nats - price.exactNats) / price.exactNats, 1e-9);
    }
}

TEST(WindowPrice, JudgesWithoutGuidanceAndWhateverThePolicy)
{
    const TinyModel model;
    ScoreRequest request = picture(model, {7, 7}, 1);
    const auto exactNats = [&] {
        const auto engine = makeTorchEngine(model.transformer);
        WindowPriceMeter meter(model.config, *engine);
        meter.add(request);
        return meter.prices()[0].exactNats;
    };
    const double plain = exactNats();
    request.guidance = 3;
    request.windows = {{WindowPolicy::Kind::Block, 3}};
    EXPECT_EQ(exactNats(), plain);
}

TEST(WindowPrice, AStoppedPictureDoesNotCount)
{
    const TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    WindowPriceMeter meter(model.config, *engine);
    std::stop_source stop;
    stop.request_stop();
    EXPECT_FALSE(meter.add(picture(model, {7, 7}, 1), stop.get_token()));
    EXPECT_TRUE(meter.add(picture(model, {7, 7}, 1)));
    EXPECT_EQ(meter.prices()[0].codes, 9);
}

TEST(WindowPrice, NeedsRoomForEveryStepAndASlidingWindow)
{
    TinyModel model;
    const auto engine = makeTorchEngine(model.transformer);
    WindowPriceMeter meter(model.config, *engine);
    EXPECT_EQ(meter.leastSide(), 7);
    EXPECT_THROW(meter.add(picture(model, {6, 9}, 1)), Error);
    model.config.condition.kind = models::ConditionKind::Class;
    EXPECT_THROW(WindowPriceMeter(model.config, *engine), Error);
}

} // namespace

} // namespace tessera::core
