// Painting by mouse and keys in the real window.

#include <gtest/gtest.h>

#include "painterwindow.h"

namespace tessera::tests
{

namespace
{

constexpr int kGrass = 10;
constexpr int kWater = 20;

// Lets a test tell a pane what its window would.
class Pane : public ui::PictureItem
{
public:
    using ui::PictureItem::itemChange;
};

TEST(Painting, AStrokePaintsTheLabelAlongTheLine)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.session.tools()->setBrushSize(20);

    painter.stroke({100, 200}, {300, 200});

    EXPECT_EQ(painter.labelAt(100, 200), kGrass);
    EXPECT_EQ(painter.labelAt(200, 200), kGrass);
    EXPECT_EQ(painter.labelAt(300, 200), kGrass);
    EXPECT_EQ(painter.labelAt(200, 230), 0);
    EXPECT_TRUE(painter.session.document()->modified());
}

TEST(Painting, TheCanvasShowsWhatWasPainted)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.session.tools()->setBrushSize(64);
    painter.stroke({256, 256}, {300, 256});
    painter.moveTo({10, 10});

    const QImage shot = painter.grab();

    EXPECT_EQ(shot.pixelColor(painter.onScreen({280, 256})), painter.session.palette()->colorOf(kGrass));
}

TEST(Painting, ALargerCanvasStaysInItsPane)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(512, 256);
    const QImage before = painter.grab();
    painter.session.document()->newCanvas(2048, 2048); // in 16 tiles instead of one
    painter.session.tools()->setLabel(kGrass);
    painter.session.tools()->setBrushSize(512);
    painter.stroke({900, 1024}, {1100, 1024});
    painter.moveTo({10, 10});
    const QImage after = painter.grab();

    EXPECT_EQ(after.pixelColor(painter.onScreen({1000, 1024})), painter.session.palette()->colorOf(kGrass));
    const QQuickItem *tools = painter.item("fillTool");
    const QRect place = tools->mapRectToScene(QRectF(0, 0, tools->width(), tools->height())).toRect();
    EXPECT_EQ(after.copy(place), before.copy(place));
}

TEST(Painting, UndoAndRedoRestoreThePixelsExactly)
{
    PainterWindow painter;
    const core::LabelMap empty = painter.session.labels()->map();
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 180});
    const core::LabelMap once = painter.session.labels()->map();
    painter.session.tools()->setLabel(kWater);
    painter.stroke({120, 100}, {240, 300});
    const core::LabelMap twice = painter.session.labels()->map();

    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), once);
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), empty);
    EXPECT_FALSE(painter.session.document()->modified());
    EXPECT_FALSE(painter.item("undoButton")->isEnabled());
    painter.key(Qt::Key_Z, Qt::ControlModifier | Qt::ShiftModifier);
    EXPECT_EQ(painter.session.labels()->map(), once);
    painter.key(Qt::Key_Y, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), twice);
    painter.click("undoButton");
    EXPECT_EQ(painter.session.labels()->map(), once);
}

TEST(Painting, BracketsChangeTheBrush)
{
    PainterWindow painter;
    ui::PaintTools &tools = *painter.session.tools();
    tools.setBrushSize(32);

    painter.key(Qt::Key_BracketLeft);
    EXPECT_EQ(tools.brushSize(), 28);
    painter.key(Qt::Key_BracketRight);
    painter.key(Qt::Key_Plus);
    EXPECT_GT(tools.brushSize(), 32);
    painter.key(Qt::Key_Minus);
    const int before = tools.brushSize();
    painter.key(Qt::Key_BracketLeft, Qt::ShiftModifier);
    EXPECT_LE(tools.brushSize(), before / 2 + 1);
    painter.key(Qt::Key_BraceRight, Qt::ShiftModifier); // what Shift+] is on an American keyboard
    EXPECT_GT(tools.brushSize(), before / 2 + 1);
}

TEST(Painting, TheBracketsPlacesWorkOnOtherKeyboards)
{
    PainterWindow painter;
    const int before = painter.session.tools()->brushSize();
    constexpr quint32 kPlaceOfLeftBracket = 34;
    QKeyEvent key(QEvent::KeyPress, Qt::Key_Udiaeresis, {}, kPlaceOfLeftBracket, 0, 0, QString(QChar(0xfc)));
    QCoreApplication::sendEvent(painter.window, &key);
    EXPECT_LT(painter.session.tools()->brushSize(), before);
}

TEST(Painting, TheOutlineIsAsLargeAsTheBrush)
{
    PainterWindow painter;
    painter.session.tools()->setBrushSize(40);
    painter.moveTo({200, 200});
    QQuickItem *outline = painter.item("brushOutline");
    ASSERT_TRUE(QTest::qWaitFor([&] { return outline->isVisible(); }, kWaitMs));

    EXPECT_NEAR(outline->width(), 40 * painter.session.view()->zoom(), 0.01);
    const QPointF middle = outline->mapToScene({outline->width() / 2, outline->height() / 2});
    EXPECT_LE((middle.toPoint() - painter.onScreen({200, 200})).manhattanLength(), 2);
}

TEST(Painting, WhatLiesUnderTheCursorIsSaidAsSoonAsItChanges)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.moveTo({190, 200});
    painter.moveTo({200, 200});
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.text("hoverText").startsWith("unpainted"); }, kWaitMs));
    painter.press({200, 200});
    EXPECT_TRUE(painter.text("hoverText").startsWith("grass")) << painter.text("hoverText").toStdString();
    painter.release({200, 200});
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_TRUE(painter.text("hoverText").startsWith("unpainted")) << painter.text("hoverText").toStdString();
}

TEST(Painting, TheEraserLeavesVoid)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});
    painter.key(Qt::Key_E);
    EXPECT_EQ(painter.text("currentLabelText"), "Unpainted");

    painter.stroke({150, 100}, {150, 110});

    EXPECT_EQ(painter.labelAt(150, 100), 0);
    EXPECT_EQ(painter.labelAt(100, 100), kGrass);
}

TEST(Painting, FillFloodsTheConnectedArea)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kWater);
    painter.session.tools()->setBrushSize(10);
    painter.stroke({0, 250}, {511, 250}); // cuts the canvas in two
    painter.session.tools()->setLabel(kGrass);
    painter.key(Qt::Key_F);

    painter.stroke({100, 400}, {100, 400});

    EXPECT_EQ(painter.labelAt(500, 500), kGrass);
    EXPECT_EQ(painter.labelAt(100, 250), kWater);
    EXPECT_EQ(painter.labelAt(100, 100), 0);
}

TEST(Painting, ARectangleIsShownWhileDrawnAndPaintedOnRelease)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.click("rectangleTool");

    painter.press({100, 120});
    painter.moveTo({200, 220});
    EXPECT_TRUE(painter.shown("pendingRectangle"));
    EXPECT_EQ(painter.labelAt(150, 150), 0);
    painter.release({200, 220});

    EXPECT_FALSE(painter.shown("pendingRectangle"));
    EXPECT_EQ(painter.labelAt(150, 150), kGrass);
    EXPECT_EQ(painter.labelAt(90, 150), 0);
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.labelAt(150, 150), 0);
}

TEST(Painting, EscTakesBackTheStrokeUnderWay)
{
    PainterWindow painter;
    const core::LabelMap before = painter.session.labels()->map();
    painter.press({100, 100});
    painter.moveTo({200, 200});
    EXPECT_NE(painter.session.labels()->map(), before);

    painter.key(Qt::Key_Escape);
    painter.moveTo({250, 200});
    painter.release({250, 200});

    EXPECT_EQ(painter.session.labels()->map(), before);
    EXPECT_FALSE(painter.session.document()->canUndo());
}

TEST(Painting, CtrlClickAndTheEyedropperPickTheLabel)
{
    PainterWindow painter;
    ui::PaintTools &tools = *painter.session.tools();
    tools.setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});
    tools.setLabel(kWater);

    painter.stroke({150, 100}, {150, 100}, Qt::ControlModifier);
    EXPECT_EQ(tools.label(), kGrass);
    EXPECT_EQ(painter.labelAt(150, 100), kGrass);

    tools.setLabel(kWater);
    painter.key(Qt::Key_I);
    painter.stroke({150, 100}, {150, 100});
    EXPECT_EQ(tools.label(), kGrass);
    EXPECT_EQ(tools.tool(), ui::PaintTools::Brush); // one picks to paint
}

TEST(Painting, ThePaletteFindsChoosesAndGivesTheKeysBack)
{
    PainterWindow painter;
    painter.key(Qt::Key_F, Qt::ControlModifier);
    painter.type("beach"); // a synonym of sand; "b" and "e" must not change the tool
    EXPECT_EQ(painter.session.palette()->count(), 1);
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Brush);

    painter.key(Qt::Key_Return);
    EXPECT_EQ(painter.text("currentLabelText"), "sand");
    EXPECT_EQ(painter.session.palette()->filter(), "");
    painter.key(Qt::Key_E);
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Eraser);
    painter.click("label2");
    EXPECT_EQ(painter.text("currentLabelText"), "cloud");
    EXPECT_EQ(painter.session.tools()->tool(), ui::PaintTools::Brush);
}

TEST(Painting, DigitsChooseLabels)
{
    PainterWindow painter;
    painter.key(Qt::Key_3);
    EXPECT_EQ(painter.session.tools()->label(), painter.session.palette()->labelForDigit(3));
    painter.key(Qt::Key_1);
    EXPECT_EQ(painter.session.tools()->label(), painter.session.palette()->labelForDigit(1));
}

TEST(Painting, WheelZoomKeepsThePointUnderTheCursor)
{
    PainterWindow painter;
    const QPointF fixed(100, 150);
    const QPoint screen = painter.onScreen(fixed);
    const double before = painter.session.view()->zoom();

    QWheelEvent wheel(screen, painter.window->mapToGlobal(screen), {}, {0, 240}, Qt::NoButton, {}, Qt::NoScrollPhase,
                      false);
    QCoreApplication::sendEvent(painter.window, &wheel);

    EXPECT_GT(painter.session.view()->zoom(), before * 1.2);
    EXPECT_LE((painter.onScreen(fixed) - screen).manhattanLength(), 2);
    painter.key(Qt::Key_1, Qt::ControlModifier);
    EXPECT_DOUBLE_EQ(painter.session.view()->zoom(), 1.0);
    painter.key(Qt::Key_0, Qt::ControlModifier);
    EXPECT_DOUBLE_EQ(painter.session.view()->zoom(), before);
}

TEST(Painting, OnADenseScreenActualPixelsAreTheScreensOwn)
{
    PainterWindow painter;
    ui::CanvasView &view = *painter.session.view();
    Pane pane;
    pane.setView(&view);
    view.setPixelRatio(3);
    pane.setParentItem(painter.window->contentItem()); // a pane that comes into a window tells its ratio
    EXPECT_DOUBLE_EQ(view.pixelRatio(), painter.window->effectiveDevicePixelRatio());
    pane.itemChange(QQuickItem::ItemDevicePixelRatioHasChanged, QQuickItem::ItemChangeData(2.0));
    painter.key(Qt::Key_1, Qt::ControlModifier);
    EXPECT_DOUBLE_EQ(view.zoom(), 0.5);
    EXPECT_EQ(painter.text("zoomText"), "100 %");
}

TEST(Painting, ALargerPictureIsSeenWholeBesideANewCanvas)
{
    PainterWindow painter;
    QImage picture(1024, 1024, QImage::Format_RGB32);
    picture.fill(Qt::red);
    painter.session.picture()->show(picture);
    painter.session.document()->newCanvas(256, 256);
    ui::CanvasView &view = *painter.session.view();
    const QSizeF pane = painter.canvas()->size();
    const auto whole = [&](int side) {
        return QRectF(QPointF(), pane).contains(view.onScreen({0, 0, double(side), double(side)}, pane));
    };
    EXPECT_TRUE(whole(256));
    EXPECT_FALSE(whole(1024));
    painter.key(Qt::Key_0, Qt::ControlModifier);
    EXPECT_TRUE(whole(1024));
    painter.key(Qt::Key_1, Qt::ControlModifier);
    view.pan({-1e6, -1e6});
    EXPECT_EQ(view.centre(), QPointF(1024, 1024));
}

TEST(Painting, SpaceAndMiddleButtonPanWithoutPainting)
{
    PainterWindow painter;
    const core::LabelMap before = painter.session.labels()->map();
    painter.key(Qt::Key_1, Qt::ControlModifier);
    const QPointF start = painter.session.view()->centre();
    const QPoint from = painter.onScreen(start);

    QTest::keyPress(painter.window, Qt::Key_Space);
    QTest::mousePress(painter.window, Qt::LeftButton, {}, from);
    QTest::mouseMove(painter.window, from + QPoint(40, 0));
    QTest::mouseRelease(painter.window, Qt::LeftButton, {}, from + QPoint(40, 0));
    QTest::keyRelease(painter.window, Qt::Key_Space);
    EXPECT_NEAR(painter.session.view()->centre().x(), start.x() - 40, 1e-6);

    QTest::mousePress(painter.window, Qt::MiddleButton, {}, from);
    QTest::mouseMove(painter.window, from - QPoint(40, 0));
    QTest::mouseRelease(painter.window, Qt::MiddleButton, {}, from - QPoint(40, 0));
    EXPECT_NEAR(painter.session.view()->centre().x(), start.x(), 1e-6);
    EXPECT_EQ(painter.session.labels()->map(), before);
}

TEST(Painting, TheStrokeEndsWithTheButtonThatBeganIt)
{
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.press({100, 100});
    QTest::mousePress(painter.window, Qt::MiddleButton, {}, painter.onScreen({100, 100}));
    QTest::mouseRelease(painter.window, Qt::LeftButton, {}, painter.onScreen({100, 100}));
    painter.moveTo({200, 100});
    QTest::mouseRelease(painter.window, Qt::MiddleButton, {}, painter.onScreen({200, 100}));
    EXPECT_EQ(painter.labelAt(100, 100), kGrass);
    EXPECT_EQ(painter.labelAt(200, 100), 0);
}

} // namespace

} // namespace tessera::tests
