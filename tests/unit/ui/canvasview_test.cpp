#include "ui/canvasview.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

constexpr QSizeF kPane(432, 332);

CanvasView &prepared(CanvasView &view)
{
    view.setPane(kPane);
    view.setImageSize({200, 100});
    return view;
}

TEST(CanvasView, FitsTheWholePictureWithAMargin)
{
    CanvasView view;
    prepared(view);
    EXPECT_DOUBLE_EQ(view.zoom(), 2.0);
    EXPECT_EQ(view.onScreen({0, 0, 200, 100}, kPane), QRectF(16, 66, 400, 200));
}

TEST(CanvasView, AFittedViewFollowsThePane)
{
    CanvasView view;
    prepared(view).setPane({232, 332});
    EXPECT_DOUBLE_EQ(view.zoom(), 1.0);
    view.zoomIn();
    const double zoom = view.zoom();
    view.setPane(kPane);
    EXPECT_DOUBLE_EQ(view.zoom(), zoom);
}

TEST(CanvasView, ScreenAndImageAreInverse)
{
    CanvasView view;
    prepared(view).zoomAt(3.7, {100, 50}, kPane);
    const QPointF point(17.25, 80.5);
    const QPointF back = view.toImage(view.toScreen(point, kPane), kPane);
    EXPECT_NEAR(back.x(), point.x(), 1e-9);
    EXPECT_NEAR(back.y(), point.y(), 1e-9);
}

TEST(CanvasView, ZoomKeepsThePointAndStaysInRange)
{
    CanvasView view;
    prepared(view);
    const QPointF screen(150, 140);
    const QPointF fixed = view.toImage(screen, kPane);
    view.zoomAt(1.5, screen, kPane);
    EXPECT_NEAR(view.toScreen(fixed, kPane).x(), screen.x(), 1e-9);
    view.zoomAt(1e9, screen, kPane);
    EXPECT_DOUBLE_EQ(view.zoom(), CanvasView::kLargestZoom);
    view.zoomAt(1e-9, screen, kPane);
    EXPECT_DOUBLE_EQ(view.zoom(), CanvasView::kSmallestZoom);
}

TEST(CanvasView, PanningNeverLosesThePicture)
{
    CanvasView view;
    prepared(view).pan({-1e6, 1e6});
    EXPECT_EQ(view.centre(), QPointF(200, 0));
}

TEST(CanvasView, APictureLargerThanTheCanvasIsReachedAndFittedOnDemand)
{
    CanvasView view;
    prepared(view).setPictureSize({400, 600});
    EXPECT_DOUBLE_EQ(view.zoom(), 2.0); // the canvas is what one paints on
    view.fit();
    EXPECT_DOUBLE_EQ(view.zoom(), 0.5);
    EXPECT_EQ(view.centre(), QPointF(200, 300));
    view.fit();
    EXPECT_DOUBLE_EQ(view.zoom(), 2.0);
    EXPECT_EQ(view.centre(), QPointF(100, 50));
    view.pan({-1e6, -1e6});
    EXPECT_EQ(view.centre(), QPointF(400, 600));
    view.setPictureSize({200, 100});
    EXPECT_EQ(view.centre(), QPointF(200, 100));
}

TEST(CanvasView, AViewOfAllFollowsThePicture)
{
    CanvasView view;
    prepared(view).setPictureSize({400, 600});
    view.fit();
    view.setPictureSize({200, 100});
    EXPECT_DOUBLE_EQ(view.zoom(), 2.0);
    view.zoomIn();
    const double zoom = view.zoom();
    view.setPictureSize({400, 600});
    EXPECT_DOUBLE_EQ(view.zoom(), zoom);
}

TEST(CanvasView, ActualPixelsAreTheScreensOwn)
{
    CanvasView view;
    prepared(view).setPixelRatio(2);
    EXPECT_DOUBLE_EQ(view.magnification(), 4.0);
    view.actualPixels();
    EXPECT_DOUBLE_EQ(view.zoom(), 0.5);
    EXPECT_DOUBLE_EQ(view.magnification(), 1.0);
    view.setPixelRatio(1); // the window went to another screen
    EXPECT_DOUBLE_EQ(view.magnification(), 0.5);
}

} // namespace

} // namespace tessera::ui
