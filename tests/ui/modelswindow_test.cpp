// Models of every kind in the real window, with a scripted backend.

#include <gtest/gtest.h>

#include <QAccessible>
#include <QDir>
#include <QTemporaryDir>

#include "listener.h"
#include "ui/mapfiles.h"

namespace tessera::tests
{

namespace
{

constexpr int kGrass = 10;

bool noticed(PainterWindow &painter)
{
    return QTest::qWaitFor([&] { return painter.session.notices()->shown(); }, kWaitMs);
}

TEST(Models, DepthIsPaintedFromFarToNear)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    EXPECT_TRUE(painter.shown("levelSlider"));
    EXPECT_FALSE(painter.shown("labelList"));
    painter.key(Qt::Key_5);
    EXPECT_EQ(painter.text("levelText"), "Nearness 50 %");
    painter.key(Qt::Key_9);
    painter.stroke({100, 200}, {300, 200});

    const core::RenderRequest request = listener.asked(painter);

    const auto *field = std::get_if<core::FieldMap>(&request.condition);
    ASSERT_TRUE(field);
    EXPECT_EQ(field->at(200, 200), 1.0f);
    EXPECT_EQ(field->at(200, 400), -1.0f);
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_FALSE(painter.session.document()->canUndo());
}

TEST(Models, AGradientIsShownWhileDrawnAndPaintedOnRelease)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    painter.key(Qt::Key_D);
    EXPECT_TRUE(painter.shown("gradientEndSlider"));

    painter.press({256, 500});
    painter.moveTo({256, 100});
    EXPECT_TRUE(painter.shown("gradientLine"));
    EXPECT_EQ(painter.session.depth()->inkAt({256, 500}), -1.0);
    painter.release({256, 100});

    EXPECT_FALSE(painter.shown("gradientLine"));
    EXPECT_GT(*painter.session.depth()->inkAt({10, 490}), 0.9);
    EXPECT_LT(*painter.session.depth()->inkAt({500, 110}), -0.9);
    EXPECT_EQ(painter.session.depth()->inkAt({256, 50}), -1.0);
}

TEST(Models, ADepthPictureOfSixteenBitsOpens)
{
    const QTemporaryDir folder;
    QImage depth(300, 280, QImage::Format_Grayscale16);
    for (int y = 0; y < 280; ++y)
        std::fill_n(reinterpret_cast<quint16 *>(depth.scanLine(y)), 300, quint16(1000 + 7 * y));
    ASSERT_TRUE(depth.save(folder.filePath("depth.png")));
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));

    painter.drop(folder.filePath("depth.png"));

    EXPECT_EQ(painter.session.document()->size(), QSize(300, 280));
    EXPECT_EQ(painter.session.depth()->inkAt({5, 0}), -1.0);
    EXPECT_NEAR(*painter.session.depth()->inkAt({5, 140}), 2 * 140.0 / 279 - 1, 1e-6);
    EXPECT_EQ(painter.session.document()->title(), "depth.png");
    // Number for number what the command line makes of the file.
    EXPECT_EQ(std::get<core::FieldMap>(listener.asked(painter).condition),
              ui::readFieldMap(folder.filePath("depth.png").toStdString()));
}

TEST(Models, EdgesAreDrawnWithAThinPen)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel("edges.ckpt"));
    EXPECT_TRUE(painter.shown("photoEdgesButton"));
    EXPECT_EQ(painter.session.tools()->brushSize(), 4);
    painter.stroke({100, 200}, {300, 200});
    const core::RenderRequest request = listener.asked(painter);
    const auto *field = std::get_if<core::FieldMap>(&request.condition);
    ASSERT_TRUE(field);
    EXPECT_EQ(field->at(200, 200), 1.0f);
    EXPECT_EQ(field->at(200, 210), -1.0f);
}

TEST(Models, AClassIsFoundByNameOrNumber)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel("class.ckpt"));
    EXPECT_FALSE(painter.shown("mapCanvas"));
    EXPECT_FALSE(painter.shown("brushTool"));
    painter.key(Qt::Key_F, Qt::ControlModifier);
    painter.type("pizza");
    painter.key(Qt::Key_Return);
    EXPECT_EQ(painter.session.classes()->filter(), "");
    EXPECT_TRUE(painter.text("currentClassText").contains("pizza"));
    core::RenderRequest request = listener.asked(painter);
    EXPECT_EQ(std::get<int64_t>(request.condition), 963);
    EXPECT_EQ(QSize(request.width, request.height), QSize(256, 256));

    painter.key(Qt::Key_F, Qt::ControlModifier);
    painter.type("28");
    painter.key(Qt::Key_Return);
    request = listener.asked(painter);
    EXPECT_EQ(std::get<int64_t>(request.condition), 28);
}

TEST(Models, WithoutAMapRenderWorksAtOnce)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel("nothing.ckpt"));
    EXPECT_FALSE(painter.shown("mapCanvas"));
    EXPECT_FALSE(painter.item("saveMapButton")->isEnabled());
    EXPECT_TRUE(painter.item("openButton")->isEnabled()); // pictures painted here open all the same
    painter.click("hintRenderButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.picture()->size() == QSize(256, 256); }, kWaitMs));
    EXPECT_FALSE(painter.shown("hintRenderButton"));
    const core::RenderRequest request = listener.asked(painter);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(request.condition));
}

TEST(Models, CoordinatesTakeTheCanvasAndNoMap)
{
    Listener listener;
    PainterWindow painter(listener.script());
    painter.session.document()->newCanvas(512, 256);
    ASSERT_TRUE(painter.loadModel("coordinates.ckpt"));
    const core::RenderRequest request = listener.asked(painter);
    EXPECT_TRUE(std::holds_alternative<std::monostate>(request.condition));
    EXPECT_EQ(QSize(request.width, request.height), QSize(512, 256));
}

TEST(Models, ANewCanvasForCoordinatesLeavesTheMapAlone)
{
    Listener listener;
    PainterWindow painter(listener.script());
    const core::LabelMap labels = painter.session.labels()->map();
    ASSERT_TRUE(painter.loadModel("coordinates.ckpt"));
    painter.key(Qt::Key_N, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("createButton"); }, kWaitMs));
    EXPECT_EQ(painter.text("widthField"), "512");
    painter.click("size1024x512");
    painter.click("createButton");
    const core::RenderRequest request = listener.asked(painter);
    EXPECT_EQ(QSize(request.width, request.height), QSize(1024, 512));
    EXPECT_EQ(painter.session.labels()->map(), labels);
}

TEST(Models, EachKindKeepsItsMapWhileAnotherIsOpen)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(512, 256);
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});
    const core::LabelMap labels = painter.session.labels()->map();
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    EXPECT_EQ(painter.session.document()->size(), QSize(512, 256)); // begins as large as the map was
    painter.stroke({100, 100}, {200, 100});
    const core::FieldMap depth = painter.session.depth()->map();
    ASSERT_TRUE(painter.loadModel("nothing.ckpt"));

    ASSERT_TRUE(painter.loadModel());
    EXPECT_EQ(painter.session.labels()->map(), labels);
    EXPECT_EQ(painter.session.document(), painter.session.labels());
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    EXPECT_EQ(painter.session.depth()->map(), depth);
    EXPECT_EQ(painter.session.unsavedText(), "The maps of labels and depth are not saved.");
}

TEST(Models, AMapIsTranslatedToTheLabelsOfAnotherModel)
{
    Listener listener;
    PainterWindow painter(listener.script());
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {200, 100});
    const core::LabelMap before = painter.session.labels()->map();

    ASSERT_TRUE(painter.loadModel("cocostuff.ckpt"));

    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.text("bannerTitle").contains("COCO-Stuff"));
    EXPECT_EQ(painter.session.palette()->labelSet().title, "COCO-Stuff");
    EXPECT_EQ(painter.labelAt(300, 300), 255);
    const int grass = painter.labelAt(150, 100);
    EXPECT_EQ(painter.session.palette()->nameOf(grass), "grass");
    EXPECT_EQ(painter.session.tools()->label(), grass); // what was in hand stays in hand and in sight
    EXPECT_TRUE(QTest::qWaitFor([&] { return painter.shown("label" + QString::number(grass)); }, kWaitMs));

    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), before);
    EXPECT_EQ(painter.session.palette()->nameOf(kGrass), "grass");
    const core::RenderRequest request = listener.asked(painter); // still in the words of the model
    EXPECT_EQ(std::get<core::LabelMap>(request.condition).at(150, 100), grass);
    EXPECT_EQ(std::get<core::LabelMap>(request.condition).at(300, 300), 255);
}

TEST(Models, WhereVoidIsNotZeroTheFirstLabelPaints)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("cocostuff.ckpt"));
    EXPECT_FALSE(painter.shown("banner")); // there was nothing to translate
    painter.key(Qt::Key_1);
    EXPECT_EQ(painter.session.tools()->label(), 0);
    EXPECT_EQ(painter.text("currentLabelText"), "person");
    painter.stroke({100, 100}, {200, 100});
    EXPECT_EQ(painter.labelAt(150, 100), 0);
    painter.key(Qt::Key_E);
    painter.stroke({150, 100}, {150, 100});
    EXPECT_EQ(painter.labelAt(150, 100), 255);
    painter.moveTo({120, 100});
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.text("hoverText").startsWith("person"); }, kWaitMs));
}

TEST(Models, TheLabelInHandIsNamedInTheWordsOfTheModel)
{
    PainterWindow painter;
    for (const int label : {3, 4}) { // one may have the same number in the other set
        painter.session.tools()->setLabel(label);
        ASSERT_TRUE(painter.loadModel("ade20k.ckpt"));
        const int now = painter.session.tools()->label();
        EXPECT_EQ(painter.text("currentLabelText"), painter.session.palette()->nameOf(now));
        EXPECT_EQ(painter.item("currentSwatch")->property("color").value<QColor>(),
                  painter.session.palette()->colorOf(now));
        ASSERT_TRUE(painter.loadModel());
    }
}

TEST(Models, TheCardSaysWhatAModelIsAndUnloadsIt)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("cocostuff.ckpt"));
    painter.click("modelButton");
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("unloadButton"); }, kWaitMs));
    EXPECT_TRUE(painter.text("fact_Paints from").contains("COCO-Stuff"));
    EXPECT_TRUE(painter.text("fact_Ignored keys").contains("batch_size"));

    painter.click("unloadButton");

    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.shown("unloadButton"); }, kWaitMs));
    EXPECT_EQ(painter.text("modelText"), "No model");
    EXPECT_EQ(painter.text("hintTitle"), "No model is open");
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
    EXPECT_FALSE(painter.shown("control_light"));
}

TEST(Models, AFailedOpenKeepsTheModelAndSaysASentence)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel("depth.ckpt"));
    painter.drop("/nowhere/missing.ckpt");
    ASSERT_TRUE(noticed(painter));
    EXPECT_TRUE(painter.text("bannerDetail").contains("missing.ckpt"));
    EXPECT_EQ(painter.session.source(), ui::Session::Depth);
    EXPECT_TRUE(painter.item("renderButton")->isEnabled());
}

TEST(Models, AFolderIsOpenedByDropAndInTheFileCard)
{
    const QTemporaryDir folder;
    ASSERT_TRUE(QDir(folder.path()).mkpath("depth/checkpoints"));
    QFile checkpoint(folder.filePath("depth/checkpoints/last.ckpt"));
    ASSERT_TRUE(checkpoint.open(QIODevice::WriteOnly));
    PainterWindow painter;
    painter.drop(folder.filePath("depth"));
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.source() == ui::Session::Depth; }, kWaitMs));

    ASSERT_TRUE(painter.loadModel());
    painter.key(Qt::Key_M, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("fileName"); }, kWaitMs));
    painter.session.folder()->setPath(folder.path());
    EXPECT_FALSE(painter.item("openFolderButton")->isEnabled());
    painter.type("depth");
    painter.key(Qt::Key_Return);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.source() == ui::Session::Depth; }, kWaitMs));
    EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.shown("fileName"); }, kWaitMs));
}

TEST(Models, SlidersAndChoicesReachTheRequest)
{
    Listener listener;
    PainterWindow painter(listener.script());
    ASSERT_TRUE(painter.loadModel());
    for (const char *control : {"control_light", "control_biome", "control_weather"}) {
        painter.item(control)->forceActiveFocus();
        painter.key(Qt::Key_Down);
    }
    painter.item("temperatureSlider")->forceActiveFocus();
    painter.key(Qt::Key_Left);
    painter.item("guidanceSlider")->forceActiveFocus();
    painter.key(Qt::Key_Right);

    const core::RenderRequest request = listener.asked(painter);

    EXPECT_EQ(request.controls,
              (std::map<std::string, std::string>{{"biome", "alpine"}, {"light", "morning"}, {"weather", "clear"}}));
    EXPECT_NEAR(request.temperature, 0.95, 1e-9);
    EXPECT_NEAR(request.guidance, 1.1, 1e-9);
    EXPECT_EQ(painter.text("progressText"), "");
}

TEST(Models, AFirstStageSaysThatItCannotPaintThoughAMapWasOpened)
{
    const QTemporaryDir folder;
    QImage map(300, 280, QImage::Format_Grayscale8);
    map.fill(kGrass);
    ASSERT_TRUE(map.save(folder.filePath("map.png")));
    PainterWindow painter;
    painter.session.openMapWithModel("stage.ckpt", QUrl::fromLocalFile(folder.filePath("map.png")));
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.document()->size() == QSize(300, 280); }, kWaitMs));
    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.text("bannerDetail").contains("first stage"));
    EXPECT_TRUE(painter.text("hintText").contains("first stage"));
    EXPECT_TRUE(painter.shown("hintModelButton"));
}

TEST(Models, AModelWithoutAMapLeavesTheKeyboardToAnOpenCard)
{
    PainterWindow painter;
    painter.key(Qt::Key_M, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.shown("fileName"); }, kWaitMs));
    ASSERT_TRUE(painter.loadModel("class.ckpt"));
    painter.type("last.ckpt");
    EXPECT_EQ(painter.text("fileName"), "last.ckpt");
}

TEST(Models, AMapOutOfSightIsNamedAsUnsaved)
{
    PainterWindow painter;
    painter.stroke({100, 100}, {200, 100});
    ASSERT_TRUE(painter.loadModel("nothing.ckpt"));
    EXPECT_EQ(painter.session.unsavedText(), "The map of labels is not saved.");
}

TEST(Models, AStatusOfTheModelIsReadAloud)
{
    PainterWindow painter;
    ASSERT_TRUE(painter.loadModel());
    QAccessibleInterface *button = QAccessible::queryAccessibleInterface(painter.item("modelButton"));
    ASSERT_TRUE(button);
    EXPECT_EQ(button->text(QAccessible::Name), "Scripted model");
    QAccessibleInterface *slider = QAccessible::queryAccessibleInterface(painter.item("brushSlider"));
    ASSERT_TRUE(slider);
    EXPECT_EQ(slider->text(QAccessible::Description), "32 px");
}

TEST(Models, AMapNamedAtTheStartWaitsForItsModel)
{
    const QTemporaryDir folder;
    QImage depth(300, 280, QImage::Format_Grayscale8);
    depth.fill(9);
    depth.setPixelColor(0, 0, Qt::white);
    ASSERT_TRUE(depth.save(folder.filePath("depth.png")));
    PainterWindow painter;
    painter.session.openMapWithModel("depth.ckpt", QUrl::fromLocalFile(folder.filePath("depth.png")));
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.document()->size() == QSize(300, 280); }, kWaitMs));
    EXPECT_EQ(painter.session.document(), painter.session.depth());
}

} // namespace

} // namespace tessera::tests
