#include "models/training/fieldmaps.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <string>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/edgefield.h"
#include "models/training/canny.h"

namespace tessera::models
{
namespace
{

namespace fs = std::filesystem;

constexpr int kPictureSide = 256;
constexpr double kReach = 6;

// Ground that comes nearer downwards under a slanting horizon, and a ball on it.
ShardPicture ballPicture()
{
    ShardPicture picture;
    picture.width = picture.height = kPictureSide;
    for (int y = 0; y < kPictureSide; ++y) {
        for (int x = 0; x < kPictureSide; ++x) {
            const bool ball = (x - 100) * (x - 100) + (y - 140) * (y - 140) < 60 * 60;
            const bool sky = !ball && y < 90 - x / 8;
            for (const int value : {ball ? 230 : 60, sky ? 190 : ball ? 170 : 110, sky ? 250 : 50})
                picture.rgb.push_back(uint8_t(value));
            picture.object.push_back(sky ? 1 : 10);
            picture.material.push_back(sky ? 1 : 10);
            picture.depth.push_back(sky ? 0 : ball ? 52000 : uint16_t(120 * y + 20 * x));
        }
    }
    picture.facts = "{}";
    return picture;
}

class FieldMaps : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        std::string name = (fs::temp_directory_path() / "tessera-fields-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        ShardWriter writer(fs::path(name) / "a.tlds", kPictureSide, kPictureSide);
        writer.add(ballPicture());
        writer.close();
        pictures = std::make_unique<PictureSet>(name);
        fs::remove_all(name);
    }
    static void TearDownTestSuite() { pictures.reset(); }

    static at::Tensor depth(const View &view, int64_t side, uint64_t seed, bool exact)
    {
        return depthField(*pictures, view, side, seed, exact);
    }
    static at::Tensor edges(const View &view, int64_t side, uint64_t seed, bool exact)
    {
        return edgeFieldOf(*pictures, view, side, kReach, seed, exact);
    }

    static constexpr View kWhole{0, 0, 0, kPictureSide, false};
    static inline std::unique_ptr<PictureSet> pictures;
};

double correlation(const at::Tensor &a, const at::Tensor &b)
{
    const at::Tensor x = a - a.mean(), y = b - b.mean();
    return ((x * y).mean() / (x.square().mean() * y.square().mean()).sqrt()).item<double>();
}

TEST_F(FieldMaps, ArePureFunctionsOfTheSeed)
{
    for (const auto field : {depth, edges}) {
        std::set<double> different;
        for (uint64_t seed = 0; seed < 12; ++seed) {
            const at::Tensor first = field(kWhole, 128, seed, false);
            EXPECT_TRUE(at::equal(first, field(kWhole, 128, seed, false)));
            different.insert(first.mean().item<double>());
        }
        EXPECT_GT(different.size(), 9U); // all edges may be lost
        EXPECT_TRUE(at::equal(field(kWhole, 128, 1, true), field(kWhole, 128, 2, true)));
    }
}

TEST_F(FieldMaps, LieInTheRangeOfAField)
{
    for (const bool exact : {true, false}) {
        for (uint64_t seed = 0; seed < 10; ++seed) {
            const View view = pictures->randomView(seed, {});
            for (const at::Tensor &field : {depth(view, 64, seed, exact), edges(view, 64, seed, exact)}) {
                EXPECT_EQ(field.sizes(), at::IntArrayRef({64, 64}));
                EXPECT_EQ(field.scalar_type(), at::kFloat);
                EXPECT_GE(field.min().item<float>(), -1.F);
                EXPECT_LE(field.max().item<float>(), 1.F);
            }
            EXPECT_EQ(depth(view, 64, seed, exact).min().item<float>(), -1.F);
            EXPECT_EQ(depth(view, 64, seed, exact).max().item<float>(), 1.F);
        }
    }
}

TEST_F(FieldMaps, AFifthOfThoseInTrainingIsExact)
{
    ConditionConfig condition;
    condition.kind = ConditionKind::Depth;
    const at::Tensor exact = depth(kWhole, 64, 0, true);
    int found = 0;
    for (uint64_t seed = 0; seed < 100; ++seed)
        found += at::equal(trainingField(condition, *pictures, kWhole, 64, seed), exact);
    EXPECT_GT(found, 8);
    EXPECT_LT(found, 36);
}

TEST_F(FieldMaps, MirroredViewsMirror)
{
    View view{0, 20, 30, 200, false}, mirrored = view;
    mirrored.mirrored = true;
    for (const auto field : {depth, edges}) {
        const at::Tensor plain = field(view, 160, 0, true);
        EXPECT_TRUE(at::equal(field(mirrored, 160, 0, true), plain.flip({1})));
        EXPECT_FALSE(at::equal(plain, plain.flip({1})));
    }
}

TEST_F(FieldMaps, ExactEdgesAreThoseThatThePainterFinds)
{
    const ShardPicture &picture = pictures->picture(0);
    std::vector<float> gray;
    for (size_t i = 0; i < picture.object.size(); ++i)
        gray.push_back(grayOf(&picture.rgb[3 * i]));
    const std::vector<uint8_t> lines = cannyEdges(gray, kPictureSide, kPictureSide);
    EXPECT_GT(std::ranges::count(lines, 1), 400);
    const std::vector<float> field = edgeField(lines, kPictureSide, kPictureSide, kReach);
    const at::Tensor found = edges(kWhole, kPictureSide, 0, true).contiguous();
    EXPECT_TRUE(std::equal(field.begin(), field.end(), found.data_ptr<float>()));
}

TEST_F(FieldMaps, LengthsGoWithTheSide)
{
    const at::Tensor whole = edges(kWhole, 256, 0, true), half = edges(kWhole, 128, 0, true);
    const at::Tensor scaled = at::avg_pool2d(whole.unsqueeze(0), 2).squeeze(0);
    EXPECT_LT((scaled - half).abs().mean().item<double>(), 0.05);
    EXPECT_GT(whole.std().item<double>(), 0.3);
    const at::Tensor canvas = edgeFieldOf(*pictures, kWhole, 256, kReach, 0, true, 2); // two windows a side
    EXPECT_LT(canvas.mean().item<double>(), whole.mean().item<double>() - 0.05);       // the reach is half as far
}

TEST_F(FieldMaps, PaintedDepthKeepsTheLayout)
{
    const at::Tensor exact = depth(kWhole, 128, 0, true);
    double least = 1;
    for (uint64_t seed = 0; seed < 30; ++seed) {
        const double agreement = correlation(depth(kWhole, 128, seed, false), exact);
        EXPECT_GT(agreement, 0.8) << seed;
        least = std::min(least, agreement);
    }
    EXPECT_LT(least, 0.99);
}

TEST_F(FieldMaps, PaintedEdgesLieNearTheExactOnes)
{
    const at::Tensor distance = (edges(kWhole, 256, 0, true) + 1).div(2).log().mul(-kReach); // pixels
    double shortest = 1e9, longest = 0;
    int near = 0;
    for (uint64_t seed = 0; seed < 30; ++seed) {
        const at::Tensor lines = edges(kWhole, 256, seed, false) == 1;
        const double count = double(lines.sum().item<int64_t>());
        shortest = std::min(shortest, count);
        longest = std::max(longest, count);
        if (count == 0)
            continue;
        const double farthest = distance.masked_select(lines).max().item<double>();
        EXPECT_LT(farthest, 40) << seed; // outlines of a painted map lie as far off as its brush
        near += farthest < 4 * 1.5 + 3;  // others are bent and thickened
    }
    EXPECT_GT(near, 12);
    EXPECT_LT(near, 30);
    EXPECT_LT(shortest, longest / 2); // chains are missing or the pen is thin
}

} // namespace
} // namespace tessera::models
