#include "core/render/decoding.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <limits>
#include <numeric>

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "core/landscape/landscape.h"
#include "core/render/condition.h"
#include "core/render/encoding.h"
#include "core/render/pixels.h"
#include "models/bundle.h"
#include "models/tileddecoder.h"
#include "tests/unit/core/render/tinyrenderer.h"
#include "tests/unit/core/sampling/watchedmemory.h"

namespace tessera::tests
{

namespace
{

using core::CodeGrid;
using core::GridSize;
using core::Image;
using core::PixelRect;

constexpr uint64_t kPlenty = std::numeric_limits<uint64_t>::max(), kLittle = 0;

const models::Autoencoder &tinyStage()
{
    static const models::ModelBundle bundle =
        models::ModelBundle::open(writeTinyModel(tempFolder() / "stage.safetensors", TinyKind::FirstStage));
    return bundle.firstStage();
}

CodeGrid mixedCodes(GridSize size)
{
    CodeGrid codes(size);
    for (size_t i = 0; i < codes.values.size(); ++i)
        codes.values[i] = int64_t(i * i / 3 + i / 5) % kTinyCodes;
    return codes;
}

struct Difference {
    int most = 0;
    double mean = 0;
};

Difference difference(const Image &one, const Image &other)
{
    EXPECT_EQ(one.width, other.width);
    EXPECT_EQ(one.rgb.size(), other.rgb.size());
    if (one.rgb.size() != other.rgb.size())
        return {255, 255};
    Difference found;
    for (size_t i = 0; i < one.rgb.size(); ++i) {
        const int steps = std::abs(one.rgb[i] - other.rgb[i]);
        found.most = std::max(found.most, steps);
        found.mean += double(steps) / double(one.rgb.size());
    }
    return found;
}

// Rows [first, last) of pixels.
std::vector<uint8_t> rowsOf(const Image &picture, int first, int last)
{
    const std::ptrdiff_t row = 3 * std::ptrdiff_t(picture.width);
    return {picture.rgb.begin() + first * row, picture.rgb.begin() + last * row};
}

void expectSameOutside(const Image &before, const Image &after, PixelRect changed)
{
    EXPECT_EQ(rowsOf(before, 0, changed.y), rowsOf(after, 0, changed.y));
    EXPECT_EQ(rowsOf(before, changed.bottom(), before.height), rowsOf(after, changed.bottom(), after.height));
}

TEST(Decoding, InTilesIsTheWholePicture)
{
    const c10::InferenceMode inference;
    const CodeGrid codes = mixedCodes({40, 55});
    const Image whole = core::decodedPicture(tinyStage(), codes, kPlenty).picture;
    const core::DecodedPicture tiled = core::decodedPicture(tinyStage(), codes, kLittle);
    EXPECT_TRUE(tiled.complete);
    EXPECT_EQ(tiled.picture.width, 440);
    EXPECT_EQ(tiled.picture.height, 320);
    EXPECT_LE(difference(tiled.picture, whole).most, 1);
}

// Bytes of the largest map.
size_t largestMap(const std::function<void()> &work)
{
    const WatchedMemory memory;
    work();
    return memory.largest();
}

// A canvas so narrow that maps of its pixels are larger than what attention takes.
TEST(Decoding, InTilesNoMapIsOfTheWholePicture)
{
    const c10::InferenceMode inference;
    const CodeGrid codes = mixedCodes({4, 160});
    const auto decoding = [&](uint64_t memory) {
        return largestMap([&] { core::decodedPicture(tinyStage(), codes, memory); });
    };
    EXPECT_LT(decoding(kLittle), decoding(kPlenty));

    const models::ModelBundle bundle = models::ModelBundle::open(tinyRenderer().info().path);
    const models::Autoencoder &reading = *bundle.stageOf(models::ConditionKind::Labels);
    const core::LabelMap map = stripedMap(160 * kTinyFactor, 4 * kTinyFactor);
    const auto encoding = [&](uint64_t memory) {
        return largestMap([&] { core::encodedLabels(reading, "landscape", map, memory); });
    };
    EXPECT_LT(encoding(kLittle), encoding(kPlenty));
}

TEST(Decoding, TheStartersTilesAreTheWholePicture)
{
    const c10::InferenceMode inference;
    const models::ModelBundle bundle = models::ModelBundle::open("starter");
    const models::Autoencoder &stage = bundle.firstStage();
    const core::Landscape landscape = core::renderLandscape(900, 640, 448);
    const CodeGrid codes = core::encodedPicture(stage, {landscape.width, landscape.height, landscape.rgb}, kPlenty);
    const Image whole = core::decodedPicture(stage, codes, kPlenty).picture;
    const Difference found = difference(core::decodedPicture(stage, codes, kLittle).picture, whole);
    RecordProperty("max of 255", found.most);
    RecordProperty("mean of 255", std::to_string(found.mean));
    EXPECT_LE(found.most, 1);
    EXPECT_LE(found.mean, 0.05);

    const CodeGrid tiled = core::encodedPicture(stage, {landscape.width, landscape.height, landscape.rgb}, kLittle);
    const int alike = std::inner_product(codes.values.begin(), codes.values.end(), tiled.values.begin(), 0, std::plus(),
                                         std::equal_to());
    RecordProperty("codes alike", alike);
    EXPECT_GE(alike, codes.size.cells() * 99 / 100) << "of " << codes.size.cells();
}

TEST(Decoding, StoppedTilesShowAPictureAllTheSame)
{
    const c10::InferenceMode inference;
    std::stop_source stop;
    stop.request_stop();
    const CodeGrid codes = mixedCodes({40, 55});
    const core::DecodedPicture stopped = core::decodedPicture(tinyStage(), codes, kLittle, stop.get_token());
    EXPECT_FALSE(stopped.complete);
    const Image whole = core::decodedPicture(tinyStage(), codes, kPlenty).picture;
    EXPECT_LT(difference(stopped.picture, whole).mean, 8);
}

TEST(Decoding, StoppedTilesThatNobodyWantsAreNotMade)
{
    const c10::InferenceMode inference;
    std::stop_source stop;
    const auto unwanted = [] { return false; };
    const CodeGrid codes = mixedCodes({40, 55});
    EXPECT_TRUE(core::decodedPicture(tinyStage(), codes, kLittle, stop.get_token(), unwanted).complete);
    stop.request_stop();
    const core::DecodedPicture stopped = core::decodedPicture(tinyStage(), codes, kLittle, stop.get_token(), unwanted);
    EXPECT_FALSE(stopped.complete);
    EXPECT_TRUE(stopped.picture.empty());
}

class Previews : public testing::Test
{
protected:
    // The first `rows` rows and `columns` codes of the next.
    CodeGrid drawn(int rows, int columns) const
    {
        CodeGrid codes(all.size, core::kNoCode);
        std::copy_n(all.values.begin(), rows * all.size.columns + columns, codes.values.begin());
        return codes;
    }

    // Tiles of the upper `rows` rows of `codes`, by the statistics of the upper `sampled` rows.
    std::vector<uint8_t> tiledRows(const CodeGrid &codes, int rows, int sampled, PixelRect rect) const
    {
        const auto upper = [&](int count) {
            CodeGrid part({count, codes.size.columns});
            std::copy_n(codes.values.begin(), part.values.size(), part.values.begin());
            return tinyStage().lookup(core::tensorOf(part));
        };
        models::TiledDecoder sample(tinyStage(), upper(sampled)), decoder(tinyStage(), upper(rows));
        sample.sampleStatistics(32);
        decoder.chain().useStatistics(sample.chain().statistics());
        Image picture{rect.width, rect.height, std::vector<uint8_t>(3 * size_t(rect.width) * size_t(rect.height))};
        const int first = rect.y / kTinyFactor;
        for (const models::Area &cells :
             models::tilesOf({{first, rect.bottom() / kTinyFactor}, {0, codes.size.columns}}, 32)) {
            const Image tile = core::pictureImage(decoder.decode(cells));
            for (int y = 0; y < tile.height; ++y)
                std::copy_n(&tile.rgb[3 * size_t(y) * size_t(tile.width)], 3 * tile.width,
                            &picture.rgb[3
                                         * (size_t(y + int(cells.rows.first - first) * kTinyFactor) * size_t(rect.width)
                                            + size_t(cells.columns.first) * kTinyFactor)]);
        }
        return picture.rgb;
    }

    c10::InferenceMode inference;
    const CodeGrid all = mixedCodes({60, 50});
    const int reach = int(models::TiledDecoder::reach(tinyStage()));
};

TEST_F(Previews, DecodeTheRowsThatNewCodesAreSeenIn)
{
    core::PreviewDecoder previews(tinyStage(), all.size);
    EXPECT_EQ(previews.update(drawn(40, 0)), (PixelRect{0, 0, 400, 320}));
    const Image before = previews.picture();
    EXPECT_TRUE(std::ranges::all_of(rowsOf(before, 320, 480), [](uint8_t value) { return value == 128; }));

    EXPECT_EQ(rowsOf(before, 0, 320), tiledRows(all, 40, 40, {0, 0, 400, 320}));

    const PixelRect changed = previews.update(drawn(42, 0));
    EXPECT_EQ(changed, (PixelRect{0, (40 - reach) * kTinyFactor, 400, (2 + reach) * kTinyFactor}));
    expectSameOutside(before, previews.picture(), changed);
    EXPECT_EQ(rowsOf(previews.picture(), changed.y, changed.bottom()), tiledRows(all, 42, 40, changed));
}

TEST_F(Previews, TakeStatisticsAnewWhenMuchMoreIsKnown)
{
    core::PreviewDecoder previews(tinyStage(), all.size);
    previews.update(drawn(40, 0));
    const PixelRect changed = previews.update(drawn(51, 0));
    EXPECT_EQ(rowsOf(previews.picture(), changed.y, changed.bottom()), tiledRows(all, 51, 51, changed));
}

TEST_F(Previews, AreNearTheWholePicture)
{
    core::PreviewDecoder previews(tinyStage(), all.size);
    for (int rows = 2; rows <= 60; rows += 2)
        previews.update(drawn(rows, 0));
    const Image whole = core::decodedPicture(tinyStage(), all, kPlenty).picture;
    EXPECT_LT(difference(previews.picture(), whole).mean, 4);
}

TEST_F(Previews, NothingNewChangesNothing)
{
    core::PreviewDecoder previews(tinyStage(), all.size);
    previews.update(drawn(30, 7));
    const Image before = previews.picture();
    EXPECT_TRUE(previews.update(drawn(30, 7)).empty());
    EXPECT_EQ(previews.picture(), before);
}

TEST_F(Previews, OfARegionBeginWithItsPicture)
{
    Image initial{403, 485, std::vector<uint8_t>(3 * 403 * 485, 77)};
    core::PreviewDecoder previews(tinyStage(), all, initial);
    EXPECT_EQ(previews.picture().width, 400);
    EXPECT_TRUE(std::ranges::all_of(previews.picture().rgb, [](uint8_t value) { return value == 77; }));
    CodeGrid edited = all;
    edited.at({20, 11}) = (edited.at({20, 11}) + 1) % kTinyCodes;
    const Image before = previews.picture();
    const PixelRect changed = previews.update(edited);
    EXPECT_EQ(changed, (PixelRect{0, (20 - reach) * kTinyFactor, 400, (1 + 2 * reach) * kTinyFactor}));
    expectSameOutside(before, previews.picture(), changed);
    EXPECT_EQ(rowsOf(previews.picture(), changed.y, changed.bottom()), tiledRows(edited, 60, 60, changed));
}

} // namespace

} // namespace tessera::tests
