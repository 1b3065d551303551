// The whole way with the model that comes with the program: paint, render, look.

#include <gtest/gtest.h>

#include <set>

#include <QCryptographicHash>
#include <QDir>
#include <QFile>

#include "core/map/strokes.h"
#include "models/resources.h"
#include "painterwindow.h"
#include "ui/corebackend.h"

namespace tessera::tests
{

namespace
{

constexpr int kStarterWaitMs = 240'000;

// SHA256SUMS as sha256sum writes it: a sum, two blanks, a name.
TEST(Starter, FilesAreThoseOfTheManifest)
{
    const QDir folder(QString::fromStdString((models::resourceFolder() / "starter").string()));
    QFile manifest(folder.filePath("SHA256SUMS"));
    ASSERT_TRUE(manifest.open(QIODevice::ReadOnly));
    QStringList listed;
    for (const QByteArray &line : manifest.readAll().trimmed().split('\n')) {
        const QByteArray sum = line.left(64), name = line.mid(66);
        QFile file(folder.filePath(name));
        ASSERT_TRUE(file.open(QIODevice::ReadOnly)) << name.toStdString();
        EXPECT_LE(file.size(), 16 << 20) << name.toStdString();
        EXPECT_EQ(QCryptographicHash::hash(file.readAll(), QCryptographicHash::Sha256).toHex(), sum);
        listed << name;
    }
    listed.sort();
    EXPECT_EQ(listed, folder.entryList({"*.safetensors", "*.json"}, QDir::Files, QDir::Name));
}

TEST(Starter, PaintsRendersAndShowsAPicture)
{
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

TEST(Starter, PaintsFromDepthAndEdges)
{
    PainterWindow painter(std::make_unique<ui::CoreBackend>());
    ASSERT_TRUE(painter.loadModel("starter"));
    EXPECT_EQ(painter.session.sources(), (QList<int>{ui::Session::Labels, ui::Session::Depth, ui::Session::Edges}));
    for (ui::FieldDocument *document : {painter.session.depth(), painter.session.edges()})
        document->newCanvas(256, 256);
    painter.session.depth()->paintGradient({128, 255}, {128, 110}, 1, 0.2);
    painter.session.depth()->apply([](core::FieldMap &map) { return core::fillRect(map, {0, 0, 256, 110}, -1.F); });
    painter.session.edges()->apply([](core::FieldMap &map) { return core::fillRect(map, {0, 120, 256, 2}, 1.F); });
    for (const auto &[source, name] :
         {std::pair{ui::Session::Depth, "starter-depth.png"}, {ui::Session::Edges, "starter-edges.png"}}) {
        painter.session.setSource(source);
        painter.session.render();
        ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kStarterWaitMs));
        EXPECT_FALSE(painter.session.notices()->shown()) << painter.session.notices()->detail().toStdString();
        EXPECT_EQ(painter.session.picture()->image().size(), QSize(256, 256));
        painter.saveScreenshot(name);
    }
}

} // namespace

} // namespace tessera::tests
