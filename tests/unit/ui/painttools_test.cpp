#include "ui/painttools.h"

#include <gtest/gtest.h>

#include "ui/fielddocument.h"
#include "ui/labeldocument.h"

namespace tessera::ui
{

namespace
{

struct Desk {
    LabelDocument document;
    PaintTools tools{document};

    void stroke(QPointF from, QPointF to, Qt::KeyboardModifiers modifiers = {})
    {
        tools.press(from, modifiers);
        tools.drag(to, modifiers);
        tools.release();
    }
    int at(int x, int y) const { return document.map().at(x, y); }
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

TEST(PaintTools, ShiftMakesTheFillReplaceALabelWhereverItLies)
{
    Desk desk;
    desk.tools.setBrushSize(8);
    desk.tools.setLabel(3);
    desk.stroke({20, 20}, {20, 20});
    desk.stroke({220, 220}, {220, 220});
    desk.tools.setTool(PaintTools::Fill);
    desk.tools.setLabel(5);
    desk.stroke({20, 20}, {20, 20});
    EXPECT_EQ(desk.at(20, 20), 5);
    EXPECT_EQ(desk.at(220, 220), 3);
    desk.document.undo();
    desk.stroke({20, 20}, {20, 20}, Qt::ShiftModifier);
    EXPECT_EQ(desk.at(20, 20), 5);
    EXPECT_EQ(desk.at(220, 220), 5);
    EXPECT_EQ(desk.at(100, 100), 0);
    desk.document.undo(); // in one step
    EXPECT_EQ(desk.at(220, 220), 3);
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

TEST(PaintTools, ANewCanvasHasNoLastPoint)
{
    Desk desk;
    desk.tools.setBrushSize(4);
    desk.stroke({20, 20}, {20, 20});
    desk.document.newCanvas(512, 512);
    desk.stroke({120, 20}, {120, 20}, Qt::ShiftModifier);
    EXPECT_EQ(desk.at(120, 20), 1);
    EXPECT_EQ(desk.at(70, 20), 0);
    desk.document.undo();
    desk.document.undo();
    desk.stroke({120, 220}, {120, 220}, Qt::ShiftModifier);
    EXPECT_EQ(desk.at(120, 120), 0);
}

TEST(PaintTools, AnotherToolEndsTheStrokeUnderThePen)
{
    Desk desk;
    desk.tools.press({50, 50}, {});
    desk.tools.setTool(PaintTools::Eraser);
    desk.tools.drag({90, 50}, {});
    desk.tools.release();
    EXPECT_EQ(desk.at(50, 50), 1);
    EXPECT_EQ(desk.at(90, 50), 0);
    EXPECT_TRUE(desk.document.canUndo());
    desk.tools.press({50, 50}, {});
    desk.tools.setLabel(2);
    EXPECT_EQ(desk.at(50, 50), 0);
    EXPECT_EQ(desk.tools.tool(), PaintTools::Brush);
}

TEST(PaintTools, ThePickerPicksAsLongAsThePenIsDown)
{
    Desk desk;
    desk.tools.setBrushSize(4);
    desk.tools.setLabel(2);
    desk.stroke({50, 50}, {50, 50});
    desk.tools.setLabel(3);
    desk.stroke({90, 50}, {90, 50});
    desk.tools.setTool(PaintTools::Picker);
    desk.tools.press({50, 50}, {});
    EXPECT_EQ(desk.tools.label(), 2);
    desk.tools.drag({70, 50}, {}); // void
    desk.tools.drag({90, 50}, {});
    EXPECT_EQ(desk.tools.label(), 3);
    EXPECT_EQ(desk.tools.tool(), PaintTools::Picker);
    desk.tools.release();
    EXPECT_EQ(desk.tools.tool(), PaintTools::Brush);
}

TEST(PaintTools, ALabelOfAnotherNumberLeavesTheToolInHand)
{
    Desk desk;
    desk.tools.setTool(PaintTools::Eraser);
    desk.tools.useLabel(7);
    EXPECT_EQ(desk.tools.label(), 7);
    EXPECT_EQ(desk.tools.tool(), PaintTools::Eraser);
    desk.tools.setLabel(7);
    EXPECT_EQ(desk.tools.tool(), PaintTools::Brush);
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

TEST(PaintTools, WhereVoidIsNotZeroTheEraserAndThePickerKnow)
{
    Desk desk;
    core::LabelSet set;
    set.labels = {{0, "person", {}, "people", {}, {}, {}}, {1, "sky", {}, "sky", {}, {}, {}}};
    set.voidLabel = 255;
    desk.document.translateTo(set);
    desk.tools.setLabel(0);
    desk.stroke({50, 50}, {90, 50});
    EXPECT_EQ(desk.at(70, 50), 0);
    desk.tools.setTool(PaintTools::Eraser);
    desk.stroke({85, 50}, {95, 50});
    EXPECT_EQ(desk.at(90, 50), 255);

    desk.tools.setLabel(1);
    desk.stroke({50, 50}, {50, 50}, Qt::ControlModifier);
    EXPECT_EQ(desk.tools.label(), 0);
    EXPECT_EQ(desk.tools.tool(), PaintTools::Brush);
    desk.stroke({90, 50}, {90, 50}, Qt::ControlModifier);
    EXPECT_EQ(desk.tools.tool(), PaintTools::Eraser);
}

struct DepthDesk {
    FieldDocument document{FieldKind::Depth};
    PaintTools tools{document};
};

TEST(PaintTools, DepthIsPaintedAndPickedByItsLevel)
{
    DepthDesk desk;
    desk.tools.setLevel(0.75);
    desk.tools.press({100, 100}, {});
    desk.tools.release();
    EXPECT_EQ(desk.document.inkAt({100, 100}), 0.5);
    EXPECT_EQ(desk.document.inkAt({300, 100}), -1.0);

    desk.tools.setLevel(0.1);
    desk.tools.press({100, 100}, Qt::ControlModifier);
    desk.tools.release();
    EXPECT_DOUBLE_EQ(desk.tools.level(), 0.75);
}

TEST(PaintTools, AGradientRunsFromTheLevelToItsEndAndIsOneStep)
{
    DepthDesk desk;
    desk.tools.setTool(PaintTools::Gradient);
    desk.tools.press({256, 400.5}, {});
    desk.tools.drag({230, 200.5}, Qt::ShiftModifier);
    EXPECT_TRUE(desk.tools.gradientPending());
    EXPECT_EQ(desk.tools.gradientTo(), QPointF(256, 200.5));
    desk.tools.release();

    EXPECT_FALSE(desk.tools.gradientPending());
    EXPECT_EQ(desk.document.inkAt({10, 500}), 1.0);
    EXPECT_EQ(desk.document.inkAt({500, 100}), -1.0);
    EXPECT_NEAR(*desk.document.inkAt({40, 300}), 0.0, 1e-6);
    desk.document.undo();
    EXPECT_EQ(desk.document.inkAt({10, 500}), -1.0);
    EXPECT_FALSE(desk.document.canUndo());
}

TEST(PaintTools, EachDocumentHasItsBrushAndTheGradientIsPutAway)
{
    LabelDocument labels;
    FieldDocument edges(FieldKind::Edges);
    PaintTools tools(labels);
    tools.setBrushSize(100);
    tools.setDocument(edges);
    EXPECT_EQ(tools.brushSize(), 4);
    tools.setTool(PaintTools::Gradient);
    tools.setDocument(labels);
    EXPECT_EQ(tools.brushSize(), 100);
    EXPECT_EQ(tools.tool(), PaintTools::Brush);
}

TEST(PaintTools, EdgesAreLinesWhateverTheLevelOfDepthIs)
{
    FieldDocument depth(FieldKind::Depth), edges(FieldKind::Edges);
    PaintTools tools(depth);
    tools.setLevel(0.25);
    tools.setDocument(edges);
    tools.press({50, 50}, {});
    tools.release();
    EXPECT_EQ(edges.inkAt({50, 50}), 1.0);

    tools.press({200, 200}, Qt::ControlModifier); // picks
    tools.release();
    EXPECT_EQ(tools.tool(), PaintTools::Eraser);
    tools.press({50, 50}, Qt::ControlModifier);
    tools.release();
    EXPECT_EQ(tools.tool(), PaintTools::Brush);
    tools.setDocument(depth);
    EXPECT_EQ(tools.level(), 0.25);
}

TEST(PaintTools, AnotherDocumentUnderThePenKeepsTheStroke)
{
    LabelDocument labels;
    FieldDocument edges(FieldKind::Edges);
    PaintTools tools(labels);
    tools.press({50, 50}, {});
    tools.setDocument(edges);
    tools.drag({90, 50}, {});
    tools.release();
    EXPECT_EQ(labels.inkAt({50, 50}), 1.0);
    EXPECT_TRUE(labels.canUndo());
    EXPECT_FALSE(edges.canUndo());
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
