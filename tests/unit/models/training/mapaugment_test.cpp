#include "models/training/mapaugment.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "core/landscape/label.h"

namespace tessera::models
{
namespace
{

using core::LandscapeLabel;

constexpr uint8_t id(LandscapeLabel label)
{
    return uint8_t(label);
}

// Sky above a mountain with snow in the distance, a meadow with flowers in front.
struct Picture {
    int side = 64;
    std::vector<uint8_t> object, material;
    std::vector<uint16_t> depth;

    Picture()
    {
        for (int y = 0; y < side; ++y) {
            for (int x = 0; x < side; ++x) {
                if (y < 20) {
                    add(LandscapeLabel::Sky, LandscapeLabel::Sky, 0);
                } else if (y < 36) {
                    add(LandscapeLabel::Mountain, x < 32 ? LandscapeLabel::Snow : LandscapeLabel::Rock, 15000); // 18 km
                } else {
                    add(LandscapeLabel::Grass, x < 40 ? LandscapeLabel::Grass : LandscapeLabel::Flower,
                        60000); // 0.2 km
                }
            }
        }
    }

    void add(LandscapeLabel what, LandscapeLabel made, uint16_t code)
    {
        object.push_back(id(what));
        material.push_back(id(made));
        depth.push_back(code);
    }

    LabelSource source() const { return {side, side, object.data(), material.data(), depth.data()}; }
};

std::set<int> labelsOf(const std::vector<uint8_t> &map)
{
    return {map.begin(), map.end()};
}

double shareOf(const std::vector<uint8_t> &map, LandscapeLabel label)
{
    return double(std::count(map.begin(), map.end(), id(label))) / double(map.size());
}

MapAugmentation plain()
{
    MapAugmentation settings;
    settings.exact = settings.wholeObjects = settings.plainGround = settings.plainWater = 0;
    settings.noClouds = settings.noFog = settings.brush = settings.voids = 0;
    return settings;
}

TEST(MapAugment, LabelCountIsTheGenerators)
{
    EXPECT_EQ(kMapLabels, core::kLabelCount);
}

TEST(MapAugment, NearPlacesAreMaterialsAndFarOnesObjects)
{
    const Picture picture;
    const std::vector<uint8_t> labels = trainingLabels(picture.source());
    EXPECT_EQ(labelsOf(labels), (std::set<int>{id(LandscapeLabel::Sky), id(LandscapeLabel::Mountain),
                                               id(LandscapeLabel::Grass), id(LandscapeLabel::Flower)}));
    const std::vector<uint8_t> sharp = trainingLabels(picture.source(), 30);
    EXPECT_TRUE(labelsOf(sharp).contains(id(LandscapeLabel::Snow)));
    EXPECT_FALSE(labelsOf(sharp).contains(id(LandscapeLabel::Mountain)));
}

TEST(MapAugment, FogStaysFogHoweverNear)
{
    Picture picture;
    std::fill(picture.object.begin(), picture.object.end(), id(LandscapeLabel::Fog));
    EXPECT_EQ(labelsOf(trainingLabels(picture.source(), 100)), (std::set<int>{id(LandscapeLabel::Fog)}));
}

TEST(MapAugment, IsAPureFunctionOfTheSeed)
{
    const Picture picture;
    const std::vector<uint8_t> first = augmentedLabels(picture.source(), 5);
    EXPECT_EQ(first, augmentedLabels(picture.source(), 5));
    std::set<std::vector<uint8_t>> different;
    for (uint64_t seed = 0; seed < 20; ++seed) {
        different.insert(augmentedLabels(picture.source(), seed));
    }
    EXPECT_GT(different.size(), 12U);
}

TEST(MapAugment, ExactShareIsExact)
{
    const Picture picture;
    MapAugmentation settings;
    settings.exact = 1;
    EXPECT_EQ(augmentedLabels(picture.source(), 3, settings), trainingLabels(picture.source()));
}

TEST(MapAugment, GranularityTurnsPatchesIntoObjectsAndFlowersIntoGrass)
{
    const Picture picture;
    MapAugmentation settings = plain();
    settings.wholeObjects = settings.plainGround = 1;
    for (uint64_t seed = 0; seed < 10; ++seed) {
        const std::set<int> labels = labelsOf(augmentedLabels(picture.source(), seed, settings));
        EXPECT_EQ(labels,
                  (std::set<int>{id(LandscapeLabel::Sky), id(LandscapeLabel::Mountain), id(LandscapeLabel::Grass)}))
            << seed;
    }
}

TEST(MapAugment, FogBecomesWhatIsBehindIt)
{
    Picture picture;
    for (size_t i = 0; i < picture.object.size(); ++i) {
        picture.object[i] =
            picture.material[i] == id(LandscapeLabel::Snow) ? id(LandscapeLabel::Fog) : picture.object[i];
    }
    MapAugmentation settings = plain();
    settings.noFog = 1;
    const std::vector<uint8_t> map = augmentedLabels(picture.source(), 1, settings);
    EXPECT_EQ(shareOf(map, LandscapeLabel::Fog), 0);
    EXPECT_GT(shareOf(map, LandscapeLabel::Snow), 0.05);
}

TEST(MapAugment, PaintedMapsKeepTheLayout)
{
    const Picture picture;
    MapAugmentation settings = plain();
    settings.wholeObjects = 1;
    settings.brush = 1;
    const std::vector<uint8_t> exact = trainingLabels(picture.source(), 0);
    for (uint64_t seed = 0; seed < 20; ++seed) {
        const std::vector<uint8_t> map = augmentedLabels(picture.source(), seed, settings);
        int equal = 0;
        for (size_t i = 0; i < map.size(); ++i) {
            equal += map[i] == exact[i];
        }
        EXPECT_GT(equal, int(map.size()) * 7 / 10) << seed;
        EXPECT_LT(equal, int(map.size())) << seed;
        EXPECT_EQ(shareOf(map, LandscapeLabel::Void), 0) << seed;
    }
}

TEST(MapAugment, VoidsStayWithinTheirShare)
{
    const Picture picture;
    MapAugmentation settings = plain();
    settings.voids = 1;
    double sum = 0;
    for (uint64_t seed = 0; seed < 50; ++seed) {
        const double share = shareOf(augmentedLabels(picture.source(), seed, settings), LandscapeLabel::Void);
        EXPECT_LE(share, settings.maxVoid + 0.03) << seed;
        sum += share;
    }
    EXPECT_GT(sum / 50, 0.08); // shapes overlap each other and the border
}

} // namespace
} // namespace tessera::models
