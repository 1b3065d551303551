// Rendering in the real window with a scripted backend.

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

#include <QAccessible>

#include "painterwindow.h"

namespace tessera::tests
{

namespace
{

constexpr int kGrass = 10;
constexpr int kCodes = 256; // of a 256 x 256 canvas

// Lets codes through one by one as the test says.
struct Gate {
    std::counting_semaphore<100000> permits{0};

    ui::FakeScript script()
    {
        ui::FakeScript script;
        script.beforeCode = [this](int) { permits.acquire(); };
        return script;
    }
    void let(int codes) { permits.release(codes); }
};

bool idle(PainterWindow &painter)
{
    return QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs);
}

bool reached(PainterWindow &painter, int codes)
{
    return QTest::qWaitFor([&] { return painter.session.controller()->codesDone() >= codes; }, kWaitMs);
}

TEST(Rendering, ThePictureGrowsWithTheAttentionWindowOnIt)
{
    Gate gate;
    PainterWindow painter(gate.script());
    painter.session.document()->newCanvas(256, 256);
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
    ASSERT_TRUE(painter.loadModel());
    EXPECT_TRUE(painter.shown("hintTitle"));

    painter.key(Qt::Key_Return, Qt::ControlModifier);
    gate.let(128);
    ASSERT_TRUE(reached(painter, 128));

    EXPECT_TRUE(painter.shown("windowRectangle"));
    EXPECT_TRUE(painter.shown("cancelButton"));
    EXPECT_FALSE(painter.session.picture()->empty());
    const QImage half = painter.session.picture()->image();
    EXPECT_NE(half.pixel(10, 10), half.pixel(10, 250)); // above drawn, below not yet
    EXPECT_NEAR(painter.item("renderProgress")->width(), painter.item("pictureCanvas")->width() / 2, 2);
    QAccessibleInterface *bar = QAccessible::queryAccessibleInterface(painter.item("renderProgress"));
    EXPECT_EQ(bar->text(QAccessible::Description), "50 %");

    gate.let(kCodes);
    ASSERT_TRUE(idle(painter));
    EXPECT_FALSE(painter.shown("windowRectangle"));
    EXPECT_FALSE(painter.shown("cancelButton"));
    EXPECT_NE(painter.session.picture()->image(), half);
    EXPECT_TRUE(painter.session.picture()->unsaved());
}

TEST(Rendering, LargeCanvasesAreDrawnInTheStepsThatTheModelCanAfford)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    for (const auto &[width, steps] : {std::pair{512, true}, {256, false}}) {
        painter.session.document()->newCanvas(width, 256);
        painter.key(Qt::Key_Return, Qt::ControlModifier);
        ASSERT_TRUE(idle(painter));
        EXPECT_EQ(painter.session.controller()->lastResult().endsWith(" · steps of 8"), steps) << width;
    }
}

TEST(Rendering, CancelKeepsWhatIsDone)
{
    Gate gate;
    PainterWindow painter(gate.script());
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.click("renderButton");
    gate.let(100);
    ASSERT_TRUE(reached(painter, 100));

    painter.key(Qt::Key_Escape);
    gate.let(1); // the code that was under way
    ASSERT_TRUE(idle(painter));

    EXPECT_FALSE(painter.session.picture()->empty());
    EXPECT_TRUE(painter.session.controller()->lastResult().startsWith("Stopped at 10"));
    EXPECT_FALSE(painter.session.notices()->shown());
}

TEST(Rendering, TheWholePictureComesBackFromUnderAStoppedOne)
{
    Gate gate;
    PainterWindow painter(gate.script());
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    gate.let(kCodes);
    ASSERT_TRUE(idle(painter));
    const QImage whole = painter.session.picture()->image();
    EXPECT_FALSE(painter.shown("formerPictureButton"));

    painter.session.settings()->setSeed(2);
    painter.session.render();
    gate.let(100);
    ASSERT_TRUE(reached(painter, 100));
    painter.key(Qt::Key_Escape);
    gate.let(1);
    ASSERT_TRUE(idle(painter));
    EXPECT_NE(painter.session.picture()->image(), whole);
    EXPECT_TRUE(painter.text("pictureTitle").startsWith("Stopped at 10"));
    painter.saveScreenshot("stopped.png");
    painter.click("formerPictureButton");

    EXPECT_EQ(painter.session.picture()->image(), whole);
    EXPECT_TRUE(painter.text("pictureTitle").startsWith("256 codes in"));
    EXPECT_EQ(painter.session.unsavedText(), "The picture is not saved.");
}

TEST(Rendering, PaintingGoesOnDuringARender)
{
    Gate gate;
    PainterWindow painter(gate.script());
    ASSERT_TRUE(painter.loadModel());
    painter.click("renderButton");
    gate.let(10);
    ASSERT_TRUE(reached(painter, 10));

    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});

    EXPECT_EQ(painter.labelAt(150, 100), kGrass);
    EXPECT_TRUE(painter.session.controller()->busy());
    painter.key(Qt::Key_Escape);
    gate.let(1);
    ASSERT_TRUE(idle(painter));
}

TEST(Rendering, AnErrorShowsABannerAndKeepsTheDocument)
{
    ui::FakeScript script;
    script.renderError = Error(ErrorCode::Device, "The scripted device gave up");
    script.failAt = 40;
    PainterWindow painter(std::move(script));
    ASSERT_TRUE(painter.loadModel());
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});
    const core::LabelMap before = painter.session.labels()->map();

    painter.click("renderButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.notices()->shown(); }, kWaitMs));

    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_EQ(painter.text("bannerDetail"), "The scripted device gave up");
    EXPECT_EQ(painter.session.labels()->map(), before);
    painter.stroke({100, 200}, {200, 200}); // not modal
    EXPECT_EQ(painter.labelAt(150, 200), kGrass);
    const quint64 state = painter.session.document()->stateId();
    painter.click("bannerTitle"); // does not paint on what lies below
    EXPECT_EQ(painter.session.document()->stateId(), state);
    painter.click("bannerClose");
    EXPECT_FALSE(painter.shown("banner"));
    EXPECT_TRUE(painter.item("renderButton")->isEnabled());
}

TEST(Rendering, ANewerRequestReplacesTheWaitingOne)
{
    Gate gate;
    PainterWindow painter(gate.script());
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    gate.let(20);
    ASSERT_TRUE(reached(painter, 20));
    for (const double seed : {2.0, 3.0}) {
        painter.session.settings()->setSeed(seed);
        painter.session.render();
    }
    gate.let(1 + kCodes); // the stopped one's last code, and one whole picture: seed 2 is never drawn
    ASSERT_TRUE(idle(painter));
    const QImage shown = painter.session.picture()->image();

    painter.session.render();
    gate.let(kCodes);
    ASSERT_TRUE(idle(painter));
    EXPECT_EQ(painter.session.picture()->image(), shown);
    EXPECT_EQ(painter.session.settings()->seed(), 3.0);
}

TEST(Rendering, AMissingModelIsSaidWithAButton)
{
    ui::FakeScript script;
    script.loadError = Error(ErrorCode::ModelNotFound, "There is no model at starter.safetensors");
    PainterWindow painter(std::move(script));

    painter.session.controller()->loadModel("starter");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.notices()->shown(); }, kWaitMs));

    EXPECT_TRUE(painter.shown("hintModelButton"));
    EXPECT_TRUE(painter.shown("bannerModelButton"));
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
    painter.click("hintModelButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("fileName"); }, kWaitMs));
}

TEST(Rendering, WhatIsGivenUpForWantOfMemoryIsSaid)
{
    ui::FakeScript script;
    script.reliefs = {core::Relief::Tiles};
    PainterWindow painter(std::move(script));
    ASSERT_TRUE(painter.loadModel());

    painter.session.render();
    ASSERT_TRUE(idle(painter));
    const ui::Notices &notices = *painter.session.notices();
    EXPECT_TRUE(notices.shown());
    EXPECT_TRUE(notices.detail().contains("tiles")) << notices.detail().toStdString();
    EXPECT_FALSE(painter.session.picture()->image().isNull());
}

TEST(Rendering, TheModelsControlsReachTheRequest)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    EXPECT_TRUE(painter.shown("control_light"));
    EXPECT_TRUE(painter.shown("guidanceSlider"));

    QQuickItem *box = painter.item("control_light");
    box->forceActiveFocus();
    painter.key(Qt::Key_Down);

    EXPECT_EQ(painter.session.settings()->request().controls.at("light"), "morning");
    QQuickItem *seed = painter.item("seedField");
    seed->forceActiveFocus();
    painter.key(Qt::Key_A, Qt::ControlModifier);
    painter.type("4711");
    painter.key(Qt::Key_Return);
    EXPECT_EQ(painter.session.settings()->request().seed, 4711u);
    painter.click("rerollButton");
    EXPECT_NE(painter.session.settings()->request().seed, 4711u);
    EXPECT_EQ(painter.text("seedField"), QString::number(painter.session.settings()->request().seed));
}

TEST(Rendering, ThePictureShowsThroughOnTheMapForTracing)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(idle(painter));
    EXPECT_FALSE(painter.shown("tracedPicture"));

    painter.session.view()->setTrace(1.0);

    const QImage shot = painter.grab();
    EXPECT_EQ(shot.pixelColor(painter.onScreen({100, 100})), painter.session.picture()->image().pixelColor(100, 100));
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {150, 100});
    EXPECT_EQ(painter.labelAt(120, 100), kGrass);
}

TEST(Rendering, WithoutAModelTheKeySaysWhatIsMissing)
{
    PainterWindow painter;
    painter.key(Qt::Key_Return, Qt::ControlModifier);
    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.shown("bannerModelButton"));
    ASSERT_TRUE(painter.loadModel());
    EXPECT_FALSE(painter.shown("banner"));
}

TEST(Rendering, ClosingTheWindowStopsARender)
{
    std::atomic<int> begun{0};
    ui::FakeScript script;
    script.delayMs = 10; // closing comes long before the last code
    script.beforeCode = [&](int) { ++begun; };
    {
        PainterWindow painter(script);
        painter.session.document()->newCanvas(512, 512);
        ASSERT_TRUE(painter.loadModel());
        painter.session.render();
        ASSERT_TRUE(reached(painter, 5));
    }
    EXPECT_LT(begun, 4 * kCodes);
}

} // namespace

} // namespace tessera::tests
