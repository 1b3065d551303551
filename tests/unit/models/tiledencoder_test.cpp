#include "models/tiledencoder.h"

#include <ATen/ATen.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "livelymodels.h"

namespace tessera::models
{

namespace
{

// Waves of all lengths, brighter to the right: what is above has little in common with what is below.
at::Tensor pictureOf(int64_t rows, int64_t columns)
{
    const at::Tensor y = at::arange(rows, at::kFloat).unsqueeze(1), x = at::arange(columns, at::kFloat);
    const at::Tensor waves = (y * y / 900).sin() * (x * x / 3000 + y / 7).cos() * 0.7 + x / float(columns) * 0.3;
    const at::Tensor picture = at::stack({waves, waves.roll({17}, {1}), waves * 0.5}).unsqueeze(0);
    return picture.contiguous(at::MemoryFormat::ChannelsLast);
}

class TiledEncoding : public testing::TestWithParam<AutoencoderConfig>
{
protected:
    double agreement(const at::Tensor &picture, int64_t side) const
    {
        const at::Tensor whole = stage.encode(picture), tiled = encodeInTiles(stage, inputOf(picture), side);
        EXPECT_EQ(tiled.sizes(), whole.sizes());
        return (tiled == whole).to(at::kDouble).mean().item<double>();
    }

    c10::InferenceMode inference;
    LivelySource source;
    Autoencoder stage = Autoencoder::create(GetParam(), source);
};

TEST_P(TiledEncoding, ChoosesTheCodesOfTheWhole)
{
    const at::Tensor picture = pictureOf(18 * 16, 25 * 16);
    EXPECT_GT(std::get<0>(at::_unique(stage.encode(picture))).numel(), 8) << "codes that are all alike tell nothing";
    EXPECT_GE(agreement(picture, 9), 0.995);
}

// Where everything is one sample, only rounding is left.
TEST_P(TiledEncoding, NeedsNoSecondRoundForWhatIsNoLargerThanATile)
{
    EXPECT_EQ(agreement(pictureOf(8 * 16, 11 * 16), 11), 1);
}

INSTANTIATE_TEST_SUITE_P(Layouts, TiledEncoding, testing::Values(publishedLayout(), patchLayout()),
                         [](const auto &layout) { return layout.index == 0 ? "Published" : "Patch"; });

TEST(TiledEncoder, AStopLeavesOutTheRest)
{
    const c10::InferenceMode inference;
    LivelySource source;
    const Autoencoder stage = Autoencoder::create(publishedLayout(), source);
    std::stop_source stop;
    stop.request_stop();
    const at::Tensor codes = encodeInTiles(stage, inputOf(pictureOf(12 * 16, 14 * 16)), 7, stop.get_token());
    EXPECT_EQ(codes.sizes(), (std::vector<int64_t>{1, 12, 14}));
    EXPECT_EQ(codes.count_nonzero().item<int64_t>(), 0);
}

// A stop in the only tile is seen by what works on the whole.
TEST(TiledEncoder, AStopIsSeenBehindTheTiles)
{
    const c10::InferenceMode inference;
    LivelySource source;
    const Autoencoder stage = Autoencoder::create(publishedLayout(), source);
    const at::Tensor picture = pictureOf(8 * 16, 8 * 16);
    const auto found = [&](int partsBefore) {
        std::stop_source stop;
        LocalInput input = inputOf(picture);
        int parts = 0;
        input.part = [&, whole = input.part](const Area &area) {
            if (parts++ == partsBefore)
                stop.request_stop();
            return whole(area);
        };
        return encodeInTiles(stage, input, 8, stop.get_token());
    };
    constexpr int kSample = 1; // the whole picture, then the tile
    EXPECT_GT(found(kSample + 1).count_nonzero().item<int64_t>(), 0) << "there were more tiles";
    EXPECT_EQ(found(kSample).count_nonzero().item<int64_t>(), 0);
}

// A published encoder sees pixels beyond whole codes, as the original's.
TEST(TiledEncoder, SeesWhatIsBeyondWholeCodes)
{
    const c10::InferenceMode inference;
    LivelySource source;
    const Autoencoder stage = Autoencoder::create(publishedLayout(), source);
    const at::Tensor picture = pictureOf(12 * 16 + 11, 14 * 16 + 15);
    const at::Tensor tiled = encodeInTiles(stage, inputOf(picture), 7), whole = stage.encode(picture);
    EXPECT_EQ(tiled.sizes(), (std::vector<int64_t>{1, 12, 14}));
    EXPECT_GE((tiled == whole).to(at::kDouble).mean().item<double>(), 0.99);
}

} // namespace

} // namespace tessera::models
