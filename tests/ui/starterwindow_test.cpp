// The whole way with the model that comes with the program: paint, render, look.

#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "core/map/strokes.h"
#include "models/resources.h"
#include "painterwindow.h"
#include "ui/corebackend.h"

namespace tessera::tests
{

namespace
{

constexpr int kStarterWaitMs = 240'000;

TEST(Starter, PaintsRendersAndShowsAPicture)
{
    const std::filesystem::path model = models::resourceFolder() / "starter" / "starter.safetensors";
    if (!std::filesystem::exists(model))
        GTEST_SKIP() << "there is no starter model at " << model;
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ui::LabelDocument &document = *painter.session.labels();
    document.newCanvas(256, 256);
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 0, 256, 120}, 1); });
    document.apply([](core::LabelMap &map) { return core::fillRect(map, {0, 120, 256, 136}, 10); });
    painter.session.tools()->setLabel(4);
    painter.session.tools()->setBrushSize(60);
    painter.stroke({40, 110}, {210, 100});
    ASSERT_TRUE(painter.loadModel("starter"));
    painter.saveScreenshot("starter-painted.png");

    painter.key(Qt::Key_Return, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.controller()->codesDone() >= 128; }, kStarterWaitMs));
    painter.saveScreenshot("starter-half.png");
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kStarterWaitMs));
    painter.saveScreenshot("starter-rendered.png");
    painter.click("modelButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("unloadButton"); }, kStarterWaitMs));
    painter.saveScreenshot("starter-card.png");

    const QImage picture = painter.session.picture()->image();
    ASSERT_EQ(picture.size(), QSize(256, 256));
    std::set<QRgb> colors;
    for (int i = 0; i < 256; ++i)
        colors.insert(picture.pixel(i, i));
    EXPECT_GT(colors.size(), 40u);
    EXPECT_FALSE(painter.session.notices()->shown()) << painter.session.notices()->detail().toStdString();
}

} // namespace

} // namespace tessera::tests
