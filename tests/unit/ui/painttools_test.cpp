#include "ui/painttools.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

struct Desk {
    Document document;
    PaintTools tools{document};

    void stroke(QPointF from, QPointF to, Qt::KeyboardModifiers modifiers = {})
    {
        tools.press(from, modifiers);
        tools.drag(to, modifiers);
        tools.release();
    }
    int at(int x, int y) const { return tools.labelAt({x, y}); }
};

TEST(PaintTools, ShiftDrawsAStraightLineFromTheLastPoint)
{
    Desk desk;
    desk.tools.setLabel(3);
    desk.tools.setBrushSize(4);
    desk.stroke({20, 20}, {20, 20});
    desk.stroke({120, 20}, {120, 20}, Qt::ShiftModifier);
    EXPECT_EQ(desk.at(70, 20), 3);
    desk.document.undo();
    EXPECT_EQ(desk.at(70, 20), 0);
    EXPECT_EQ(desk.at(20, 20), 3);
}

TEST(PaintTools, RectanglesHoldBothCornersWhicheverWayTheyAreDrawn)
{
    Desk desk;
    desk.tools.setTool(PaintTools::Rectangle);
    desk.tools.setLabel(2);
    desk.stroke({50.5, 60.5}, {40.5, 45.5});
    EXPECT_EQ(desk.at(40, 45), 2);
    EXPECT_EQ(desk.at(50, 60), 2);
    EXPECT_EQ(desk.at(51, 60), 0);
    EXPECT_EQ(desk.at(39, 45), 0);
}

TEST(PaintTools, ShiftMakesTheRectangleASquare)
{
    Desk desk;
    desk.tools.setTool(PaintTools::Rectangle);
    desk.tools.press({100, 100}, {});
    desk.tools.drag({80, 130}, Qt::ShiftModifier);
    EXPECT_EQ(desk.tools.pendingRectangle(), QRectF(70, 100, 31, 31));
    EXPECT_TRUE(desk.tools.cancelGesture());
    EXPECT_TRUE(desk.tools.pendingRectangle().isEmpty());
    EXPECT_FALSE(desk.tools.cancelGesture());
}

TEST(PaintTools, PickingVoidTakesTheEraserAndOutsideNothing)
{
    Desk desk;
    desk.tools.setTool(PaintTools::Picker);
    desk.tools.press({-5, 10}, {});
    desk.tools.release();
    EXPECT_EQ(desk.tools.tool(), PaintTools::Picker);
    desk.tools.press({5, 10}, {});
    desk.tools.release();
    EXPECT_EQ(desk.tools.tool(), PaintTools::Eraser);
    EXPECT_FALSE(desk.document.canUndo());
}

TEST(PaintTools, ADocumentReplacedUnderThePenStopsTheStroke)
{
    Desk desk;
    desk.tools.setLabel(2);
    desk.tools.press({50, 50}, {});
    desk.document.newCanvas(256, 256);
    desk.tools.drag({90, 50}, {});
    desk.tools.release();
    EXPECT_EQ(desk.at(90, 50), 0);
    EXPECT_FALSE(desk.document.modified());
}

TEST(PaintTools, BrushStepsGrowWithTheBrushAndStayInRange)
{
    Desk desk;
    desk.tools.setBrushSize(1);
    desk.tools.shrinkBrush(true);
    EXPECT_EQ(desk.tools.brushSize(), PaintTools::kSmallestBrush);
    int steps = 0;
    for (; desk.tools.brushSize() < PaintTools::kLargestBrush; ++steps)
        desk.tools.growBrush(false);
    EXPECT_LT(steps, 60);
    desk.tools.growBrush(true);
    EXPECT_EQ(desk.tools.brushSize(), PaintTools::kLargestBrush);
}

} // namespace

} // namespace tessera::ui
