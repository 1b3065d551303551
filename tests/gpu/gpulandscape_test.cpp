// Landscapes of a GPU against those of the processor.
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include "core/landscape/cuda/cudapainter.h"
#include "core/landscape/device.h"

namespace tessera::core
{

namespace
{

class GpuLandscape : public testing::Test
{
protected:
    void SetUp() override
    {
        if (at::getNumGPUs() == 0)
            GTEST_SKIP() << "there is no GPU";
    }
};

struct Generated {
    std::vector<Landscape> pictures;
    std::vector<std::string> notes;
};

Generated generate(std::uint32_t firstSeed, int count, int width, int height, int lightings)
{
    Generated made;
    generateLandscapesOnGpu(
        0, firstSeed, count, width, height, 2, {},
        [&](std::uint32_t seed, Landscape &&picture) {
            EXPECT_EQ(seed, picture.facts.seed);
            made.pictures.push_back(std::move(picture));
        },
        lightings, [&](const std::string &sentence) { made.notes.push_back(sentence); });
    return made;
}

} // namespace

TEST_F(GpuLandscape, PicturesAreThoseOfTheProcessor)
{
    constexpr int kPictures = 20, kWidth = 96, kHeight = 64;
    const Generated made = generate(500000, kPictures, kWidth, kHeight, 1);
    EXPECT_TRUE(made.notes.empty()) << made.notes.front();
    ASSERT_EQ(made.pictures.size(), std::size_t(kPictures));
    double labels = 0, color = 0;
    for (const Landscape &picture : made.pictures) {
        SCOPED_TRACE("seed " + std::to_string(picture.facts.seed));
        const Likeness likeness = likenessOf(renderLandscape(picture.facts.seed, kWidth, kHeight), picture);
        EXPECT_TRUE(likeness.isEnough()) << likeness.labels << ", " << likeness.color;
        labels += likeness.labels / kPictures;
        color += likeness.color / kPictures;
    }
    std::printf("%.2f %% of the labels are the same, colours differ by %.2f of 255\n", 100 * labels, color);
    EXPECT_GT(labels, .985);
    EXPECT_LT(color, 1.5);
}

TEST_F(GpuLandscape, LightingsShowTheSameLand)
{
    const Generated made = generate(500000, 6, 64, 64, 3);
    EXPECT_TRUE(made.notes.empty()) << made.notes.front();
    ASSERT_EQ(made.pictures.size(), 6U);
    for (std::size_t i = 0; i < 6; ++i) {
        SCOPED_TRACE("picture " + std::to_string(i));
        EXPECT_EQ(made.pictures[i].depth, made.pictures[i / 3 * 3].depth);
        const auto expected = renderLandscapeLightings(500000 + std::uint32_t(i / 3), 3, 64, 64);
        const Likeness likeness = likenessOf(expected[i % 3], made.pictures[i]);
        EXPECT_TRUE(likeness.isEnough()) << likeness.labels << ", " << likeness.color;
    }
}

TEST_F(GpuLandscape, SizesThatFillNoBlockAreWhole)
{
    for (const auto &[width, height] : {std::pair{1, 1}, {33, 17}, {15, 130}}) {
        SCOPED_TRACE(std::to_string(width) + " x " + std::to_string(height));
        const Generated made = generate(3, 2, width, height, 1);
        EXPECT_TRUE(made.notes.empty()) << made.notes.front();
        ASSERT_EQ(made.pictures.size(), 2U);
        EXPECT_EQ(made.pictures[1].rgb.size(), std::size_t(3 * width * height));
        EXPECT_GE(likenessOf(renderLandscape(4, width, height), made.pictures[1]).labels, .95);
    }
}

TEST_F(GpuLandscape, TheSameSceneIsTheSamePictureInEveryBatch)
{
    constexpr int kSide = 64;
    const auto painter = makeCudaPainter(0, kSide, kSide, 1);
    std::vector<std::unique_ptr<Scene>> scenes;
    for (std::uint32_t seed = 0; seed < 8; ++seed)
        scenes.push_back(std::make_unique<Scene>(makeScene(seed)));
    std::vector<BatchPainter::Picture> all;
    for (int i = 0; i < 8; ++i)
        all.push_back({scenes[std::size_t(i)].get(), i});
    painter->begin(all);
    painter->begin({{scenes[5].get(), 0}});
    const std::vector<Landscape> first = painter->collect(), second = painter->collect();
    ASSERT_EQ(first.size(), 8U);
    ASSERT_EQ(second.size(), 1U);
    EXPECT_EQ(first[5].rgb, second[0].rgb);
    EXPECT_EQ(first[5].object, second[0].object);
    EXPECT_EQ(first[5].depth, second[0].depth);
    EXPECT_NE(first[5].rgb, first[4].rgb);
}

} // namespace tessera::core
