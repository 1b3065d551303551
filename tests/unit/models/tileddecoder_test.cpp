#include "models/tileddecoder.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "livelymodels.h"

namespace tessera::models
{

namespace
{

// A picture with an upper and a lower half that have no code in common, as sky and ground have few.
at::Tensor twoHalves(int64_t rows, int64_t columns, int64_t codes)
{
    const at::Generator generator = at::detail::createCPUGenerator(5);
    const at::Tensor grid = at::randint(codes / 2, {1, rows, columns}, generator, at::kLong);
    grid.slice(1, rows / 2).add_(codes / 2);
    return grid;
}

at::Tensor bytes(const at::Tensor &picture)
{
    return picture.add(1).mul(127.5).clamp(0, 255).round();
}

// 20 x 30 codes.
class TiledDecoding : public testing::TestWithParam<AutoencoderConfig>
{
protected:
    at::Tensor tiled(int64_t side, int *calls = nullptr) const
    {
        at::Tensor picture = at::zeros_like(whole);
        const int64_t factor = stage.config.factor();
        decodeInTiles(stage, latents, side, [&](const Area &cells, const at::Tensor &pixels) {
            picture.narrow(2, cells.rows.first * factor, cells.rows.length() * factor)
                .narrow(3, cells.columns.first * factor, cells.columns.length() * factor)
                .copy_(pixels);
            if (calls)
                ++*calls;
        });
        return picture;
    }

    c10::InferenceMode inference;
    LivelySource source;
    Autoencoder stage = Autoencoder::create(GetParam(), source);
    at::Tensor latents = stage.lookup(twoHalves(20, 30, stage.config.codes));
    at::Tensor whole = stage.decodeLatents(latents);
};

TEST_P(TiledDecoding, DiffersFromTheWholeByLessThanAStep)
{
    int calls = 0;
    const at::Tensor picture = tiled(16, &calls);
    const double spread = whole.std().item<double>();
    const at::Tensor steps = (bytes(picture / (2 * spread)) - bytes(whole / (2 * spread))).abs();
    const double most = steps.max().item<double>(), mean = steps.mean().item<double>();
    RecordProperty("max of 255", std::to_string(most));
    RecordProperty("mean of 255", std::to_string(mean));
    RecordProperty("rounds", calls / 4);
    EXPECT_LE(most, 1) << "of 255, in " << calls / 4 << " rounds";
    EXPECT_LE(mean, 0.1) << "of 255, in " << calls / 4 << " rounds";
    EXPECT_LE(calls / 4, 4) << "rounds";
    EXPECT_GT(mean, 0) << "the two ways cannot agree in every bit";
}

TEST_P(TiledDecoding, IsTheWholeWhereTheStatisticsAreKnown)
{
    TiledDecoder decoder(stage, latents);
    decoder.sampleStatistics(64);
    const int64_t factor = stage.config.factor();
    for (const Area &cells : {Area{{0, 8}, {0, 5}}, {{7, 15}, {12, 23}}, {{19, 20}, {28, 30}}}) {
        const at::Tensor expected = whole.narrow(2, cells.rows.first * factor, cells.rows.length() * factor)
                                        .narrow(3, cells.columns.first * factor, cells.columns.length() * factor);
        const at::Tensor difference = (decoder.decode(cells) - expected).abs();
        EXPECT_LT(difference.max().item<double>(), 1e-4 * whole.std().item<double>());
    }
}

TEST_P(TiledDecoding, FindsTheStatisticsOfTheWhole)
{
    TiledDecoder sampled(stage, latents);
    sampled.sampleStatistics(12);
    double far = 1;
    for (size_t round = 0; round <= sampled.chain().normalisations() && far > 1e-5; ++round) {
        for (const Area &cells : tilesOf({{0, 20}, {0, 30}}, 12))
            sampled.decode(cells);
        far = sampled.chain().error();
        sampled.chain().refine();
    }
    EXPECT_LE(far, 1e-5);
    const int64_t factor = stage.config.factor();
    const at::Tensor difference =
        sampled.decode({{3, 5}, {7, 9}}) - whole.narrow(2, 3 * factor, 2 * factor).narrow(3, 7 * factor, 2 * factor);
    EXPECT_LT(difference.abs().max().item<double>(), 1e-3 * whole.std().item<double>());
}

// A stop in the first of 12 tiles.
TEST_P(TiledDecoding, StopsAfterOneRoundOrAtOnce)
{
    for (const bool wanted : {true, false}) {
        std::stop_source stop;
        int calls = 0;
        const Tiling made = decodeInTiles(
            stage, latents, 8,
            [&](const Area &, const at::Tensor &) {
                ++calls;
                stop.request_stop();
            },
            stop.get_token(), [&] { return wanted; });
        EXPECT_EQ(calls, wanted ? 12 : 1);
        EXPECT_EQ(made, wanted ? Tiling::Rough : Tiling::Partial);
    }
}

TEST_P(TiledDecoding, StopsBeforeTheFirstTileWhereNobodyWantsAny)
{
    std::stop_source stop;
    stop.request_stop();
    const auto begun = [&](bool wanted) {
        return TiledDecoder::unlessStopped(stage, latents, stop.get_token(), [=] { return wanted; });
    };
    EXPECT_FALSE(begun(false).has_value());
    std::optional<TiledDecoder> decoder = begun(true);
    ASSERT_TRUE(decoder.has_value());
    decoder->sampleStatistics(64);
    TiledDecoder other(stage, latents);
    other.sampleStatistics(64);
    EXPECT_TRUE(at::equal(decoder->decode({{0, 8}, {0, 5}}), other.decode({{0, 8}, {0, 5}})));
}

INSTANTIATE_TEST_SUITE_P(Layouts, TiledDecoding, testing::Values(publishedLayout(), patchLayout()),
                         [](const auto &layout) { return layout.index == 0 ? "Published" : "Patch"; });

// 6.625 cells of the published layout's convolutions, and what its three levels round up.
TEST(TiledDecoder, ReachesAsFarAsItsConvolutions)
{
    LivelySource source;
    EXPECT_EQ(TiledDecoder::reach(Autoencoder::create(publishedLayout(), source)), 8);
    EXPECT_EQ(TiledDecoder::reach(Autoencoder::create(patchLayout(), source)), 5);
}

TEST(TiledDecoder, CoversAnAreaOnce)
{
    at::Tensor seen = at::zeros({7, 11}, at::kLong);
    for (const Area &tile : tilesOf({{2, 7}, {1, 11}}, 4)) {
        EXPECT_LE(tile.rows.length(), 4);
        EXPECT_LE(tile.columns.length(), 4);
        seen.slice(0, tile.rows.first, tile.rows.last).slice(1, tile.columns.first, tile.columns.last).add_(1);
    }
    EXPECT_TRUE((seen.slice(0, 2, 7).slice(1, 1, 11) == 1).all().item<bool>());
    EXPECT_EQ(seen.sum().item<int64_t>(), 50);
}

// However large the map, a layer is given the tile and its margin.
TEST(LocalChain, GivesLayersNoMoreThanTheTileNeeds)
{
    int64_t widest = 0;
    const auto noting = [&](const at::Tensor &x, const NormFn &) {
        widest = std::max(widest, x.size(2) * x.size(3));
        return at::avg_pool2d(x, 3, 1, 1);
    };
    const auto doubling = [](const at::Tensor &x, const NormFn &) {
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3);
    };
    const LocalChain chain({{noting, 1, 1, 1, 1}, {doubling, 2, 1, 0, 0}, {noting, 1, 1, 1, 1}});
    const at::Tensor x = at::rand({1, 1, 90, 70});
    NormStatistics none;
    const at::Tensor whole = chain.whole(x);
    EXPECT_EQ(chain.outputLength(90), 180);
    EXPECT_EQ(widest, 180 * 140);
    widest = 0;
    const at::Tensor part = chain.tile(inputOf(x), {{40, 56}, {130, 140}}, none, none);
    EXPECT_LE(widest, 18 * 12);
    EXPECT_LT((part - whole.slice(2, 40, 56).slice(3, 130, 140)).abs().max().item<double>(), 1e-6);
}

TEST(Attention, InPartsIsTheSame)
{
    const at::Generator generator = at::detail::createCPUGenerator(9);
    const at::Tensor q = at::randn({2, 1, 70, 24}, generator), k = at::randn({2, 1, 70, 24}, generator);
    const at::Tensor v = at::randn({2, 1, 70, 24}, generator);
    const at::Tensor expected = at::matmul(at::softmax(at::matmul(q, k.transpose(2, 3)) / std::sqrt(24.0), 3), v);
    for (const int64_t mostScores : {1, 2 * 70, 2 * 70 * 7, 2 * 70 * 70}) // one query at a time to all of them
        EXPECT_LT((attended(q, k, v, mostScores) - expected).abs().max().item<double>(), 2e-6) << mostScores;
    const auto fromPlanes = [](const at::Tensor &x) { return x.transpose(2, 3).contiguous().transpose(2, 3); };
    const at::Tensor planes = attended(fromPlanes(q), fromPlanes(k), fromPlanes(v), 2 * 70 * 7);
    EXPECT_LT((planes - expected).abs().max().item<double>(), 2e-6);
}

} // namespace

} // namespace tessera::models
