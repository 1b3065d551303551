#include "ui/modelfacts.h"

#include <gtest/gtest.h>

#include <QMap>

namespace tessera::ui
{

namespace
{

QMap<QString, QString> factsOf(const core::ModelInfo &info)
{
    QMap<QString, QString> facts;
    for (const QVariant &fact : modelFacts({info, "cuda:0", "bf16", {}}))
        facts[fact.toMap()["title"].toString()] = fact.toMap()["value"].toString();
    return facts;
}

core::ModelInfo published()
{
    core::ModelInfo info;
    info.path = "/models/sflckr/checkpoints/last.ckpt";
    info.paintsFrom = "labels";
    info.labelSet = "cocostuff";
    info.codes = 1024;
    info.parameters = 1'400'000'000;
    info.weightBytes = 5'600'000'000;
    info.format = "torch zip";
    info.notes = {{"ignored keys", "model.params.ckpt_path"},
                  {"ignored tensors", "1: loss.logvar"},
                  {"kept_as_float32", "decoder.weight"},
                  {"global_step", "7"}};
    return info;
}

TEST(ModelFacts, SayWhatAModelIsAndNeeds)
{
    const QMap<QString, QString> facts = factsOf(published());
    EXPECT_EQ(facts["Paints from"], "labels: COCO-Stuff, 182 of them");
    core::ModelInfo foreign = published();
    foreign.labelSet = "plants";
    EXPECT_EQ(factsOf(foreign)["Paints from"], "labels: the set plants");
    EXPECT_EQ(facts["Canvas"], "256 × 256 pixels or larger");
    EXPECT_EQ(facts["Attention window"], "16 × 16 codes of 16 × 16 pixels");
    EXPECT_EQ(facts["Ignored keys"], "model.params.ckpt_path");
    EXPECT_EQ(facts["Ignored tensors"], "1: loss.logvar");
    EXPECT_EQ(facts["Kept as float32"], "decoder.weight");
    EXPECT_EQ(facts["Runs on"], "GPU 0, bf16");
    EXPECT_TRUE(facts["Parameters"].contains("400 million"));
    EXPECT_TRUE(facts["File"].endsWith("last.ckpt (torch zip)"));
    EXPECT_FALSE(facts.contains("Controls"));
    EXPECT_FALSE(facts.contains("Assumed"));
}

TEST(ModelFacts, NameEveryKindOfMapThatAModelTakes)
{
    core::ModelInfo info = published();
    info.labelSet = "landscape";
    info.otherMaps = {"depth", "edges"};
    EXPECT_EQ(factsOf(info)["Paints from"], "labels: Landscape, 24 of them; also depth and edges");
    info.otherMaps = {"depth"};
    EXPECT_EQ(factsOf(info)["Paints from"], "labels: Landscape, 24 of them; also depth");
}

TEST(ModelFacts, TellHowLargeCanvasesArePainted)
{
    core::ModelInfo info = published();
    EXPECT_FALSE(factsOf(info).contains("Large canvases"));
    info.windowPrices = {{4, 0.125}, {8, 0.75}};
    EXPECT_EQ(factsOf(info)["Large canvases"],
              "the window moves in steps of 4 codes, which makes them 0.13 % less likely");
}

TEST(ModelFacts, ClassModelsRenderOneWindowAndAStageNone)
{
    core::ModelInfo info = published();
    info.paintsFrom = "class";
    info.conditionCount = 1000;
    EXPECT_EQ(factsOf(info)["Canvas"], "256 × 256 pixels");
    EXPECT_TRUE(factsOf(info)["Paints from"].contains("classes"));
    info.paintsFrom.clear();
    EXPECT_FALSE(factsOf(info).contains("Canvas"));
    EXPECT_FALSE(factsOf(info).contains("Attention window"));
}

} // namespace

} // namespace tessera::ui
