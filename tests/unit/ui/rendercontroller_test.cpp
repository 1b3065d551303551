// The traffic between the UI thread and the render thread, with a scripted backend.
#include "ui/rendercontroller.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

#include <QSignalSpy>
#include <QTest>

#include "ui/fakebackend.h"

namespace tessera::ui
{

namespace
{

constexpr int kWaitMs = 10000;

core::RenderRequest requestWithSeed(uint64_t seed)
{
    core::RenderRequest request;
    request.width = 256;
    request.height = 256;
    request.seed = seed;
    request.condition = core::LabelMap(256, 256, 1);
    return request;
}

struct Desk {
    explicit Desk(FakeScript script = {}) : controller(std::make_unique<FakeBackend>(std::move(script))) {}

    RenderController controller;
    QSignalSpy grown{&controller, &RenderController::pictureGrew};
    QSignalSpy finished{&controller, &RenderController::pictureFinished};
    QSignalSpy failures{&controller, &RenderController::failed};

    bool load()
    {
        controller.loadModel("model.safetensors");
        return waitFor([this] { return controller.modelState() == RenderController::Ready; });
    }
    bool idle()
    {
        return waitFor([this] { return !controller.busy(); });
    }
    template<typename Condition>
    bool waitFor(Condition condition)
    {
        return QTest::qWaitFor(condition, kWaitMs);
    }
};

// Renders go on by so many codes as are permitted.
struct HeldDesk {
    std::counting_semaphore<1000> permits{0};
    Desk desk{script()};

    // Renders the first codes of a picture.
    bool begin(uint64_t seed, int codes)
    {
        if (!desk.load())
            return false;
        desk.controller.render(requestWithSeed(seed));
        permits.release(codes);
        return desk.waitFor([&] { return desk.controller.codesDone() >= codes; });
    }

private:
    FakeScript script()
    {
        FakeScript script;
        script.beforeCode = [this](int) { permits.acquire(); };
        return script;
    }
};

TEST(RenderController, LoadsAndRenders)
{
    Desk desk;
    ASSERT_TRUE(desk.load());
    EXPECT_EQ(desk.controller.modelName(), "Scripted model");
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.idle());
    EXPECT_EQ(desk.finished.count(), 1);
    EXPECT_EQ(desk.grown.count(), 16);
    EXPECT_EQ(desk.controller.codesDone(), 256);
    EXPECT_TRUE(desk.controller.windowRect().isEmpty());
}

TEST(RenderController, SaysWhenTheWindowMovedInSteps)
{
    Desk desk;
    ASSERT_TRUE(desk.load());
    core::RenderRequest request = requestWithSeed(1);
    desk.controller.render(request);
    ASSERT_TRUE(desk.idle());
    EXPECT_FALSE(desk.controller.lastResult().contains("steps")) << desk.controller.lastResult().toStdString();
    request.window = {core::WindowPolicy::Kind::Block, 8};
    desk.controller.render(request);
    ASSERT_TRUE(desk.idle());
    EXPECT_TRUE(desk.controller.lastResult().endsWith(" · steps of 8")) << desk.controller.lastResult().toStdString();
}

TEST(RenderController, EqualRequestsGiveEqualPictures)
{
    Desk desk;
    ASSERT_TRUE(desk.load());
    for (const uint64_t seed : {1u, 1u, 2u}) {
        desk.controller.render(requestWithSeed(seed));
        ASSERT_TRUE(desk.idle());
    }
    const auto picture = [&](int i) { return desk.finished[i][0].value<QImage>(); };
    EXPECT_EQ(picture(0), picture(1));
    EXPECT_NE(picture(0), picture(2));
}

TEST(RenderController, AReplacedRenderIsNeverShown)
{
    HeldDesk held;
    Desk &desk = held.desk;
    ASSERT_TRUE(held.begin(1, 10));

    desk.controller.render(requestWithSeed(2));
    desk.controller.render(requestWithSeed(3));
    held.permits.release(1 + 256);
    ASSERT_TRUE(desk.idle());

    EXPECT_EQ(desk.finished.count(), 1); // only the last one was drawn to its end
}

TEST(RenderController, OfAnAbandonedRenderNothingIsShown)
{
    HeldDesk held;
    Desk &desk = held.desk;
    ASSERT_TRUE(held.begin(1, 10));
    desk.controller.abandon();
    desk.controller.cancel();
    held.permits.release(300);
    ASSERT_TRUE(desk.idle());
    EXPECT_EQ(desk.finished.count(), 0);
    EXPECT_EQ(desk.grown.count(), 0);
    desk.controller.render(requestWithSeed(2));
    ASSERT_TRUE(desk.idle());
    EXPECT_EQ(desk.finished.count(), 1);
}

TEST(RenderController, CancelWhileReplacingKeepsTheOldPart)
{
    HeldDesk held;
    Desk &desk = held.desk;
    ASSERT_TRUE(held.begin(1, 10));
    desk.controller.render(requestWithSeed(2));
    desk.controller.cancel();
    held.permits.release(1);
    ASSERT_TRUE(desk.idle());
    EXPECT_EQ(desk.finished.count(), 0);
    EXPECT_EQ(desk.grown.count(), 1);
}

TEST(RenderController, AFailedRenderLeavesTheModelReady)
{
    FakeScript script;
    script.renderError = Error(ErrorCode::OutOfMemory, "no room");
    script.failAt = 5;
    Desk desk(std::move(script));
    ASSERT_TRUE(desk.load());
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.idle());
    ASSERT_TRUE(desk.waitFor([&] { return desk.failures.count() == 1; }));
    EXPECT_EQ(desk.failures[0][1].toString(), "no room");
    EXPECT_EQ(desk.controller.modelState(), RenderController::Ready);
}

TEST(RenderController, AResultIsThatOfThePictureThatWasGiven)
{
    std::atomic<bool> fails = false;
    FakeScript script;
    script.beforeCode = [&](int code) {
        if (fails && code == 100)
            throw Error(ErrorCode::Device, "gave up");
    };
    Desk desk(std::move(script));
    ASSERT_TRUE(desk.load());
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.idle());
    const QString whole = desk.controller.lastResult();
    EXPECT_TRUE(whole.startsWith("256 codes in")) << whole.toStdString();

    fails = true;
    desk.controller.render(requestWithSeed(2));
    ASSERT_TRUE(desk.idle());
    EXPECT_TRUE(desk.controller.lastResult().startsWith("Stopped at ")) << desk.controller.lastResult().toStdString();
    EXPECT_TRUE(desk.controller.lastResult().endsWith(" of 256 codes"));
}

TEST(RenderController, ARenderStoppedBeforeItsFirstCodeChangesNoResult)
{
    std::counting_semaphore<10> begun{1};
    FakeScript script;
    script.onRequest = [&](const core::RenderRequest &) { begun.acquire(); };
    Desk desk(std::move(script));
    ASSERT_TRUE(desk.load());
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.idle());
    const QString whole = desk.controller.lastResult();

    desk.controller.render(requestWithSeed(2));
    desk.controller.cancel();
    begun.release();
    ASSERT_TRUE(desk.idle());

    EXPECT_EQ(desk.grown.count(), 16); // of the first
    EXPECT_EQ(desk.controller.lastResult(), whole);
}

TEST(RenderController, SaysWhereARenderWentOnWhenMemoryRanOut)
{
    FakeScript script;
    script.reliefs = {core::Relief::HalfPrecision};
    Desk desk(std::move(script));
    ASSERT_TRUE(desk.load());
    EXPECT_TRUE(desk.controller.modelDetail().contains("fp32"));
    const QSignalSpy told(&desk.controller, &RenderController::modelChanged);
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.idle());
    EXPECT_EQ(told.count(), 1);
    EXPECT_TRUE(desk.controller.modelDetail().contains("bf16")) << desk.controller.modelDetail().toStdString();
}

TEST(RenderController, ProgressIsSaidInSeveralLengths)
{
    std::counting_semaphore<1000> permits{100};
    FakeScript script;
    script.delayMs = 1;
    script.beforeCode = [&](int) { permits.acquire(); };
    Desk desk(std::move(script));
    ASSERT_TRUE(desk.load());
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.waitFor([&] { return desk.controller.codesDone() == 100; }));
    const QStringList versions = desk.controller.progressText().split(QChar(0x9c));
    ASSERT_EQ(versions.size(), 3);
    EXPECT_TRUE(versions[0].contains("/s"));
    for (const QString &version : versions)
        EXPECT_TRUE(version.endsWith("1 s left")) << version.toStdString();
    permits.release(156);
    EXPECT_TRUE(desk.idle());
}

TEST(RenderController, AModelThatCannotBeOpenedIsToldWithItsCode)
{
    FakeScript script;
    script.loadError = Error(ErrorCode::FileFormat, "wrong.safetensors holds no tensors");
    Desk desk(std::move(script));
    desk.controller.loadModel("wrong.safetensors");
    ASSERT_TRUE(desk.waitFor([&] { return desk.failures.count() == 1; }));
    EXPECT_EQ(desk.failures[0][0].value<ErrorCode>(), ErrorCode::FileFormat);
    EXPECT_EQ(desk.controller.modelState(), RenderController::Failed);
}

TEST(RenderController, UnloadingStopsTheRenderAndLeavesNoModel)
{
    FakeScript script;
    script.delayMs = 20;
    Desk desk(std::move(script));
    ASSERT_TRUE(desk.load());
    EXPECT_FALSE(desk.controller.modelFacts().isEmpty());
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.waitFor([&] { return desk.controller.codesDone() > 0; }));

    desk.controller.unloadModel();

    ASSERT_TRUE(desk.idle());
    EXPECT_EQ(desk.finished.count(), 0);
    EXPECT_EQ(desk.controller.modelState(), RenderController::NoModel);
    EXPECT_EQ(desk.controller.modelName(), "");
    EXPECT_TRUE(desk.controller.modelFacts().isEmpty());
    desk.controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk.waitFor([&] { return desk.failures.count() == 1; }));
    EXPECT_EQ(desk.failures[0][0].value<ErrorCode>(), ErrorCode::ModelNotFound);
}

TEST(RenderController, AModelUnloadedWhileItOpensStaysClosed)
{
    Desk desk;
    desk.controller.loadModel("model.safetensors");
    desk.controller.unloadModel();
    desk.controller.render(requestWithSeed(1)); // behind both in the worker's queue
    ASSERT_TRUE(desk.waitFor([&] { return desk.failures.count() == 1; }));
    EXPECT_EQ(desk.controller.modelState(), RenderController::NoModel);
}

TEST(RenderController, AnotherModelThatCannotBeOpenedLeavesTheOneBefore)
{
    Desk desk;
    ASSERT_TRUE(desk.load());
    desk.controller.loadModel("missing.ckpt");
    ASSERT_TRUE(desk.waitFor([&] { return desk.failures.count() == 1; }));
    EXPECT_EQ(desk.controller.modelState(), RenderController::Ready);
    EXPECT_EQ(desk.controller.modelPath(), "model.safetensors");
}

TEST(RenderController, AModelOvertakenByOneThatCannotBeOpenedIsTheOneInUse)
{
    Desk desk;
    ASSERT_TRUE(desk.load());
    desk.controller.loadModel("cocostuff.ckpt");
    desk.controller.loadModel("missing.ckpt");
    ASSERT_TRUE(desk.waitFor([&] { return desk.failures.count() == 1; }));
    EXPECT_EQ(desk.controller.modelState(), RenderController::Ready);
    EXPECT_EQ(desk.controller.modelPath(), "cocostuff.ckpt"); // what the worker holds
}

TEST(RenderController, AModelWaitsForTheRenderUnderWay)
{
    HeldDesk held;
    Desk &desk = held.desk;
    ASSERT_TRUE(held.begin(1, 40));
    desk.controller.loadModel("cocostuff.ckpt");
    EXPECT_TRUE(desk.controller.busy());
    EXPECT_EQ(desk.controller.modelState(), RenderController::Loading);
    EXPECT_EQ(desk.finished.count(), 0);

    held.permits.release(500);

    ASSERT_TRUE(desk.waitFor([&] { return desk.controller.modelState() == RenderController::Ready; }));
    EXPECT_EQ(desk.finished.count(), 1);
    EXPECT_EQ(desk.controller.modelPath(), "cocostuff.ckpt");
}

TEST(RenderController, AnotherSpeedOpensTheSameModelAnew)
{
    Desk desk;
    QSignalSpy loaded{&desk.controller, &RenderController::modelLoaded};
    desk.controller.setFast(true); // of the first model already
    ASSERT_TRUE(desk.load());
    EXPECT_TRUE(desk.controller.fasterOffered());
    EXPECT_TRUE(desk.controller.modelDetail().contains("int8"));
    desk.controller.setFast(false);
    EXPECT_EQ(desk.controller.modelState(), RenderController::Loading);
    ASSERT_TRUE(desk.waitFor([&] { return desk.controller.modelState() == RenderController::Ready; }));
    EXPECT_TRUE(desk.controller.modelDetail().contains("fp32"));
    EXPECT_EQ(loaded.count(), 1); // the settings stay as they are

    desk.controller.setFast(true);
    desk.controller.loadModel("cocostuff.ckpt"); // another one meanwhile: as fast
    ASSERT_TRUE(desk.waitFor([&] { return desk.controller.modelState() == RenderController::Ready; }));
    EXPECT_TRUE(desk.controller.modelDetail().contains("int8"));
    EXPECT_EQ(loaded.count(), 2);
}

TEST(RenderController, ASpeedThatCannotBeHadLeavesTheOneBefore)
{
    Desk desk;
    ASSERT_TRUE(desk.load());
    desk.controller.loadModel("missing.ckpt");
    desk.controller.setFast(true); // while the other is being opened, so of the other
    ASSERT_TRUE(desk.waitFor([&] { return desk.controller.modelState() == RenderController::Ready; }));
    EXPECT_FALSE(desk.controller.fast());
    EXPECT_TRUE(desk.controller.modelDetail().contains("fp32"));
}

TEST(RenderController, DestroyingItStopsTheRender)
{
    std::atomic<int> begun{0};
    FakeScript script;
    script.delayMs = 20; // five seconds, if it went to its end
    script.beforeCode = [&](int) { ++begun; };
    auto desk = std::make_unique<Desk>(std::move(script));
    ASSERT_TRUE(desk->load());
    desk->controller.render(requestWithSeed(1));
    ASSERT_TRUE(desk->waitFor([&] { return desk->controller.codesDone() > 0; }));
    desk.reset();
    EXPECT_LT(begun, 256);
}

TEST(FakeScript, IsReadFromItsText)
{
    const FakeScript script = fakeScriptFromText("delay=4,fail=100");
    EXPECT_EQ(script.delayMs, 4);
    EXPECT_EQ(script.failAt, 100);
    EXPECT_TRUE(script.renderError);
    EXPECT_FALSE(script.loadError);
    EXPECT_THROW(fakeScriptFromText("speed=9"), Error);
}

} // namespace

} // namespace tessera::ui
