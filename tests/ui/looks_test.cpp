// Pictures of the window for people to look at, in build/screenshots, and what can be checked of looks by itself.

#include <gtest/gtest.h>

#include <semaphore>

#include <algorithm>

#include <QFontMetricsF>
#include <QPainter>
#include <QTemporaryDir>

#include "core/map/strokes.h"
#include "painterwindow.h"
#include "ui/icon.h"

namespace tessera::tests
{

namespace
{

void paintLandscape(PainterWindow &painter)
{
    ui::LabelDocument &document = *painter.session.labels();
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

// Texts that show fewer letters than they hold. One that was emptied still calls itself what it was before.
void collectTruncated(const QQuickItem *root, QStringList &found)
{
    const QString text = root->property("text").toString();
    if (root->isVisible() && root->property("truncated").toBool() && !text.isEmpty())
        found.append(text);
    for (const QQuickItem *child : root->childItems())
        collectTruncated(child, found);
}

QStringList truncatedTexts(const PainterWindow &painter)
{
    QStringList found;
    collectTruncated(painter.window->contentItem(), found);
    return found;
}

// Texts with the tag for bold: those that show it as it is, and those that would heed it.
struct Tagged {
    QStringList plain, rich;
};

void collectTagged(const QQuickItem *root, Tagged &found)
{
    const QString text = root->property("text").toString();
    const QVariant format = root->property("textFormat");
    if (format.isValid() && text.contains("<b>"))
        (format.toInt() == Qt::PlainText ? found.plain : found.rich).append(text);
    for (const QQuickItem *child : root->childItems())
        collectTagged(child, found);
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
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_EQ(painter.text("hintTitle"), "No model is open");
    EXPECT_TRUE(painter.shown("bannerModelButton"));
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
    painter.window->resize(960, 600);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.window->contentItem()->width() == 960; }, kWaitMs));
    painter.saveScreenshot("half-rendered-960x600.png");
    const QString progress = painter.session.controller()->progressText(); // the next shorter one is shown in full
    EXPECT_EQ(truncatedTexts(painter), QStringList{progress});
    const QQuickItem *item = painter.item("progressText");
    const QFontMetricsF metrics(item->property("font").value<QFont>());
    EXPECT_NEAR(item->property("contentWidth").toDouble(),
                metrics.horizontalAdvance(progress.section(QChar(0x9c), 1, 1)), 2);
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
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_EQ(painter.text("currentLabelText"), "Unpainted");
    EXPECT_EQ(painter.text("toolName"), "Eraser");
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
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.key(Qt::Key_Escape);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.shown("fileName"); }, kWaitMs));
    painter.key(Qt::Key_Q, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("quitText"); }, kWaitMs));
    painter.saveScreenshot("quit.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_EQ(painter.text("quitText"), "The map is not saved.");
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
    EXPECT_EQ(truncatedTexts(painter), QStringList());
}

void paintDepth(PainterWindow &painter)
{
    ui::FieldDocument &depth = *painter.session.depth();
    depth.paintGradient({256, 512}, {256, 220}, 0.9, -1);
    depth.paintStroke({60, 240}, {330, 250}, 60, -0.7);
    depth.paintStroke({400, 420}, {410, 180}, 70, 0.4);
    depth.paintStroke({405, 190}, {405, 170}, 180, 0.45);
}

// Renders and waits.
bool rendered(PainterWindow &painter)
{
    painter.session.render();
    return QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs);
}

TEST(Looks, DepthAndItsGradient)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    painter.saveScreenshot("depth-empty.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    paintDepth(painter);
    ASSERT_TRUE(rendered(painter));
    painter.session.tools()->setTool(ui::PaintTools::Gradient);
    painter.press({120, 480});
    painter.moveTo({160, 260});
    painter.saveScreenshot("depth.png");
    painter.key(Qt::Key_Escape);
    painter.window->resize(960, 600);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.item("mapCanvas")->width() < 350; }, kWaitMs));
    painter.saveScreenshot("depth-960x600.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
}

TEST(Looks, Edges)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("edges.ckpt"));
    painter.session.edges()->paintStroke({40, 300}, {200, 120}, 4, 1);
    painter.session.edges()->paintStroke({200, 120}, {440, 310}, 4, 1);
    painter.saveScreenshot("edges.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
}

TEST(Looks, WhatToPaintFrom)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("several.safetensors"));
    painter.click("sourceEdges");
    painter.saveScreenshot("several-edges-empty.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.click("sourceLabels");
    paintLandscape(painter);
    ASSERT_TRUE(rendered(painter));
    painter.saveScreenshot("several-labels.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());

    painter.click("sourceDepth");
    paintDepth(painter);
    ASSERT_TRUE(rendered(painter));
    painter.session.tools()->setTool(ui::PaintTools::Gradient);
    painter.saveScreenshot("several-depth.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.window->resize(960, 600);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.item("mapCanvas")->width() < 350; }, kWaitMs));
    painter.saveScreenshot("several-depth-960x600.png");
    const QStringList result{painter.session.controller()->lastResult()}; // in full where the pointer rests
    EXPECT_EQ(truncatedTexts(painter), result);
    const QQuickItem *last = painter.item("gradientEndSlider");
    EXPECT_LT(last->mapToScene({0, last->height()}).y(), 570); // above the status bar

    painter.click("sourceEdges");
    painter.session.edges()->paintStroke({40, 300}, {200, 120}, 4, 1);
    painter.session.edges()->paintStroke({200, 120}, {440, 310}, 4, 1);
    ASSERT_TRUE(rendered(painter));
    painter.item("sourceEdges")->forceActiveFocus(Qt::TabFocusReason);
    painter.saveScreenshot("several-edges-960x600.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList{painter.session.controller()->lastResult()});
    painter.click("modelButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("unloadButton"); }, kWaitMs));
    painter.saveScreenshot("several-card.png");
    EXPECT_TRUE(painter.text("fact_Paints from").endsWith("also depth and edges"));
}

TEST(Looks, ClassesBeforeAndAfter)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("class.ckpt"));
    painter.session.classes()->setCurrent(7);
    painter.saveScreenshot("class-empty.png");
    EXPECT_EQ(painter.text("currentClassText"), "7   " + painter.session.classes()->currentName());
    EXPECT_TRUE(painter.shown("hintRenderButton"));
    ASSERT_TRUE(rendered(painter));
    painter.session.classes()->setFilter("cat");
    painter.saveScreenshot("class.png");
    EXPECT_EQ(painter.text("currentClassText"), "7   " + painter.session.classes()->currentName());
    EXPECT_FALSE(painter.shown("hintTitle"));
}

TEST(Looks, UnconditionalBeforeAndAfter)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("nothing.ckpt"));
    painter.saveScreenshot("unconditional-empty.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    ASSERT_TRUE(rendered(painter));
    painter.saveScreenshot("unconditional.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_FALSE(painter.shown("hintTitle"));
}

TEST(Looks, CoordinatesBeforeTheFirstPicture)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("coordinates.ckpt"));
    painter.saveScreenshot("coordinates-empty.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
}

TEST(Looks, ATranslatedMapAndTheModelsCard)
{
    PainterWindow painter;
    paintLandscape(painter);
    ASSERT_TRUE(painter.loadModel("/home/painter/models/sflckr/cocostuff.ckpt"));
    painter.saveScreenshot("translated.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_TRUE(painter.shown("banner"));
    painter.session.notices()->dismiss();
    painter.click("modelButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("unloadButton"); }, kWaitMs));
    painter.saveScreenshot("model-card.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.click("openAnotherButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("fileName"); }, kWaitMs));
    painter.saveScreenshot("open-model.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
}

TEST(Looks, AFileHeldOverTheWindow)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    EXPECT_FALSE(painter.shown("dropOverlay"));
    painter.holdOver("/nowhere/map.png");
    EXPECT_TRUE(painter.shown("dropOverlay"));
    painter.saveScreenshot("drop.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    painter.holdNoLonger();
    EXPECT_FALSE(painter.shown("dropOverlay"));
}

TEST(Looks, WordsFromFilesAreShownAsTheyAre)
{
    const QTemporaryDir folder;
    QImage map(300, 280, QImage::Format_Grayscale8);
    map.fill(1);
    const QString file = folder.filePath("<b>hills.png");
    ASSERT_TRUE(map.save(file));
    PainterWindow painter;
    ASSERT_TRUE(painter.session.openMap(ui::Session::Labels, QUrl::fromLocalFile(file)));
    core::LabelSet set = painter.session.palette()->labelSet();
    for (core::Label &label : set.labels) {
        label.name = "<b>label";
        label.group = "<b>group";
    }
    painter.session.palette()->setLabelSet(set);
    painter.session.notices()->show(ui::Notices::Info, "<b>title", "<b>detail");
    painter.session.folder()->setPath(folder.path());
    painter.key(Qt::Key_O, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("file_<b>hills.png"); }, kWaitMs));
    painter.grab();
    auto *card = painter.window->findChild<QObject *>("modelCard");
    ASSERT_TRUE(card);
    card->setProperty("title", "<b>model"); // what the backend's model is called cannot be chosen

    Tagged found;
    collectTagged(painter.window->contentItem(), found);
    collectTagged(card->property("contentItem").value<QQuickItem *>(), found);

    EXPECT_EQ(found.rich, QStringList());
    for (const char *text : {"<b>hills.png", "<b>label", "<b>group", "<b>title", "<b>detail", "<b>model"})
        EXPECT_TRUE(found.plain.contains(text)) << text;
    for (const char *name : {"modelText", "hoverText", "currentLabelText", "currentClassText", "pictureTitle"})
        EXPECT_EQ(painter.item(name)->property("textFormat").toInt(), int(Qt::PlainText)) << name;
}

TEST(Looks, AFailedOpenWithAModelAtHand)
{
    PainterWindow painter;
    paintLandscape(painter);
    ASSERT_TRUE(painter.loadModel());
    painter.drop("/nowhere/missing.ckpt");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.notices()->shown(); }, kWaitMs));
    painter.saveScreenshot("failed-open.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_TRUE(painter.text("bannerDetail").contains("missing.ckpt"));
    EXPECT_TRUE(painter.item("renderButton")->isEnabled());
}

TEST(Looks, ASurprise)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    painter.session.surpriseWith(12);
    painter.saveScreenshot("surprise-under-way.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_TRUE(painter.session.imagining());
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.imagining(); }, 120'000));
    painter.saveScreenshot("surprise.png");
    EXPECT_EQ(truncatedTexts(painter), QStringList());
    EXPECT_TRUE(painter.session.picture()->startingPoint());
    EXPECT_FALSE(painter.shown("hintTitle"));
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
