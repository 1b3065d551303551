// Made landscapes to start from, in the real window.

#include <gtest/gtest.h>

#include <QTemporaryDir>

#include "painterwindow.h"

namespace tessera::tests
{

namespace
{

constexpr int kGrass = 10;
constexpr int kLandscapeWaitMs = 120'000;

// Makes a landscape and waits for it.
bool surprised(PainterWindow &painter, quint32 seed)
{
    painter.session.surpriseWith(seed);
    return QTest::qWaitFor([&] { return !painter.session.imagining(); }, kLandscapeWaitMs);
}

TEST(Surprises, ASurpriseIsAMapAndAPictureAndOneStep)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    const core::LabelMap before = painter.session.labels()->map();
    ASSERT_TRUE(painter.loadModel());
    painter.click("surpriseButton");
    EXPECT_TRUE(painter.session.imagining());
    painter.stroke({100, 100}, {120, 100}); // the window answers meanwhile
    const core::LabelMap stroked = painter.session.labels()->map();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.imagining(); }, kLandscapeWaitMs));

    EXPECT_EQ(painter.session.labels()->map().histogram()[0], 0u);
    EXPECT_EQ(painter.session.picture()->size(), QSize(256, 256));
    EXPECT_FALSE(painter.session.picture()->unsaved());
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), stroked);
    EXPECT_TRUE(painter.session.picture()->empty());
    painter.key(Qt::Key_Y, Qt::ControlModifier);
    EXPECT_FALSE(painter.session.picture()->empty());
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), before);
}

TEST(Surprises, AnUnsavedPictureComesBackFromUnderTwoSurprises)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
    const QImage rendered = painter.session.picture()->image();
    ASSERT_TRUE(surprised(painter, 5));
    const QImage first = painter.session.picture()->image();
    ASSERT_TRUE(surprised(painter, 6));
    EXPECT_EQ(painter.session.unsavedText(), "The map and the picture are not saved.");

    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.picture()->image(), first);
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.picture()->image(), rendered);
    EXPECT_TRUE(painter.session.picture()->unsaved());

    const QTemporaryDir folder;
    ASSERT_TRUE(painter.session.savePicture(QUrl::fromLocalFile(folder.filePath("picture.png"))));
    EXPECT_EQ(painter.session.unsavedText(), "");
    painter.key(Qt::Key_Y, Qt::ControlModifier);
    EXPECT_EQ(painter.session.picture()->image(), first);
    EXPECT_EQ(painter.session.unsavedText(), "The map is not saved.");
}

TEST(Surprises, ALandscapeAndAModelLeaveTheStrokeUnderThePenAsAStep)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.tools()->setLabel(kGrass);
    painter.press({100, 100});
    painter.moveTo({120, 100});
    const core::LabelMap stroked = painter.session.labels()->map();
    ASSERT_TRUE(surprised(painter, 5));
    painter.release({120, 100});
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), stroked);
    EXPECT_TRUE(painter.session.document()->canUndo());

    painter.press({50, 50});
    painter.moveTo({70, 50});
    const core::LabelMap again = painter.session.labels()->map();
    ASSERT_TRUE(painter.loadModel("cocostuff.ckpt"));
    painter.release({70, 50});
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), again);
    EXPECT_NE(again, stroked);
}

TEST(Surprises, TheSceneIsShownAsItWasMadeAndGoesWithUndo)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    ASSERT_TRUE(surprised(painter, 5));
    const ui::RenderSettings &settings = *painter.session.settings();
    EXPECT_FALSE(settings.values().controls.empty());
    for (const char *key : {"light", "biome", "weather"})
        EXPECT_EQ(painter.item(QString("control_") + key)->property("currentIndex").toInt(), settings.controlIndex(key))
            << key;

    painter.key(Qt::Key_Z, Qt::ControlModifier);
    for (const char *key : {"light", "biome", "weather"})
        EXPECT_EQ(painter.item(QString("control_") + key)->property("currentIndex").toInt(), 0) << key;
}

TEST(Surprises, ASurpriseForDepthIsDepth)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    ASSERT_TRUE(surprised(painter, 5));
    EXPECT_GT(*painter.session.depth()->inkAt({128, 250}), *painter.session.depth()->inkAt({128, 5}));
    EXPECT_TRUE(painter.session.document()->canUndo());
}

} // namespace

} // namespace tessera::tests
