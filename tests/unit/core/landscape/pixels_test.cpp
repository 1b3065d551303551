// The parts that a GPU computes in another way than the processor, each held against the other.
#include "core/landscape/clouds.h"
#include "core/landscape/detail.h"
#include "tests/unit/core/landscape/hostpainter.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>

namespace tessera::core
{

namespace
{

std::unique_ptr<Scene> sceneOf(std::uint32_t seed, int columns)
{
    auto scene = std::make_unique<Scene>(makeScene(seed));
    scene->camera.columns = static_cast<float>(columns);
    return scene;
}

} // namespace

TEST(Pixels, WholeHeightsGiveThePicturesOfTheCache)
{
    constexpr int kSide = 64, kPictures = 20;
    double labels = 0, color = 0;
    for (std::uint32_t seed = 500000; seed < 500000 + kPictures; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        std::vector<float> reached;
        const Landscape painted = paintedByPixels(*sceneOf(seed, kSide), kSide, kSide, reached);
        const Likeness likeness = likenessOf(renderLandscape(seed, kSide, kSide), painted);
        EXPECT_TRUE(likeness.isEnough()) << likeness.labels << ", " << likeness.color;
        labels += likeness.labels / kPictures;
        color += likeness.color / kPictures;
    }
    EXPECT_GT(labels, .99);
    EXPECT_LT(color, 1);
}

TEST(Pixels, DetailByOctavesIsThatOfEightLanes)
{
    Random random{7};
    for (int i = 0; i < 500; ++i) {
        const float a = random.range(-9, 9), b = random.range(-9, 9),
                    footprint = .00002f * std::exp2(random.range(0, 9));
        const Detail lanes = detailAt(a, b, footprint, 5), single = detailByOctaves(a, b, footprint, 5);
        ASSERT_NEAR(lanes.value, single.value, 2e-3);
        ASSERT_NEAR(lanes.fine, single.fine, 2e-3);
        ASSERT_NEAR(lanes.crack, single.crack, 4e-3);
        ASSERT_NEAR(lanes.slopeA, single.slopeA, 4e-3);
        ASSERT_NEAR(lanes.slopeB, single.slopeB, 4e-3);
    }
}

TEST(Pixels, EightHeightsAreThoseOfEachPlace)
{
    const auto scene = sceneOf(500000, 256);
    ASSERT_GT(scene->terrain.forest, 0);
    const Ground ground{*scene};
    Random random{3};
    int wooded = 0;
    for (int i = 0; i < 40; ++i) {
        float x[8], z[8], h[8];
        for (int k = 0; k < 8; ++k) {
            x[k] = random.range(-3, 3);
            z[k] = random.range(-3, 3);
        }
        ground.heights(x, z, 9, h);
        for (int k = 0; k < 8; ++k) {
            const float bare = terrainHeight(*scene, x[k], z[k], 9), forest = forestMask(*scene, x[k], z[k], bare);
            ASSERT_NEAR(h[k], bare + crownsAbove(*scene, x[k], z[k], forest), 1e-3);
            wooded += forest > .01f;
        }
    }
    EXPECT_GT(wooded, 20);
}

TEST(Pixels, CloudsPointByPointAreThoseOfEightLanes)
{
    const auto scene = sceneOf(500000, 256);
    scene->air.clouds = .6f;
    Random random{9};
    float most = 0;
    for (int i = 0; i < 200; ++i) {
        const Vec3 ray = normalize({random.range(-.6f, .6f), random.range(.02f, .6f), 1});
        const CloudLight light = {{1, .9f, .8f}, {.3f, .4f, .5f}};
        Vec3 lanes = {.1f, .2f, .5f}, points = lanes;
        const bool fine = i % 4 != 0;
        const float opacity = heapClouds(*scene, scene->camera.position, ray, fine, light, lanes);
        ASSERT_NEAR(heapCloudsByPoints(*scene, scene->camera.position, ray, fine, light, points), opacity, 5e-3);
        ASSERT_NEAR(points.x, lanes.x, 5e-3);
        ASSERT_NEAR(points.z, lanes.z, 5e-3);
        most = std::max(most, opacity);
    }
    EXPECT_GT(most, .9f);
}

TEST(Pixels, SharpEdgesGetMoreRays)
{
    std::vector<Vec3> shown(9, Vec3{.2f, .2f, .2f});
    PicturePlanes planes = {};
    planes.width = planes.height = 3;
    planes.shown = shown.data();
    EXPECT_EQ(raysBeside(planes, 1, 1), 0);
    shown[planes.at(1, 0)].x += .25f;
    EXPECT_EQ(raysBeside(planes, 1, 1), 1);
    EXPECT_EQ(raysBeside(planes, 0, 0), 1);
    shown[planes.at(0, 1)] = {.9f, .9f, .9f};
    EXPECT_EQ(raysBeside(planes, 1, 1), kBesideRays);
    EXPECT_EQ(raysBeside(planes, 2, 2), 0);
}

} // namespace tessera::core
