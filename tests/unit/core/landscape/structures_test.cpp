#include "core/landscape/structures.h"
#include "core/landscape/subject.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>

namespace tessera::core
{

namespace
{

constexpr float kFine = 1e-5f; // footprint at 1 km

// A bridge with one arch across the x axis, at the origin.
std::unique_ptr<Scene> sceneWithBridge()
{
    auto scene = std::make_unique<Scene>();
    StoneBridge &b = scene->structures.bridge;
    b.present = true;
    b.halfLength = .012f;
    b.halfWidth = .002f;
    b.deck = .005f;
    b.color = {.4f, .4f, .4f};
    return scene;
}

std::unique_ptr<Scene> sceneWithHouse()
{
    auto scene = std::make_unique<Scene>();
    House &h = scene->structures.houses[scene->structures.houseCount++];
    h.halfWidth = .003f;
    h.halfLength = .005f;
    h.eaves = .003f;
    h.ridge = .006f;
    h.wall = h.roof = {.4f, .4f, .4f};
    return scene;
}

} // namespace

TEST(Structures, OneLooksThroughTheArchOfABridgeAndNotThroughItsPier)
{
    const auto scene = sceneWithBridge();
    StructureHit hit;
    EXPECT_FALSE(meetsStructures(*scene, {0, .001f, -.03f}, {0, 0, 1}, 1, kFine, hit));
    ASSERT_TRUE(meetsStructures(*scene, {.0115f, .001f, -.03f}, {0, 0, 1}, 1, kFine, hit));
    EXPECT_NEAR(hit.distance, .028f, 1e-4f);
    EXPECT_EQ(hit.label, LandscapeLabel::Bridge);
    ASSERT_TRUE(meetsStructures(*scene, {0, .0052f, -.03f}, {0, 0, 1}, 1, kFine, hit)); // the parapet
    EXPECT_FALSE(meetsStructures(*scene, {0, .0061f, -.03f}, {0, 0, 1}, 1, kFine, hit));
}

TEST(Structures, AHouseHasWallsBelowAndARoofAbove)
{
    const auto scene = sceneWithHouse();
    StructureHit hit;
    ASSERT_TRUE(meetsStructures(*scene, {.03f, .001f, 0}, {-1, 0, 0}, 1, kFine, hit));
    EXPECT_NEAR(hit.distance, .027f, 1e-5f);
    EXPECT_NEAR(hit.normal.x, 1, 1e-5f);
    EXPECT_EQ(hit.label, LandscapeLabel::Building);
    ASSERT_TRUE(meetsStructures(*scene, {.001f, .03f, 0}, {0, -1, 0}, 1, kFine, hit));
    EXPECT_NEAR(hit.distance, .025f, 4e-4f);
    EXPECT_GT(hit.normal.y, .5f);
    EXPECT_FALSE(meetsStructures(*scene, {.03f, .008f, 0}, {-1, 0, 0}, 1, kFine, hit));
    EXPECT_FALSE(meetsStructures(*scene, {.03f, .001f, 0}, {-1, 0, 0}, .02f, kFine, hit)); // farther than the limit
}

TEST(Structures, AWalkRisesWithItsPoints)
{
    auto scene = std::make_unique<Scene>();
    Walk &w = scene->structures.walks[scene->structures.walkCount++];
    w.count = 2;
    w.points[0] = {0, 0, 0};
    w.points[1] = {0, .001f, .004f};
    w.halfWidth = .001f;
    w.legs = .001f;
    w.color = {.4f, .4f, .4f};
    StructureHit hit;
    for (const float z : {.001f, .003f}) {
        ASSERT_TRUE(meetsStructures(*scene, {0, .01f, z}, {0, -1, 0}, 1, kFine, hit));
        EXPECT_NEAR(hit.distance, .01f - .25f * z, 1e-6f);
        EXPECT_EQ(hit.label, LandscapeLabel::Wood);
    }
    EXPECT_FALSE(meetsStructures(*scene, {.0013f, .01f, .001f}, {0, -1, 0}, 1, kFine, hit));
}

TEST(Structures, ShadowsFallAwayFromTheLight)
{
    const auto scene = sceneWithHouse();
    scene->light = normalize({1, .5f, 0});
    EXPECT_TRUE(structureShades(*scene, {-.004f, 0, 0}));
    EXPECT_FALSE(structureShades(*scene, {.004f, 0, 0}));
    EXPECT_TRUE(isBuiltOn(*scene, .002f, .004f));
    EXPECT_FALSE(isBuiltOn(*scene, .02f, 0));
}

TEST(Subject, SomePicturesAreAboutWhatPeopleBuilt)
{
    std::map<Subject, int> built;
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
        const auto scene = std::make_unique<Scene>(makeScene(seed));
        EXPECT_EQ(scene->subject, drawSubject(seed));
        const Structures &all = scene->structures;
        const bool bridge = all.bridge.present || (all.walkCount > 0 && all.walks[0].bridge);
        built[scene->subject] += scene->subject == Subject::Bridge      ? bridge
                                 : scene->subject == Subject::Boardwalk ? all.walkCount > 0
                                                                        : all.houseCount > 0;
    }
    for (const Subject s : {Subject::Bridge, Subject::Boardwalk, Subject::Village, Subject::Farm})
        EXPECT_GT(built[s], 0) << static_cast<int>(s);
}

} // namespace tessera::core
