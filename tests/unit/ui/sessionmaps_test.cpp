// What the session does with maps and their files, without a window.

#include "ui/session.h"

#include <gtest/gtest.h>

#include <filesystem>

#include <QTemporaryDir>
#include <QTest>

#include "ui/fakebackend.h"
#include "ui/numberedlabels.h"

namespace tessera::ui
{

namespace
{

constexpr int kWaitMs = 10'000;
constexpr int kLandscapeWaitMs = 120'000;

struct Desk {
    Session session{std::make_unique<FakeBackend>()};
    QTemporaryDir folder;

    // Opens a model, see ui/fakebackend.h for the names, and waits for it.
    bool loadModel(const QString &name)
    {
        session.controller()->loadModel(name);
        return modelComes();
    }
    bool modelComes()
    {
        return QTest::qWaitFor([this] { return session.controller()->modelState() == RenderController::Ready; },
                               kWaitMs);
    }
    bool landscapeComes()
    {
        return QTest::qWaitFor([this] { return !session.imagining(); }, kLandscapeWaitMs);
    }
    QUrl file(const QString &name) const { return QUrl::fromLocalFile(folder.filePath(name)); }
    // A gray picture, dark but for one pixel.
    QUrl writtenMap(const QString &name) const
    {
        QImage map(300, 280, QImage::Format_Grayscale8);
        map.fill(0);
        map.setPixelColor(7, 7, QColor(1, 1, 1));
        EXPECT_TRUE(map.save(folder.filePath(name)));
        return file(name);
    }
};

TEST(SessionMaps, AFileGoesToTheMapItWasAskedFor)
{
    Desk desk;
    desk.session.labels()->fillRect({0, 0, 20, 20}, 10);
    const core::LabelMap painted = desk.session.labels()->map();
    desk.session.setSource(Session::Depth);

    ASSERT_TRUE(desk.session.saveMap(Session::Labels, desk.file("map.png")));
    EXPECT_FALSE(desk.session.labels()->modified());
    EXPECT_EQ(desk.session.depth()->title(), "Untitled depth");
    desk.session.labels()->newCanvas(256, 256);
    ASSERT_TRUE(desk.session.openMap(Session::Labels, desk.file("map.png")));
    EXPECT_EQ(desk.session.labels()->map(), painted);
    EXPECT_EQ(desk.session.document(), desk.session.labels());
}

TEST(SessionMaps, WhatAModelThatCameMeanwhileDoesNotTakeIsNotOpenedOutOfSight)
{
    Desk desk;
    ASSERT_TRUE(desk.loadModel("depth.ckpt"));
    EXPECT_FALSE(desk.session.openMap(Session::Labels, desk.writtenMap("map.png")));
    EXPECT_TRUE(desk.session.notices()->shown());
    EXPECT_FALSE(desk.session.openPhotoAsEdges(desk.writtenMap("photo.png")));
    EXPECT_FALSE(desk.session.labels()->canUndo());
    EXPECT_FALSE(desk.session.edges()->canUndo());
}

TEST(SessionMaps, ChoosingAnotherSourceAndBackKeepsWhatCanBeRedone)
{
    Desk desk;
    ASSERT_TRUE(desk.loadModel("ade20k.ckpt"));
    desk.session.labels()->fillRect({0, 0, 20, 20}, 3);
    const core::LabelSet before = desk.session.labels()->labelSet();
    ASSERT_TRUE(desk.loadModel("several.safetensors"));
    desk.session.labels()->fillRect({50, 50, 20, 20}, 10);
    const core::LabelMap painted = desk.session.labels()->map();
    desk.session.labels()->undo();
    desk.session.labels()->undo();
    ASSERT_EQ(desk.session.labels()->labelSet(), before);

    desk.session.setSource(Session::Depth);
    desk.session.setSource(Session::Labels);

    desk.session.labels()->redo();
    desk.session.labels()->redo();
    EXPECT_EQ(desk.session.labels()->map(), painted);
}

TEST(SessionMaps, TheToolStaysInHandWhereTheLabelsChange)
{
    Desk desk;
    desk.session.tools()->setLabel(10);
    desk.session.tools()->setTool(PaintTools::Eraser);
    ASSERT_TRUE(desk.loadModel("ade20k.ckpt"));
    EXPECT_EQ(desk.session.labels()->labelSet().name, "ade20k");
    EXPECT_EQ(desk.session.tools()->tool(), PaintTools::Eraser);
}

TEST(SessionMaps, NoLandscapeIsMadeForLabelsWithoutNames)
{
    Desk desk;
    desk.session.labels()->translateTo(numberedLabels(25));
    desk.session.labels()->fillRect({0, 0, 20, 20}, 3);
    desk.session.surpriseWith(5);
    EXPECT_FALSE(desk.session.imagining());
    EXPECT_TRUE(desk.session.notices()->shown());
}

TEST(SessionMaps, ALandscapeForAnotherCanvasIsDropped)
{
    Desk desk;
    desk.session.newCanvas(256, 256);
    desk.session.surpriseWith(5);
    desk.session.newCanvas(300, 280);
    ASSERT_TRUE(desk.landscapeComes());
    EXPECT_EQ(desk.session.labels()->size(), QSize(300, 280));
    EXPECT_TRUE(desk.session.picture()->empty());

    desk.session.newCanvas(256, 256);
    desk.session.surpriseWith(5);
    desk.session.setSource(Session::Depth);
    ASSERT_TRUE(desk.landscapeComes());
    EXPECT_TRUE(desk.session.depth()->flat());
}

TEST(SessionMaps, AMapChosenMeanwhileIsNotCoveredByTheOneThatWaited)
{
    Desk desk;
    desk.session.openMapWithModel("several.safetensors", desk.writtenMap("waiting.png"));
    ASSERT_TRUE(desk.session.openMap(Session::Labels, desk.writtenMap("chosen.png")));
    ASSERT_TRUE(desk.modelComes());
    EXPECT_EQ(desk.session.labels()->title(), "chosen.png");
}

TEST(SessionMaps, AMapThatOpensUnderThePenLeavesTheStrokeAsAStep)
{
    Desk desk;
    desk.session.tools()->press({50, 50}, {});
    const core::LabelMap stroked = desk.session.labels()->map();
    ASSERT_TRUE(desk.session.openMap(Session::Labels, desk.writtenMap("map.png")));
    desk.session.tools()->release();
    desk.session.labels()->undo();
    EXPECT_EQ(desk.session.labels()->map(), stroked);
}

TEST(SessionMaps, ResourcesWithoutAnExampleOpenNone)
{
    Desk desk;
    const QByteArray before = qgetenv("TESSERA_RESOURCES");
    std::filesystem::create_symlink("examples", desk.folder.filePath("examples").toStdString()); // leads nowhere
    qputenv("TESSERA_RESOURCES", desk.folder.path().toUtf8());
    EXPECT_NO_THROW(desk.session.openExample());
    if (before.isNull())
        qunsetenv("TESSERA_RESOURCES");
    else
        qputenv("TESSERA_RESOURCES", before);
    EXPECT_EQ(desk.session.labels()->size(), QSize(512, 512));
}

TEST(SessionMaps, AFlatFieldIsSaidWhereModelsSeeItOtherwise)
{
    Desk desk;
    ASSERT_TRUE(desk.loadModel("depth.ckpt"));
    desk.session.render();
    EXPECT_FALSE(desk.session.notices()->shown());
    desk.session.depth()->floodFill({0, 0}, 1);
    desk.session.render();
    EXPECT_EQ(desk.session.notices()->title(), "The map is the same everywhere");

    ASSERT_TRUE(desk.session.saveMap(Session::Depth, desk.file("near.png")));
    desk.session.newCanvas(256, 256);
    ASSERT_TRUE(desk.session.openMap(Session::Depth, desk.file("near.png")));
    EXPECT_EQ(desk.session.depth()->inkAt({100, 100}), 1.0);
    EXPECT_TRUE(desk.session.notices()->shown());
}

TEST(SessionMaps, CoordinatesHaveACanvasOfTheirOwn)
{
    Desk desk;
    ASSERT_TRUE(desk.loadModel("coordinates.ckpt"));
    EXPECT_EQ(desk.session.canvasSize(), QSize(512, 512));
    desk.session.newCanvas(1024, 1);
    EXPECT_EQ(desk.session.canvasSize(), QSize(1024, 256));
    EXPECT_EQ(desk.session.labels()->size(), QSize(512, 512));
    EXPECT_FALSE(desk.session.labels()->canUndo());
}

TEST(SessionMaps, StrokesThatOnlyUndoBringsBackAreNamed)
{
    Desk desk;
    desk.session.labels()->fillRect({0, 0, 20, 20}, 10);
    EXPECT_EQ(desk.session.unsavedText(), "The map is not saved.");
    desk.session.newCanvas(256, 256);
    EXPECT_EQ(desk.session.unsavedText(), "The map that undo brings back is not saved.");
    desk.session.setSource(Session::Depth);
    EXPECT_EQ(desk.session.unsavedText(), "The map of labels is not saved.");
}

} // namespace

} // namespace tessera::ui
