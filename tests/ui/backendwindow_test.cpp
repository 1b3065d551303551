// The real window over the real backend, with a tiny model of random weights.

#include <gtest/gtest.h>

#include <QFile>
#include <QTemporaryDir>

#include "core/document/pngtext.h"
#include "core/render/recordjson.h"
#include "painterwindow.h"
#include "tests/data/tinymodel.h"
#include "ui/corebackend.h"
#include "ui/imageconversion.h"

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
        core::recordFromText(text->toStdString(), ui::fromQImage(painter.session.picture()->image()), "picture.png");
    EXPECT_EQ(record.request.seed, 42u);
    EXPECT_EQ(std::get<core::LabelMap>(record.request.condition), painter.session.document()->map());
    EXPECT_EQ(record.request.modelIdentity, painter.session.controller()->modelInfo().identity);
}

TEST(Backend, AModelThatPaintsFromDepthIsRefusedInWords)
{
    const QTemporaryDir folder;
    const std::string model = folder.filePath("depth.safetensors").toStdString();
    writeTinyModel(model, TinyKind::Depth);
    PainterWindow painter(std::make_unique<ui::CoreBackend>());

    ASSERT_TRUE(painter.loadModel(QString::fromStdString(model)));

    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.text("bannerDetail").contains("depth"));
    EXPECT_FALSE(painter.item("renderButton")->isEnabled());
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
