#include "ui/fielddocument.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

TEST(FieldDocument, BeginsFarAndShowsNearBright)
{
    FieldDocument document(FieldKind::Depth);
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(0, 0, 0));
    document.fillRect({0, 0, 20, 20}, 1);
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(255, 255, 255));
    EXPECT_EQ(document.textAt({5, 5}), "nearness 100 %");
    EXPECT_EQ(document.textAt({30, 5}), "nearness 0 %");
    EXPECT_TRUE(document.modified());
    document.undo();
    EXPECT_EQ(document.image().pixel(5, 5), qRgb(0, 0, 0));
    EXPECT_FALSE(document.modified());
}

TEST(FieldDocument, EdgesAreSaidAsSuch)
{
    FieldDocument document(FieldKind::Edges);
    document.paintStroke({10, 10}, {50, 10}, 4, 1);
    EXPECT_EQ(document.textAt({30, 10}), "edge");
    EXPECT_EQ(document.textAt({30, 30}), "no edge");
}

TEST(FieldDocument, OnlyAMapNotBegunTakesAnotherSize)
{
    FieldDocument document(FieldKind::Depth);
    document.takeSize({1024, 512});
    EXPECT_EQ(document.size(), QSize(1024, 512));
    EXPECT_FALSE(document.canUndo());
    document.floodFill({0, 0}, 0.5);
    document.takeSize({256, 256});
    EXPECT_EQ(document.size(), QSize(1024, 512));
    EXPECT_EQ(document.inkAt({1000, 500}), 0.5);
}

TEST(FieldDocument, IsFlatWhereItHoldsTheSameEverywhere)
{
    FieldDocument document(FieldKind::Depth);
    document.floodFill({0, 0}, 0.5);
    EXPECT_TRUE(document.flat());
    document.fillRect({511, 511, 1, 1}, 0.25);
    EXPECT_FALSE(document.flat());
}

core::FieldMap flat(float value)
{
    return {300, 280, std::vector<float>(300 * 280, value)};
}

TEST(FieldDocument, AnOfferIsTakenWhereNothingWasDrawnAndUndoTakesItBack)
{
    FieldDocument document(FieldKind::Depth);
    document.offer(flat(0.5));
    EXPECT_EQ(document.map(), flat(0.5));
    EXPECT_FALSE(document.modified());
    document.offer(flat(0.25)); // the one before was only made
    EXPECT_EQ(document.map(), flat(0.25));
    document.undo();
    EXPECT_EQ(document.map(), flat(0.5));

    document.offer(flat(1)); // would take away what can be redone
    EXPECT_EQ(document.map(), flat(0.5));
    document.redo();
    EXPECT_EQ(document.map(), flat(0.25));
}

TEST(FieldDocument, AnOfferCoversNeitherWhatWasDrawnNorWhatHasAFile)
{
    FieldDocument drawn(FieldKind::Depth);
    drawn.fillRect({0, 0, 20, 20}, 1);
    const core::FieldMap before = drawn.map();
    drawn.offer(flat(0.5));
    EXPECT_EQ(drawn.map(), before);
    drawn.newCanvas(256, 256);
    drawn.offer(flat(0.5));
    EXPECT_EQ(drawn.map(), flat(0.5));

    FieldDocument opened(FieldKind::Depth);
    opened.replace(flat(-1), "far.png");
    opened.offer(flat(0.5));
    EXPECT_EQ(opened.map(), flat(-1));

    FieldDocument saved(FieldKind::Depth);
    saved.replaceMade(flat(0.5));
    saved.markSaved("made.png", saved.stateId());
    saved.offer(flat(0.25));
    EXPECT_EQ(saved.map(), flat(0.5));
}

} // namespace

} // namespace tessera::ui
