// Pictures of the window for people to look at, in build/screenshots, and what can be checked of looks by itself.

#include <gtest/gtest.h>

#include <semaphore>

#include <algorithm>

#include <QPainter>

#include "core/map/strokes.h"
#include "painterwindow.h"
#include "ui/icon.h"

namespace tessera::tests
{

namespace
{

void paintLandscape(PainterWindow &painter)
{
    ui::Document &document = *painter.session.document();
    const auto fill = [&](const core::PixelRect &area, uint8_t label) {
        document.apply([&](core::LabelMap &map) { return core::fillRect(map, area, label); });
    };
    fill({0, 0, 512, 230}, 1);
    fill({0, 230, 512, 90}, 4);
    fill({0, 320, 512, 110}, 20);
    fill({0, 430, 512, 82}, 10);
    document.apply([](core::LabelMap &map) { return core::paintStroke(map, {60, 240}, {330, 250}, 110, 4); });
    document.apply([](core::LabelMap &map) { return core::paintStroke(map, {420, 400}, {440, 300}, 90, 14); });
    document.apply([](core::LabelMap &map) { return core::paintStroke(map, {320, 80}, {420, 70}, 50, 2); });
}

bool reached(PainterWindow &painter, int codes)
{
    return QTest::qWaitFor([&] { return painter.session.controller()->codesDone() >= codes; }, kWaitMs);
}

// Texts that show fewer letters than they hold.
void collectTruncated(const QQuickItem *root, QStringList &found)
{
    if (root->isVisible() && root->property("truncated").toBool())
        found.append(root->property("text").toString());
    for (const QQuickItem *child : root->childItems())
        collectTruncated(child, found);
}

QStringList truncatedTexts(const PainterWindow &painter)
{
    QStringList found;
    collectTruncated(painter.window->contentItem(), found);
    return found;
}

TEST(Looks, EmptyWindow)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    painter.saveScreenshot("empty.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
}

TEST(Looks, WithoutAModel)
{
    ui::FakeScript script;
    script.loadError =
        Error(ErrorCode::ModelNotFound, "There is no model at resources/starter/starter.safetensors: "
                                        "expected a .safetensors file, a folder with one, or 'starter'.");
    PainterWindow painter(std::move(script));
    paintLandscape(painter);
    painter.session.controller()->loadModel("starter");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.notices()->shown(); }, kWaitMs));
    painter.saveScreenshot("no-model.png");
}

TEST(Looks, HalfRendered)
{
    std::counting_semaphore<100000> permits{400};
    ui::FakeScript script;
    script.delayMs = 1;
    script.beforeCode = [&](int) { permits.acquire(); };
    PainterWindow painter(std::move(script));
    paintLandscape(painter);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(reached(painter, 400));
    painter.moveTo({180, 300});

    painter.saveScreenshot("half-rendered.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.window->resize(1024, 700);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.item("mapCanvas")->width() < 350; }, kWaitMs));
    painter.saveScreenshot("half-rendered-1024x700.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    permits.release(100000 - 400);
}

TEST(Looks, Rendered)
{
    PainterWindow painter;
    paintLandscape(painter);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
    painter.session.tools()->setTool(ui::PaintTools::Eraser);
    painter.saveScreenshot("rendered.png");
}

TEST(Looks, Cards)
{
    PainterWindow painter;
    paintLandscape(painter);
    ASSERT_TRUE(painter.loadModel());
    painter.key(Qt::Key_N, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("createButton"); }, kWaitMs));
    painter.saveScreenshot("new-canvas.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.key(Qt::Key_Escape);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.shown("createButton"); }, kWaitMs));
    painter.key(Qt::Key_O, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("fileName"); }, kWaitMs));
    painter.saveScreenshot("open-map.png");
    painter.key(Qt::Key_Escape);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.shown("fileName"); }, kWaitMs));
    painter.key(Qt::Key_Q, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("quitText"); }, kWaitMs));
    painter.saveScreenshot("quit.png");
}

TEST(Looks, AnOpenChoiceAndTheTracedPicture)
{
    PainterWindow painter;
    paintLandscape(painter);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
    painter.session.view()->setTrace(0.5);
    painter.click("control_light");
    auto *popup = painter.item("control_light")->property("popup").value<QObject *>();
    ASSERT_TRUE(popup);
    ASSERT_TRUE(QTest::qWaitFor([&] { return popup->property("opened").toBool(); }, kWaitMs));
    painter.saveScreenshot("choice-and-trace.png");
}

TEST(Looks, EveryIconDrawsSomething)
{
    for (const QString &name : ui::iconNames()) {
        ui::Icon icon;
        icon.setSize({48, 48});
        icon.setName(name);
        QImage image(48, 48, QImage::Format_ARGB32_Premultiplied);
        image.fill(Qt::transparent);
        QPainter painter(&image);
        icon.paint(&painter);
        painter.end();
        EXPECT_GT(std::count_if(reinterpret_cast<const QRgb *>(image.constBits()),
                                reinterpret_cast<const QRgb *>(image.constBits()) + 48 * 48,
                                [](QRgb pixel) { return qAlpha(pixel) > 128; }),
                  60)
            << name.toStdString();
    }
}

} // namespace

} // namespace tessera::tests
