#include "ui/labeldocument.h"

#include <gtest/gtest.h>

#include <new>
#include <utility>

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

// As COCO-Stuff numbers its labels: 0 is one of them, and the unpainted is 255.
core::LabelSet voidApart()
{
    core::LabelSet set;
    set.name = "apart";
    set.labels = {{0, "person", {200, 0, 0}, "people", {}, {}, {}}, {1, "sky", {10, 20, 30}, "sky", {}, {}, {}}};
    set.voidLabel = 255;
    return set;
}

void paintSquare(LabelDocument &document, const core::PixelRect &area)
{
    document.apply([&](core::LabelMap &map) { return core::fillRect(map, area, 1); });
}

TEST(LabelDocument, OnlyTheChangedRectangleIsAnnouncedAndShown)
{
    LabelDocument document;
    document.translateTo(twoLabels());
    QSignalSpy changed(&document, &LabelDocument::changed);

    paintSquare(document, {10, 20, 30, 40});

    ASSERT_EQ(changed.count(), 1);
    EXPECT_EQ(changed[0][0].toRect(), QRect(10, 20, 30, 40));
    EXPECT_EQ(document.image().pixel(10, 20), qRgb(10, 20, 30));
    EXPECT_NE(document.image().pixel(9, 20), qRgb(10, 20, 30));
}

TEST(LabelDocument, AGestureIsOneStep)
{
    LabelDocument document;
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

TEST(LabelDocument, ModifiedMeansOtherThanSaved)
{
    LabelDocument document;
    EXPECT_FALSE(document.modified());
    paintSquare(document, {0, 0, 5, 5});
    EXPECT_TRUE(document.modified());
    document.markSaved("map.png", document.stateId());
    EXPECT_FALSE(document.modified());
    document.undo();
    EXPECT_TRUE(document.modified());
    document.redo();
    EXPECT_FALSE(document.modified());
}

TEST(LabelDocument, AReplacedMapComesBackByUndo)
{
    LabelDocument document;
    paintSquare(document, {0, 0, 5, 5});
    const core::LabelMap before = document.map();
    QSignalSpy sizes(&document, &LabelDocument::sizeChanged);

    document.replace(core::LabelMap(300, 280, 1), "other.png");
    EXPECT_EQ(document.size(), QSize(300, 280));
    EXPECT_EQ(document.image().size(), QSize(300, 280));
    document.undo();

    EXPECT_EQ(document.map(), before);
    EXPECT_EQ(sizes.count(), 2);
}

TEST(LabelDocument, StrokesThatANewCanvasTookThePlaceOfAreNotSavedYet)
{
    LabelDocument document;
    paintSquare(document, {0, 0, 5, 5});
    document.newCanvas(300, 280);
    EXPECT_FALSE(document.modified());
    EXPECT_TRUE(document.unsaved());
    document.replace(core::LabelMap(256, 256, 1), "other.png");
    EXPECT_TRUE(document.unsaved());

    document.undo();
    document.undo();
    document.markSaved("map.png", document.stateId());
    document.redo();
    EXPECT_FALSE(document.unsaved());
}

TEST(LabelDocument, WhatWasDrawnInAnotherWayAfterAnUndoneNewCanvasIsSaved)
{
    LabelDocument document;
    paintSquare(document, {0, 0, 5, 5});
    document.newCanvas(300, 280);
    document.undo();
    paintSquare(document, {50, 50, 5, 5});
    document.markSaved("map.png", document.stateId());
    EXPECT_FALSE(document.unsaved());
}

TEST(LabelDocument, EachMapComesBackWithItsFile)
{
    LabelDocument document;
    document.replace(core::LabelMap(256, 256, 1), "a.png");
    document.replace(core::LabelMap(300, 280, 1), "b.png");
    document.newCanvas(256, 256);
    EXPECT_EQ(document.title(), "Untitled map");
    document.undo();
    EXPECT_EQ(document.title(), "b.png");
    EXPECT_FALSE(document.modified());
    document.undo();
    EXPECT_EQ(document.title(), "a.png");
    EXPECT_FALSE(document.modified());
    document.redo();
    EXPECT_EQ(document.title(), "b.png");
    EXPECT_FALSE(document.unsaved());
}

TEST(LabelDocument, AFileThatWasWrittenOverHoldsTheFormerMapNoLonger)
{
    LabelDocument document;
    document.replace(core::LabelMap(256, 256, 1), "a.png");
    document.newCanvas(300, 280);
    paintSquare(document, {0, 0, 5, 5});
    document.markSaved("a.png", document.stateId());
    EXPECT_FALSE(document.unsaved());
    document.undo();
    document.undo();
    EXPECT_EQ(document.title(), "a.png");
    EXPECT_TRUE(document.modified());
}

TEST(LabelDocument, AnotherNameIsTheNameOfTheStrokesBeforeToo)
{
    LabelDocument document;
    document.replace(core::LabelMap(256, 256), "a.png");
    paintSquare(document, {0, 0, 5, 5});
    document.markSaved("b.png", document.stateId());
    document.undo();
    EXPECT_EQ(document.title(), "b.png");
    EXPECT_TRUE(document.modified());
}

TEST(LabelDocument, TheEmptyCanvasOfTheStartIsNoStep)
{
    LabelDocument document;
    document.replace(core::LabelMap(300, 280, 1), {});
    EXPECT_FALSE(document.canUndo());
    EXPECT_FALSE(document.modified());
}

TEST(LabelDocument, ReplacingDuringAGestureTakesTheGestureBack)
{
    LabelDocument document;
    const core::LabelMap before = document.map();
    document.beginGesture();
    paintSquare(document, {0, 0, 5, 5});
    document.newCanvas(256, 300);
    document.undo();
    EXPECT_EQ(document.map(), before);
}

TEST(LabelDocument, CanvasSidesAreClamped)
{
    LabelDocument document;
    document.newCanvas(1, 1'000'000);
    EXPECT_EQ(document.size(), QSize(256, 4096));
}

TEST(LabelDocument, ABlankCanvasIsTheSetsVoid)
{
    LabelDocument document;
    document.translateTo(voidApart());
    EXPECT_EQ(document.map(), core::LabelMap(512, 512, 255));
    EXPECT_FALSE(document.canUndo());
    EXPECT_FALSE(document.modified());
    document.newCanvas(300, 280);
    EXPECT_EQ(document.map(), core::LabelMap(300, 280, 255));
}

TEST(LabelDocument, LabelZeroIsShownInItsColourWhereItIsNotVoid)
{
    LabelDocument document;
    document.translateTo(voidApart());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 10, 10}, 0); });
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(200, 0, 0));
    EXPECT_NE(document.image().pixel(50, 50), qRgb(200, 0, 0));
    EXPECT_EQ(document.textAt({5, 5}), "person");
    EXPECT_EQ(document.textAt({50, 50}), "unpainted");
    EXPECT_EQ(document.textAt({-1, 5}), "");
}

TEST(LabelDocument, ATranslatedMapComesBackWithItsSetByUndo)
{
    LabelDocument document;
    document.translateTo(voidApart());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 10, 10}, 0); });
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {20, 0, 10, 10}, 1); });
    const core::LabelMap before = document.map();

    const LabelDocument::Translation translation = document.translateTo(twoLabels());

    EXPECT_TRUE(translation.done);
    EXPECT_EQ(translation.unmapped, 100u); // a person is nothing to a set that knows the sky
    EXPECT_EQ(document.inkAt({5, 5}), 0.0);
    EXPECT_EQ(document.inkAt({25, 5}), 1.0);
    document.undo();
    EXPECT_EQ(document.map(), before);
    EXPECT_EQ(document.labelSet(), voidApart());
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(200, 0, 0));
    document.redo();
    EXPECT_EQ(document.labelSet(), twoLabels());
}

TEST(LabelDocument, StepsAfterAnUndoneTranslationBelongToTheOldSet)
{
    LabelDocument document;
    document.translateTo(voidApart());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 10, 10}, 0); });
    document.translateTo(twoLabels());
    document.undo();
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 20, 10, 10}, 1); });
    document.undo();
    document.redo();
    EXPECT_EQ(document.labelSet(), voidApart());
    EXPECT_EQ(document.blankInk(), 255.0);
}

TEST(LabelDocument, WhatARedoBringsBackKeepsItsSet)
{
    core::LabelSet numbered = twoLabels();
    numbered.name = "numbered";
    LabelDocument document;
    document.translateTo(twoLabels());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 10, 10}, 1); });
    document.undo();
    document.translateTo(numbered); // changes no pixel, so the redo is still there
    EXPECT_EQ(document.labelSet(), numbered);
    ASSERT_TRUE(document.canRedo());
    document.redo();
    EXPECT_EQ(document.labelSet(), twoLabels());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {20, 0, 10, 10}, 1); });
    EXPECT_EQ(document.labelSet(), twoLabels());
}

TEST(LabelDocument, TranslatingASavedMapLosesNothing)
{
    LabelDocument document;
    document.translateTo(voidApart());
    document.replace(core::LabelMap(300, 280, 1), "map.png");
    document.translateTo(twoLabels());
    EXPECT_FALSE(document.modified());
    document.undo();
    EXPECT_FALSE(document.modified());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 10, 10}, 0); });
    EXPECT_TRUE(document.modified());
}

// Painting its image fails once where it is told to.
class ShortOfMemory : public LabelDocument
{
public:
    mutable bool fails = false;

protected:
    void paintImage(QImage &target, const QRect &area) const override
    {
        if (std::exchange(fails, false))
            throw std::bad_alloc();
        LabelDocument::paintImage(target, area);
    }
};

TEST(LabelDocument, AMapThatCouldNotBeTranslatedKeepsItsWords)
{
    ShortOfMemory document;
    document.translateTo(voidApart());
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 10, 10}, 0); });
    const core::LabelMap before = document.map();
    const QImage shown = document.image();

    document.fails = true;
    EXPECT_THROW(document.translateTo(twoLabels()), std::bad_alloc);

    EXPECT_EQ(document.map(), before);
    EXPECT_EQ(document.labelSet(), voidApart());
    EXPECT_EQ(document.image(), shown);
}

} // namespace

} // namespace tessera::ui
