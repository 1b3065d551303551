// What to paint from, with models that take several kinds of map, in the real window.

#include <gtest/gtest.h>

#include <algorithm>

#include <QTemporaryDir>

#include "listener.h"

namespace tessera::tests
{

namespace
{

using ui::Session;

constexpr int kGrass = 10;
constexpr int kLandscapeWaitMs = 120'000;
constexpr char kSeveral[] = "several.safetensors";

// Makes a landscape and waits for it.
bool surprised(PainterWindow &painter, quint32 seed)
{
    painter.session.surpriseWith(seed);
    return QTest::qWaitFor([&] { return !painter.session.imagining(); }, kLandscapeWaitMs);
}

bool blank(const core::FieldMap &map)
{
    return std::all_of(map.values.begin(), map.values.end(), [](float value) { return value == -1; });
}

TEST(Sources, AreOfferedWhereTheModelTakesSeveral)
{
    PainterWindow painter;
    EXPECT_FALSE(painter.shown("sourceLabels"));
    ASSERT_TRUE(painter.loadModel());
    EXPECT_FALSE(painter.shown("sourceLabels"));
    ASSERT_TRUE(painter.loadModel(kSeveral));
    EXPECT_TRUE(painter.shown("sourceLabels"));
    EXPECT_EQ(painter.session.sources(), QList<int>({Session::Labels, Session::Depth, Session::Edges}));

    painter.click("sourceDepth");
    EXPECT_TRUE(painter.shown("levelSlider"));
    EXPECT_FALSE(painter.shown("labelList"));
    painter.click("sourceEdges");
    EXPECT_TRUE(painter.shown("photoEdgesButton"));
    painter.click("sourceLabels");
    EXPECT_TRUE(painter.shown("labelList"));

    painter.session.unloadModel();
    EXPECT_FALSE(painter.shown("sourceLabels"));
    EXPECT_TRUE(painter.session.sources().isEmpty());
}

TEST(Sources, TheRequestSaysWhatItsFieldIs)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.session.setSource(Session::Depth);
    painter.stroke({100, 200}, {300, 200});
    core::RenderRequest request = listener.asked(painter);
    EXPECT_EQ(request.mapKind, "depth");
    EXPECT_EQ(std::get<core::FieldMap>(request.condition).at(200, 200), 1.0f);

    painter.session.setSource(Session::Edges);
    request = listener.asked(painter);
    EXPECT_EQ(request.mapKind, "edges");
    EXPECT_TRUE(blank(std::get<core::FieldMap>(request.condition)));

    painter.session.setSource(Session::Labels);
    request = listener.asked(painter);
    EXPECT_EQ(request.mapKind, "");
    EXPECT_EQ(std::get<core::LabelMap>(request.condition), painter.session.labels()->map());
}

TEST(Sources, EachHasItsMapItsUndoAndItsTitle)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(512, 256);
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});
    const core::LabelMap labels = painter.session.labels()->map();
    painter.click("sourceDepth");
    EXPECT_EQ(painter.session.document()->size(), QSize(512, 256)); // begins as large as the map before
    EXPECT_FALSE(painter.session.document()->canUndo());
    EXPECT_TRUE(painter.window->title().startsWith("Untitled depth"));
    EXPECT_EQ(painter.session.unsavedText(), "The map of labels is not saved.");
    painter.stroke({100, 100}, {200, 100});
    EXPECT_EQ(painter.session.unsavedText(), "The maps of labels and depth are not saved.");

    painter.key(Qt::Key_Z, Qt::ControlModifier);

    EXPECT_TRUE(blank(painter.session.depth()->map()));
    painter.click("sourceLabels");
    EXPECT_EQ(painter.session.labels()->map(), labels);
    EXPECT_EQ(painter.session.unsavedText(), "The map is not saved.");
    EXPECT_TRUE(painter.window->title().startsWith("Untitled map"));
}

TEST(Sources, AFileIsOpenedAndSavedAsWhatIsPaintedFrom)
{
    const QTemporaryDir folder;
    QImage depth(300, 280, QImage::Format_Grayscale8);
    depth.fill(9);
    depth.setPixelColor(0, 0, Qt::white);
    ASSERT_TRUE(depth.save(folder.filePath("near.png")));
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel(kSeveral));
    const core::LabelMap labels = painter.session.labels()->map();
    painter.click("sourceDepth");

    painter.drop(folder.filePath("near.png"));

    EXPECT_EQ(painter.session.depth()->size(), QSize(300, 280));
    EXPECT_EQ(painter.session.depth()->inkAt({0, 0}), 1.0);
    EXPECT_EQ(painter.session.labels()->map(), labels);
    ASSERT_TRUE(painter.session.saveMap(Session::Depth, QUrl::fromLocalFile(folder.filePath("saved.png"))));
    EXPECT_EQ(QImage(folder.filePath("saved.png")).size(), QSize(300, 280));
    EXPECT_EQ(painter.session.depth()->title(), "saved.png");
}

TEST(Sources, WhatTheModelDoesNotTakeIsRefused)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    painter.session.setSource(Session::Depth);
    EXPECT_EQ(painter.session.source(), Session::Labels);
    EXPECT_EQ(painter.session.document(), painter.session.labels());
    painter.key(Qt::Key_2, Qt::AltModifier);
    EXPECT_EQ(painter.session.source(), Session::Labels);
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.session.setSource(Session::Class);
    EXPECT_EQ(painter.session.source(), Session::Labels);
}

TEST(Sources, AnotherModelKeepsTheChoiceIfItTakesIt)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.click("sourceEdges");
    painter.stroke({100, 100}, {200, 100});
    const core::FieldMap edges = painter.session.edges()->map();
    ASSERT_TRUE(painter.loadModel("severalmore.safetensors"));
    EXPECT_EQ(painter.session.source(), Session::Edges);
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    EXPECT_EQ(painter.session.source(), Session::Depth);
    EXPECT_FALSE(painter.shown("sourceEdges"));
    EXPECT_TRUE(painter.item("renderButton")->isEnabled());
    ASSERT_TRUE(painter.loadModel("stage.ckpt"));
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.click("sourceEdges");
    EXPECT_EQ(painter.session.edges()->map(), edges);
}

TEST(Sources, AChoiceBeforeTheFirstModelIsKept)
{
    const QTemporaryDir folder;
    QImage edges(300, 280, QImage::Format_Grayscale8);
    edges.fill(0);
    edges.setPixelColor(7, 7, Qt::white);
    ASSERT_TRUE(edges.save(folder.filePath("edges.png")));
    PainterWindow painter;
    painter.session.setSource(Session::Edges);
    painter.session.openMapWithModel(kSeveral, QUrl::fromLocalFile(folder.filePath("edges.png")));
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.document()->size() == QSize(300, 280); }, kWaitMs));
    EXPECT_EQ(painter.session.document(), painter.session.edges());
    EXPECT_EQ(painter.session.edges()->inkAt({7, 7}), 1.0);
}

TEST(Sources, LabelsWaitForTheirTurnToBeTranslated)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("cocostuff.ckpt"));
    painter.key(Qt::Key_1);
    painter.stroke({100, 100}, {200, 100});
    const core::LabelMap before = painter.session.labels()->map();
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    ASSERT_TRUE(painter.loadModel(kSeveral));
    EXPECT_EQ(painter.session.source(), Session::Depth);
    EXPECT_EQ(painter.session.labels()->map(), before);
    EXPECT_FALSE(painter.shown("banner"));
    painter.click("sourceLabels");
    EXPECT_TRUE(painter.text("bannerTitle").contains("Landscape"));
    EXPECT_EQ(painter.session.palette()->labelSet().title, "Landscape");
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), before);
}

TEST(Sources, KeysChooseAndLeaveTheCanvasReadyToPaint)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.key(Qt::Key_F, Qt::ControlModifier); // the search for labels has the focus
    painter.key(Qt::Key_2, Qt::AltModifier);
    EXPECT_EQ(painter.session.source(), Session::Depth);
    EXPECT_TRUE(painter.canvas()->hasActiveFocus());
    painter.key(Qt::Key_5);
    EXPECT_EQ(painter.text("levelText"), "Nearness 50 %");

    painter.item("sourceDepth")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Right);
    EXPECT_EQ(painter.session.source(), Session::Edges);
    EXPECT_TRUE(painter.item("sourceEdges")->hasActiveFocus());
    painter.key(Qt::Key_Right);
    EXPECT_EQ(painter.session.source(), Session::Labels);
    painter.key(Qt::Key_Left);
    EXPECT_EQ(painter.session.source(), Session::Edges);
}

TEST(Sources, ReturnChoosesAKindAndAStepOfDepth)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.item("sourceDepth")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Return);
    EXPECT_EQ(painter.session.source(), Session::Depth);
    painter.item("level2")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Return);
    EXPECT_NEAR(painter.session.tools()->level(), 0.4, 1e-9);
    painter.click("level1");
    EXPECT_NEAR(painter.session.tools()->level(), 0.2, 1e-9);
}

TEST(Sources, ARectangleOnEdgesIsShownAsItWillBe)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.session.tools()->setLevel(0.4);
    painter.click("sourceEdges");
    painter.key(Qt::Key_R);
    painter.press({100, 120});
    painter.moveTo({200, 220});
    EXPECT_EQ(painter.item("pendingRectangle")->property("color").value<QColor>(), QColor(Qt::white));
    painter.release({200, 220});
    EXPECT_EQ(painter.session.edges()->inkAt({150, 150}), 1.0);
}

TEST(Sources, AStrokeUnderThePenIsAStepOfItsOwnMap)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel(kSeveral));
    painter.session.tools()->setLabel(kGrass);
    painter.press({100, 100});
    painter.moveTo({200, 100});
    painter.key(Qt::Key_2, Qt::AltModifier);
    painter.moveTo({300, 100});
    painter.release({300, 100});
    EXPECT_TRUE(blank(painter.session.depth()->map()));
    EXPECT_EQ(painter.labelAt(150, 100), kGrass);
    EXPECT_EQ(painter.labelAt(280, 100), 0);
    EXPECT_TRUE(painter.session.labels()->canUndo());
}

TEST(Sources, ASurpriseIsOfferedToTheOtherMaps)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel(kSeveral));
    ASSERT_TRUE(surprised(painter, 5));
    const core::FieldMap depth = painter.session.depth()->map(), edges = painter.session.edges()->map();
    EXPECT_FALSE(blank(depth));
    EXPECT_FALSE(blank(edges));
    EXPECT_EQ(painter.session.unsavedText(), "The map is not saved.");
    painter.click("sourceDepth");
    painter.stroke({10, 10}, {30, 10});
    const core::FieldMap mine = painter.session.depth()->map();

    ASSERT_TRUE(surprised(painter, 6)); // on top of what is in hand, a step; beside what was only made
    EXPECT_NE(painter.session.depth()->map(), mine);
    EXPECT_NE(painter.session.edges()->map(), edges);
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.depth()->map(), mine);
    painter.click("sourceLabels");
    ASSERT_TRUE(surprised(painter, 7));
    EXPECT_EQ(painter.session.depth()->map(), mine); // it could be redone
}

} // namespace

} // namespace tessera::tests
