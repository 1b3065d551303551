// The real window over the real backend, with a tiny model of random weights.

#include <gtest/gtest.h>

#include <QFile>
#include <QTemporaryDir>

#include "core/document/imagefile.h"
#include "core/document/pngtext.h"
#include "core/render/recordjson.h"
#include "painterwindow.h"
#include "tests/data/tinymodel.h"
#include "ui/corebackend.h"

namespace tessera::tests
{

namespace
{

constexpr int kRenderWaitMs = 120'000;

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

TEST(Backend, RendersAndSavesWhatMakesThePictureAgain)
{
    const QTemporaryDir folder;
    const std::string model = folder.filePath("tiny.safetensors").toStdString();
    writeTinyModel(model);
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    painter.session.document()->newCanvas(256, 256);
    painter.session.tools()->setLabel(4);
    painter.stroke({40, 110}, {210, 100});
    ASSERT_TRUE(painter.loadModel(QString::fromStdString(model)));
    painter.session.settings()->setSeed(42);

    painter.key(Qt::Key_Return, Qt::ControlModifier);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kRenderWaitMs));
    ASSERT_FALSE(painter.session.notices()->shown()) << painter.session.notices()->detail().toStdString();
    ASSERT_EQ(painter.session.picture()->size(), QSize(256, 256));

    const QString saved = folder.filePath("picture.png");
    ASSERT_TRUE(painter.session.savePicture(QUrl::fromLocalFile(saved)));
    const auto text = core::pngText(contentOf(saved), core::kRecordKey);
    ASSERT_TRUE(text);
    const core::RenderRecord record =
        core::recordFromText(text->toStdString(), core::fromQImage(painter.session.picture()->image()), "picture.png");
    EXPECT_EQ(record.request.seed, 42u);
    EXPECT_EQ(std::get<core::LabelMap>(record.request.condition), painter.session.labels()->map());
    EXPECT_EQ(record.request.modelIdentity, painter.session.controller()->modelInfo().identity);
}

TEST(Backend, APictureOpensWithWhatItWasMadeFrom)
{
    const QTemporaryDir folder;
    const QString model = folder.filePath("tiny.safetensors");
    writeTinyModel(model.toStdString());
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ui::Session &session = painter.session;
    session.document()->newCanvas(320, 256);
    session.tools()->setLabel(4);
    painter.stroke({40, 110}, {210, 100});
    ASSERT_TRUE(painter.loadModel(model));
    session.settings()->setSeed(42);
    session.settings()->setTemperature(0.8);
    session.settings()->setControlIndex("light", 2);
    session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !session.controller()->busy(); }, kRenderWaitMs));
    const core::LabelMap map = session.labels()->map();
    const QImage picture = session.picture()->image();
    const QUrl saved = QUrl::fromLocalFile(folder.filePath("picture.png"));
    ASSERT_TRUE(session.savePicture(saved));

    session.document()->newCanvas(256, 256);
    session.settings()->setSeed(1);
    session.settings()->setTemperature(1);
    session.settings()->setControlIndex("light", 0);
    session.openAny(saved);
    EXPECT_FALSE(session.notices()->shown()) << session.notices()->detail().toStdString();
    EXPECT_EQ(session.labels()->map(), map);
    EXPECT_EQ(session.picture()->image(), picture);
    EXPECT_FALSE(session.picture()->unsaved());
    EXPECT_EQ(session.settings()->seed(), 42);
    EXPECT_EQ(session.settings()->controlIndex("light"), 2);
    session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !session.controller()->busy(); }, kRenderWaitMs));
    EXPECT_EQ(session.picture()->image(), picture);

    session.document()->undo(); // of what opening brought
    EXPECT_EQ(session.document()->size(), QSize(256, 256));

    const QString another = folder.filePath("another.safetensors");
    writeTinyModel(another.toStdString(), TinyKind::Class);
    ASSERT_TRUE(painter.loadModel(another));
    const core::LabelMap kept = session.labels()->map();
    session.openAny(saved);
    EXPECT_TRUE(session.notices()->shown()); // it needs no map
    EXPECT_EQ(session.labels()->map(), kept);
    session.unloadModel();
    session.openAny(saved);
    EXPECT_TRUE(session.notices()->detail().contains("tiny.safetensors")) << session.notices()->detail().toStdString();
}

TEST(Backend, RendersFastWhereAsked)
{
    const QTemporaryDir folder;
    const QString model = folder.filePath("tiny.safetensors");
    writeTinyModel(model.toStdString());
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ui::RenderController &controller = *painter.session.controller();
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel(model));
    ASSERT_TRUE(controller.fasterOffered());
    controller.setFast(true);
    ASSERT_TRUE(QTest::qWaitFor([&] { return controller.modelState() == ui::RenderController::Ready; }, kRenderWaitMs));
    EXPECT_TRUE(controller.modelDetail().startsWith("CPU · int8"));

    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !controller.busy(); }, kRenderWaitMs));
    const QString saved = folder.filePath("picture.png");
    ASSERT_TRUE(painter.session.savePicture(QUrl::fromLocalFile(saved)));
    const auto text = core::pngText(contentOf(saved), core::kRecordKey);
    ASSERT_TRUE(text);
    EXPECT_TRUE(text->contains("\"precision\":\"int8\"")) << text->left(400).toStdString();
}

QString written(const QTemporaryDir &folder, const QString &name, TinyKind kind)
{
    writeTinyModel(folder.filePath(name).toStdString(), kind);
    return folder.filePath(name);
}

// Renders what the open model paints from; the smallest canvas is 256 x 256, but one window is 32 x 32.
bool renders(PainterWindow &painter, const QSize &size)
{
    painter.session.render();
    return QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kRenderWaitMs)
           && !painter.session.notices()->shown() && painter.session.picture()->size() == size;
}

TEST(Backend, EveryKindOfModelPaintsAndTheySwitchWithoutARestart)
{
    const QTemporaryDir folder;
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    painter.session.document()->newCanvas(256, 256);

    ASSERT_TRUE(painter.loadModel(written(folder, "class.safetensors", TinyKind::Class)));
    EXPECT_EQ(painter.session.classes()->count(), kTinyClasses);
    painter.session.classes()->setCurrent(kTinyClasses - 1);
    EXPECT_TRUE(renders(painter, {32, 32})) << painter.text("bannerDetail").toStdString();

    ASSERT_TRUE(painter.loadModel(written(folder, "chance.safetensors", TinyKind::Unconditional)));
    EXPECT_TRUE(renders(painter, {32, 32})) << painter.text("bannerDetail").toStdString();

    ASSERT_TRUE(painter.loadModel(written(folder, "depth.safetensors", TinyKind::Depth)));
    painter.session.depth()->paintGradient({128, 255}, {128, 0}, 1, -1);
    EXPECT_TRUE(renders(painter, {256, 256})) << painter.text("bannerDetail").toStdString();

    ASSERT_TRUE(painter.loadModel(written(folder, "places.safetensors", TinyKind::Coordinates)));
    EXPECT_TRUE(renders(painter, {256, 256})) << painter.text("bannerDetail").toStdString();

    ASSERT_TRUE(painter.loadModel(written(folder, "several.safetensors", TinyKind::Several)));
    for (const auto source : {ui::Session::Labels, ui::Session::Depth, ui::Session::Edges}) {
        painter.session.setSource(source);
        EXPECT_EQ(painter.session.source(), source);
        EXPECT_TRUE(renders(painter, {256, 256})) << painter.text("bannerDetail").toStdString();
    }
}

TEST(Backend, AFirstStageAloneIsRefusedInWords)
{
    const QTemporaryDir folder;
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ASSERT_TRUE(painter.loadModel(written(folder, "stage.safetensors", TinyKind::FirstStage)));
    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.text("bannerDetail").contains("first stage alone"));
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
}

TEST(Backend, AnUnloadedModelRendersNoMore)
{
    const QTemporaryDir folder;
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ASSERT_TRUE(painter.loadModel(written(folder, "tiny.safetensors", TinyKind::Labels)));
    painter.session.unloadModel();
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
    ASSERT_TRUE(painter.loadModel(folder.filePath("tiny.safetensors")));
    EXPECT_TRUE(painter.item("renderButton")->isEnabled());
}

TEST(Backend, AFileThatIsNoModelKeepsTheModelBefore)
{
    const QTemporaryDir folder;
    const std::string model = folder.filePath("tiny.safetensors").toStdString();
    writeTinyModel(model);
    QFile wrong(folder.filePath("wrong.safetensors"));
    ASSERT_TRUE(wrong.open(QIODevice::WriteOnly));
    wrong.write("not a model");
    wrong.close();
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ASSERT_TRUE(painter.loadModel(QString::fromStdString(model)));

    painter.session.openModel(QUrl::fromLocalFile(wrong.fileName()));
    ASSERT_TRUE(QTest::qWaitFor([&] { return painter.session.notices()->shown(); }, kWaitMs));

    EXPECT_TRUE(painter.text("bannerDetail").contains("wrong.safetensors"));
    EXPECT_TRUE(painter.item("renderButton")->isEnabled());
}

} // namespace

} // namespace tessera::tests
