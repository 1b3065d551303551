#include "core/landscape/scene.h"

#include <cstring>
#include <gtest/gtest.h>
#include <memory>
#include <set>

namespace tessera::core
{

TEST(Scene, LightNamesFollowTheSunsElevation)
{
    EXPECT_EQ(lightFromElevation(60), Light::Day);
    EXPECT_EQ(lightFromElevation(20.1f), Light::Day);
    EXPECT_EQ(lightFromElevation(19.9f), Light::Golden);
    EXPECT_EQ(lightFromElevation(5.9f), Light::Sunset);
    EXPECT_EQ(lightFromElevation(-.9f), Light::Sunset);
    EXPECT_EQ(lightFromElevation(-1.1f), Light::Dusk);
    EXPECT_EQ(lightFromElevation(-9.9f), Light::Dusk);
    EXPECT_EQ(lightFromElevation(-10.1f), Light::Night);
}

TEST(Scene, FactsAgreeWithTheScene)
{
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
        const auto scene = std::make_unique<Scene>(makeScene(seed));
        const SceneFacts facts = sceneFacts(*scene);
        const Light expected =
            scene->air.overcast > 0 ? Light::Overcast : lightFromElevation(facts.sunElevationDegrees);
        EXPECT_EQ(facts.light, lightName(expected)) << "seed " << seed;
        EXPECT_EQ(facts.biome, biomeName(scene->biome)) << "seed " << seed;
        EXPECT_EQ(facts.weather == "fog", scene->air.fogDensity > 0) << "seed " << seed;
        EXPECT_EQ(scene->night, facts.sunElevationDegrees < -10) << "seed " << seed;
        EXPECT_GT(facts.fovDegrees, 30) << "seed " << seed;
        EXPECT_LT(facts.fovDegrees, 90) << "seed " << seed;
    }
}

TEST(Scene, NightsAreLitByAMoonAboveTheHorizon)
{
    int nights = 0;
    for (std::uint32_t seed = 0; seed < 14; ++seed) {
        const auto scene = std::make_unique<Scene>(makeScene(seed));
        if (!scene->night)
            continue;
        ++nights;
        EXPECT_LT(scene->sun.y, 0);
        EXPECT_GT(scene->light.y, .1f);
        EXPECT_GT(scene->lightColor.z, 0);
    }
    EXPECT_GT(nights, 0);
}

TEST(Scene, SpritesAreSortedFromFarToNear)
{
    int sprites = 0;
    for (std::uint32_t seed = 0; seed < 12; ++seed) {
        const auto scene = std::make_unique<Scene>(makeScene(seed));
        const Vec3 eye = scene->camera.position;
        float previous = 1e9f;
        ASSERT_LE(scene->spriteCount, kMaxSprites);
        for (int i = 0; i < scene->spriteCount; ++i) {
            const Vec3 d = scene->sprites[i].foot - eye;
            const float squared = d.x * d.x + d.z * d.z;
            EXPECT_LE(squared, previous * 1.0001f) << "seed " << seed << ", sprite " << i;
            previous = squared;
        }
        sprites += scene->spriteCount;
    }
    EXPECT_GT(sprites, 20);
}

TEST(Scene, TheSkyIsPositiveAndFinite)
{
    for (std::uint32_t seed = 0; seed < 6; ++seed) {
        const auto scene = std::make_unique<Scene>(makeScene(seed));
        for (const Vec3 &c : scene->sky) {
            ASSERT_TRUE(c.x > 0 && c.y > 0 && c.z > 0) << "seed " << seed;
            ASSERT_TRUE(c.x < 1e3f && c.y < 1e3f && c.z < 1e3f) << "seed " << seed;
        }
    }
}

TEST(Scene, ManySeedsGiveManyBiomes)
{
    std::set<std::string> biomes;
    for (std::uint32_t seed = 0; seed < 24; ++seed)
        biomes.insert(sceneFacts(*std::make_unique<Scene>(makeScene(seed))).biome);
    EXPECT_GE(biomes.size(), 5u);
}

} // namespace tessera::core
