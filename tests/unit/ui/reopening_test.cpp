// Pictures that open with what they were made from, and what becomes of what was there before.
#include "ui/session.h"

#include <gtest/gtest.h>

#include <semaphore>

#include <QTemporaryDir>
#include <QTest>

#include "core/document/imagefile.h"
#include "core/document/picturefile.h"
#include "ui/fakebackend.h"

namespace tessera::ui
{

namespace
{

constexpr int kWaitMs = 10'000;
constexpr int kLandscapeWaitMs = 120'000;
constexpr uint8_t kGrass = 10;

struct Desk {
    explicit Desk(FakeScript script = {}) : session(std::make_unique<FakeBackend>(std::move(script))) {}

    Session session;
    QTemporaryDir folder;

    bool waitFor(const std::function<bool()> &condition) { return QTest::qWaitFor(condition, kWaitMs); }
    bool idle()
    {
        return waitFor([this] { return !session.controller()->busy(); });
    }
    bool loadModel(const QString &name)
    {
        session.controller()->loadModel(name);
        return waitFor([this] { return session.controller()->modelState() == RenderController::Ready; });
    }
    bool render(double seed)
    {
        session.settings()->setSeed(seed);
        session.render();
        return idle();
    }
    // As if painted by the scripted model: 256 x 256, all of it one label.
    core::RenderRequest request(uint8_t label, uint64_t seed) const
    {
        core::RenderRequest request;
        request.modelIdentity = "0123456789abcdef";
        request.width = request.height = 256;
        request.seed = seed;
        request.temperature = 0.5;
        request.topK = 100;
        request.condition = core::LabelMap(256, 256, label);
        return request;
    }
    QUrl written(const core::RenderRequest &request, const std::string &precision = "fp32") const
    {
        const QString path = folder.filePath("opened.png");
        QImage picture(256, 256, QImage::Format_RGB32);
        picture.fill(Qt::red);
        core::RenderRecord record{request, "Scripted model", "model.safetensors",
                                  "cpu",   precision,        core::CodeGrid(core::GridSize{16, 16})};
        const std::string text = core::recordText(record, core::fromQImage(picture), {});
        EXPECT_TRUE(core::writePicture(path.toStdString(), picture, QByteArray::fromStdString(text)));
        return QUrl::fromLocalFile(path);
    }
    QString said() { return session.notices()->title() + "|" + session.notices()->detail(); }
    core::LabelMap grass() const { return core::LabelMap(256, 256, kGrass); }
};

// A render of the map of grass that has drawn its first codes and waits.
struct RenderingDesk {
    std::counting_semaphore<1000> permits{0};
    Desk desk{script()};

    bool begin(int codes)
    {
        desk.session.labels()->replaceUnsaved(desk.grass());
        if (!desk.loadModel("model.safetensors"))
            return false;
        desk.session.render();
        permits.release(codes);
        return desk.waitFor([&] { return desk.session.controller()->codesDone() >= codes; });
    }

private:
    FakeScript script()
    {
        FakeScript script;
        script.beforeCode = [this](int) { permits.acquire(); };
        return script;
    }
};

TEST(Reopening, TheUnsavedPictureBeforeCanBeHadBackWhereTheMapIsTheSame)
{
    Desk desk;
    Session &session = desk.session;
    session.labels()->replaceUnsaved(desk.grass());
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    ASSERT_TRUE(desk.render(2));
    const QImage unsaved = session.picture()->image();

    session.openAny(desk.written(desk.request(kGrass, 1)));

    EXPECT_NE(session.picture()->image(), unsaved);
    EXPECT_EQ(session.unsavedText(), "The map and the picture are not saved.");
    ASSERT_TRUE(session.picture()->hasFormer());
    session.picture()->showFormer();
    EXPECT_EQ(session.picture()->image(), unsaved);
    EXPECT_TRUE(session.picture()->unsaved());
}

TEST(Reopening, TheExampleAndItsPictureComeBackByUndo)
{
    Desk desk;
    Session &session = desk.session;
    session.labels()->replace(desk.grass(), {}); // an unnamed map that counts as saved, as the example does
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    ASSERT_TRUE(desk.render(2));
    const QImage unsaved = session.picture()->image();

    session.openAny(desk.written(desk.request(3, 1)));

    EXPECT_EQ(session.unsavedText(), "The picture before this one is not saved.");
    ASSERT_TRUE(session.document()->canUndo());
    session.document()->undo();
    EXPECT_EQ(session.labels()->map(), desk.grass());
    EXPECT_EQ(session.picture()->image(), unsaved);
    EXPECT_EQ(session.unsavedText(), "The picture is not saved.");
}

TEST(Reopening, UndoBringsSettingsBackButForThoseChangedSince)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    session.settings()->setSeed(7);
    session.settings()->setTemperature(1.2);
    session.openAny(desk.written(desk.request(kGrass, 42)));
    EXPECT_EQ(session.settings()->seed(), 42);
    EXPECT_EQ(session.settings()->temperature(), 0.5);
    session.settings()->setTemperature(0.9);
    session.document()->undo();
    EXPECT_EQ(session.settings()->seed(), 7);
    EXPECT_EQ(session.settings()->temperature(), 0.9);
}

TEST(Reopening, ARenderUnderWayDoesNotCoverWhatIsOpened)
{
    RenderingDesk rendering;
    Desk &desk = rendering.desk;
    Session &session = desk.session;
    ASSERT_TRUE(rendering.begin(40));

    session.openAny(desk.written(desk.request(3, 1)));
    const QImage opened = session.picture()->image();
    session.controller()->cancel(); // Esc does not bring it back
    rendering.permits.release(500);
    ASSERT_TRUE(desk.idle());

    EXPECT_EQ(session.picture()->image(), opened);
    session.document()->undo();
    EXPECT_EQ(session.labels()->map(), desk.grass());
}

TEST(Reopening, TheUnsavedPictureThatASurpriseCoveredStaysBehindTheNextOne)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    ASSERT_TRUE(desk.render(2));
    const QImage unsaved = session.picture()->image();
    for (const quint32 seed : {5, 6}) {
        session.surpriseWith(seed);
        ASSERT_TRUE(QTest::qWaitFor([&] { return !session.imagining(); }, kLandscapeWaitMs));
        ASSERT_TRUE(session.picture()->startingPoint());
    }

    ASSERT_TRUE(desk.render(3));

    EXPECT_NE(session.picture()->image(), unsaved);
    session.picture()->showFormer();
    EXPECT_EQ(session.picture()->image(), unsaved);
}

TEST(Reopening, ARenderUnderWayDoesNotCoverASurprise)
{
    RenderingDesk rendering;
    Desk &desk = rendering.desk;
    Session &session = desk.session;
    ASSERT_TRUE(rendering.begin(40));
    session.surpriseWith(5);
    ASSERT_TRUE(QTest::qWaitFor([&] { return !session.imagining(); }, kLandscapeWaitMs));
    rendering.permits.release(500);
    ASSERT_TRUE(desk.idle());
    EXPECT_TRUE(session.picture()->startingPoint());
}

TEST(Reopening, LabelsAreReadInTheWordsOfTheModelThoughUndoLeftOthers)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("cocostuff.safetensors"));
    session.labels()->replaceUnsaved(core::LabelMap(256, 256, 1)); // bicycle
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    session.document()->undo();
    ASSERT_EQ(session.labels()->labelSet().name, "cocostuff");

    session.openAny(desk.written(desk.request(1, 1))); // sky

    EXPECT_EQ(session.labels()->labelSet().name, "landscape") << desk.said().toStdString();
    EXPECT_EQ(session.labels()->map(), core::LabelMap(256, 256, 1));
}

TEST(Reopening, WhatCannotBeTakenLeavesEverythingAsItWas)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("several.safetensors"));
    session.setSource(Session::Depth);
    session.openAny(desk.written(desk.request(200, 1)));
    EXPECT_TRUE(session.notices()->shown());
    EXPECT_EQ(session.source(), Session::Depth);
    EXPECT_TRUE(session.picture()->empty());
}

TEST(Reopening, APictureWaitsForAModelThatIsBeingOpened)
{
    Desk desk;
    Session &session = desk.session;
    session.controller()->loadModel("model.safetensors");
    EXPECT_TRUE(session.openMap(Session::Labels, desk.written(desk.request(kGrass, 42))));
    EXPECT_TRUE(session.picture()->empty());
    EXPECT_TRUE(session.notices()->shown());
    ASSERT_TRUE(desk.waitFor([&] { return !session.picture()->empty(); })) << desk.said().toStdString();
    EXPECT_EQ(session.labels()->map(), desk.grass());

    session.openMap(Session::Labels, desk.written(desk.request(3, 1)));
    session.controller()->loadModel("missing.safetensors"); // the model before is kept, and paints it
    session.openMap(Session::Labels, desk.written(desk.request(4, 2)));
    ASSERT_TRUE(desk.waitFor([&] { return session.labels()->map() == core::LabelMap(256, 256, 4); }));
    EXPECT_EQ(session.settings()->seed(), 2);
}

TEST(Reopening, AMapIsReadInTheWordsOfAModelThatIsBeingOpened)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    QImage map(256, 256, QImage::Format_Grayscale8);
    map.fill(150); // a label of COCO-Stuff, and none of landscapes
    const QString file = desk.folder.filePath("map.png");
    ASSERT_TRUE(map.save(file));
    session.controller()->loadModel("cocostuff.safetensors");
    EXPECT_TRUE(session.openMap(Session::Labels, QUrl::fromLocalFile(file)));
    EXPECT_TRUE(session.notices()->detail().contains("map.png"));
    ASSERT_TRUE(desk.waitFor([&] { return session.labels()->filePath() == file; })) << desk.said().toStdString();
    EXPECT_EQ(session.labels()->labelSet().name, "cocostuff");
    EXPECT_EQ(session.labels()->map(), core::LabelMap(256, 256, 150));
}

TEST(Reopening, ADroppedMapIsForTheModelThatIsBeingOpened)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    QImage map(256, 256, QImage::Format_Grayscale8);
    map.fill(3);
    map.setPixel(0, 0, qRgb(200, 200, 200));
    const QString file = desk.folder.filePath("near.png");
    ASSERT_TRUE(map.save(file));
    session.controller()->loadModel("depth.safetensors");
    session.openAny(QUrl::fromLocalFile(file));
    ASSERT_TRUE(desk.waitFor([&] { return session.depth()->filePath() == file; })) << desk.said().toStdString();
}

TEST(Saving, AFileThatHoldsMoreThanWasReadIsNotTheMapsOwn)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    const QString file = desk.folder.filePath("large.png"), own = desk.folder.filePath("own.png");
    QImage map(MapDocument::kLargestSide + 16, 256, QImage::Format_Grayscale8);
    map.fill(kGrass);
    ASSERT_TRUE(map.save(file));
    ASSERT_TRUE(session.openMap(Session::Labels, QUrl::fromLocalFile(file)));
    EXPECT_EQ(session.labels()->filePath(), file);
    EXPECT_EQ(session.ownFile(Session::Labels), "");
    ASSERT_TRUE(session.saveMap(Session::Labels, QUrl::fromLocalFile(own)));
    EXPECT_EQ(session.ownFile(Session::Labels), own);
    ASSERT_TRUE(session.saveMap(Session::Labels, QUrl::fromLocalFile(file))); // on purpose
    EXPECT_EQ(session.ownFile(Session::Labels), file);
}

TEST(Reopening, AnotherPrecisionThanTheChosenOneIsSaid)
{
    Desk desk;
    Session &session = desk.session;
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    session.openAny(desk.written(desk.request(kGrass, 1), "bf16"));
    EXPECT_TRUE(session.notices()->detail().contains("bf16")) << desk.said().toStdString();
    session.openAny(desk.written(desk.request(kGrass, 1), "int8"));
    EXPECT_TRUE(session.notices()->detail().contains("int8")) << desk.said().toStdString();
    EXPECT_FALSE(session.controller()->fast()); // the artist's choice
    session.openAny(desk.written(desk.request(kGrass, 1), "fp32"));
    EXPECT_FALSE(session.notices()->detail().contains("fp32")) << desk.said().toStdString();
}

TEST(Saving, WritesWhatWasThereWhenItWasAskedFor)
{
    Desk desk;
    Session &session = desk.session;
    session.labels()->replaceUnsaved(desk.grass());
    ASSERT_TRUE(desk.loadModel("model.safetensors"));
    ASSERT_TRUE(desk.render(1));
    const QImage asked = session.picture()->image();
    const QUrl picture = QUrl::fromLocalFile(desk.folder.filePath("a.png")),
               map = QUrl::fromLocalFile(desk.folder.filePath("m.png"));
    session.holdPicture();
    session.holdMap(Session::Labels);
    ASSERT_TRUE(desk.render(2));
    session.labels()->floodFill({0, 0}, 3);

    ASSERT_TRUE(session.savePicture(picture));
    ASSERT_TRUE(session.saveMap(Session::Labels, map));

    EXPECT_EQ(QImage(picture.toLocalFile()).convertToFormat(QImage::Format_RGB32), asked);
    EXPECT_EQ(session.unsavedText(), "The map and the picture are not saved.");
    session.document()->undo();
    EXPECT_EQ(session.unsavedText(), "The picture is not saved.");
    ASSERT_TRUE(session.savePicture(picture)); // without holding: the one that is shown
    EXPECT_EQ(session.unsavedText(), "");
    session.labels()->floodFill({0, 0}, 3);
    ASSERT_TRUE(session.openMap(Session::Labels, map));
    EXPECT_EQ(session.labels()->map(), desk.grass());
}

} // namespace

} // namespace tessera::ui
