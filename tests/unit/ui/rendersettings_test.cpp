#include "ui/rendersettings.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

namespace tessera::ui
{

namespace
{

core::ModelInfo infoWithControls()
{
    core::ModelInfo info;
    info.identity = "abc";
    info.controls = {{"light", {"any", "noon", "night"}}, {"weather", {"any", "fog"}}};
    info.defaultTopK = 50;
    info.defaultTemperature = 0.9;
    info.guidance = true;
    return info;
}

TEST(RenderSettings, ChoosesWhatTheModelKnows)
{
    RenderSettings settings;
    settings.setModel(infoWithControls());
    settings.setControlIndex("weather", 1);
    settings.choose({{"light", "noon"}, {"weather", "hail"}, {"biome", "coast"}});
    EXPECT_EQ(settings.request().controls, (std::map<std::string, std::string>{{"light", "noon"}}));
}

TEST(RenderSettings, ChoicesReachTheRequestAndAnyIsLeftOut)
{
    RenderSettings settings;
    settings.setModel(infoWithControls());
    settings.setControlIndex("light", 2);
    settings.setControlIndex("weather", 1);
    settings.setControlIndex("weather", 0);
    settings.setSeed(77);

    const core::RenderRequest request = settings.request();

    EXPECT_EQ(request.controls, (std::map<std::string, std::string>{{"light", "night"}}));
    EXPECT_EQ(request.seed, 77u);
    EXPECT_EQ(request.topK, 50);
    EXPECT_DOUBLE_EQ(request.temperature, 0.9);
    EXPECT_EQ(settings.controlIndex("light"), 2);
    EXPECT_EQ(settings.controlIndex("weather"), 0);
}

TEST(RenderSettings, SaysWhatIsChosenWheneverItChanges)
{
    RenderSettings settings;
    settings.setModel(infoWithControls());
    const QSignalSpy told(&settings, &RenderSettings::changed);
    settings.choose({{"light", "night"}});
    EXPECT_EQ(told.count(), 1);
    EXPECT_EQ(settings.chosen(), (QVariantMap{{"light", 2}, {"weather", 0}}));
}

TEST(RenderSettings, AnotherModelKeepsOnlyWhatItKnows)
{
    RenderSettings settings;
    settings.setModel(infoWithControls());
    settings.setControlIndex("light", 2);
    settings.setControlIndex("weather", 1);
    core::ModelInfo other = infoWithControls();
    other.controls = {{"light", {"any", "night"}}};
    other.guidance = false;
    settings.setGuidance(3);

    settings.setModel(other);

    EXPECT_EQ(settings.request().controls, (std::map<std::string, std::string>{{"light", "night"}}));
    EXPECT_EQ(settings.controlIndex("light"), 1);
    EXPECT_DOUBLE_EQ(settings.request().guidance, 1.0);
}

TEST(RenderSettings, ValuesStayInRange)
{
    RenderSettings settings;
    settings.setSeed(-5);
    EXPECT_EQ(settings.request().seed, 0u);
    settings.setSeed(1e18);
    EXPECT_DOUBLE_EQ(settings.seed(), RenderSettings::kLargestSeed);
    settings.setTemperature(0);
    EXPECT_GT(settings.temperature(), 0);
    settings.setControlIndex("light", 1); // no model yet
    EXPECT_TRUE(settings.request().controls.empty());
}

} // namespace

} // namespace tessera::ui
