#include "ui/document.h"

#include <gtest/gtest.h>

#include <QSignalSpy>

#include "core/map/strokes.h"

namespace tessera::ui
{

namespace
{

core::LabelSet twoLabels()
{
    core::LabelSet set;
    set.labels = {{0, "void", {0, 0, 0}, "", {}, {}, {}}, {1, "sky", {10, 20, 30}, "sky", {}, {}, {}}};
    return set;
}

void paintSquare(Document &document, const core::PixelRect &area)
{
    document.apply([&](core::LabelMap &map) { return core::fillRect(map, area, 1); });
}

TEST(Document, OnlyTheChangedRectangleIsAnnouncedAndShown)
{
    Document document;
    document.setLabelSet(twoLabels());
    QSignalSpy changed(&document, &Document::changed);

    paintSquare(document, {10, 20, 30, 40});

    ASSERT_EQ(changed.count(), 1);
    EXPECT_EQ(changed[0][0].toRect(), QRect(10, 20, 30, 40));
    EXPECT_EQ(document.image().pixel(10, 20), qRgb(10, 20, 30));
    EXPECT_NE(document.image().pixel(9, 20), qRgb(10, 20, 30));
}

TEST(Document, AGestureIsOneStep)
{
    Document document;
    const core::LabelMap before = document.map();
    document.beginGesture();
    paintSquare(document, {0, 0, 5, 5});
    paintSquare(document, {50, 50, 5, 5});
    document.endGesture();

    document.undo();

    EXPECT_EQ(document.map(), before);
    EXPECT_FALSE(document.canUndo());
    EXPECT_TRUE(document.canRedo());
}

TEST(Document, ModifiedMeansOtherThanSaved)
{
    Document document;
    EXPECT_FALSE(document.modified());
    paintSquare(document, {0, 0, 5, 5});
    EXPECT_TRUE(document.modified());
    document.markSaved("map.png");
    EXPECT_FALSE(document.modified());
    document.undo();
    EXPECT_TRUE(document.modified());
    document.redo();
    EXPECT_FALSE(document.modified());
}

TEST(Document, AReplacedMapComesBackByUndo)
{
    Document document;
    paintSquare(document, {0, 0, 5, 5});
    const core::LabelMap before = document.map();
    QSignalSpy sizes(&document, &Document::sizeChanged);

    document.replace(core::LabelMap(300, 280, 1), "other.png");
    EXPECT_EQ(document.size(), QSize(300, 280));
    EXPECT_EQ(document.image().size(), QSize(300, 280));
    document.undo();

    EXPECT_EQ(document.map(), before);
    EXPECT_EQ(sizes.count(), 2);
}

TEST(Document, TheEmptyCanvasOfTheStartIsNoStep)
{
    Document document;
    document.replace(core::LabelMap(300, 280, 1), {});
    EXPECT_FALSE(document.canUndo());
    EXPECT_FALSE(document.modified());
}

TEST(Document, ReplacingDuringAGestureTakesTheGestureBack)
{
    Document document;
    const core::LabelMap before = document.map();
    document.beginGesture();
    paintSquare(document, {0, 0, 5, 5});
    document.newCanvas(256, 300);
    document.undo();
    EXPECT_EQ(document.map(), before);
}

TEST(Document, CanvasSidesAreClamped)
{
    Document document;
    document.newCanvas(1, 1'000'000);
    EXPECT_EQ(document.size(), QSize(256, 4096));
}

} // namespace

} // namespace tessera::ui
