// Opening, saving and leaving in the real window.

#include <gtest/gtest.h>

#include <QDir>
#include <QTemporaryDir>

#include "painterwindow.h"

namespace tessera::tests
{

namespace
{

constexpr int kGrass = 10;

bool cardOpen(PainterWindow &painter, const QString &itemOfCard)
{
    return QTest::qWaitFor([&] { return painter.shown(itemOfCard); }, kWaitMs);
}

bool cardClosed(PainterWindow &painter, const QString &itemOfCard)
{
    return QTest::qWaitFor([&] { return !painter.shown(itemOfCard); }, kWaitMs);
}

bool focused(PainterWindow &painter, const QString &objectName)
{
    return QTest::qWaitFor([&] { return painter.item(objectName)->hasActiveFocus(); }, kWaitMs);
}

// Asks to save the map into the folder, and waits for the list to show what lies there.
bool savingInto(PainterWindow &painter, const QTemporaryDir &folder, const QString &entry)
{
    painter.session.folder()->setPath(folder.path());
    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    if (!cardOpen(painter, "file_" + entry))
        return false;
    painter.grab(); // its entries are in place
    return true;
}

void enterName(PainterWindow &painter, const QString &name)
{
    painter.key(Qt::Key_A, Qt::ControlModifier);
    painter.type(name);
    painter.key(Qt::Key_Return);
}

TEST(Files, ASavedMapOpensAsTheSameMap)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    painter.session.tools()->setLabel(kGrass);
    painter.stroke({100, 100}, {300, 150});
    const core::LabelMap painted = painter.session.labels()->map();

    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    enterName(painter, folder.filePath("map.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    EXPECT_FALSE(painter.session.document()->modified());

    painter.session.document()->newCanvas(256, 256);
    painter.key(Qt::Key_O, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    enterName(painter, folder.filePath("map.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));

    EXPECT_EQ(painter.session.labels()->map(), painted);
    EXPECT_FALSE(painter.session.document()->modified());
    EXPECT_EQ(painter.session.document()->title(), "map.png");
}

TEST(Files, AMapIsSavedAsWhatItWasAskedFor)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    painter.stroke({100, 100}, {300, 150});
    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    painter.session.setSource(ui::Session::Depth); // as a model does that comes meanwhile
    enterName(painter, folder.filePath("map.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    EXPECT_EQ(painter.session.labels()->title(), "map.png");
    EXPECT_EQ(painter.session.depth()->title(), "Untitled depth");

    painter.session.setSource(ui::Session::Labels);
    painter.key(Qt::Key_O, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    painter.session.setSource(ui::Session::Depth);
    enterName(painter, folder.filePath("map.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    EXPECT_EQ(painter.session.document(), painter.session.labels());
    EXPECT_EQ(painter.session.depth()->title(), "Untitled depth");
}

TEST(Files, ACardForANewCanvasGoesWithTheMapItWasAskedFor)
{
    PainterWindow painter;
    painter.key(Qt::Key_N, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "createButton"));
    painter.session.setSource(ui::Session::Depth);
    EXPECT_TRUE(cardClosed(painter, "createButton"));
    EXPECT_FALSE(painter.session.labels()->canUndo());
}

TEST(Files, ThePictureIsSavedInTheFormatOfItsSuffix)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    painter.session.document()->newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));

    painter.key(Qt::Key_S, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    enterName(painter, folder.filePath("picture.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));

    const QImage saved(folder.filePath("picture.png"));
    EXPECT_EQ(saved.convertToFormat(QImage::Format_RGB32), painter.session.picture()->image());
    EXPECT_FALSE(painter.session.picture()->unsaved());
    EXPECT_TRUE(painter.session.savePicture(QUrl::fromLocalFile(folder.filePath("picture.webp"))));
    EXPECT_EQ(QImage(folder.filePath("picture.webp")).size(), QSize(256, 256));
}

TEST(Files, NamesWithoutASuffixGetOneAndOthersAreRefusedInTheCard)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    painter.session.folder()->setPath(folder.path());
    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    painter.type("hills"); // over the part of the name before its suffix
    EXPECT_EQ(painter.text("fileName"), "hills.png");
    enterName(painter, "hills.gif");
    EXPECT_TRUE(painter.shown("fileName"));
    EXPECT_TRUE(painter.text("fileWarning").contains(".tif"));
    enterName(painter, "hills");
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    EXPECT_TRUE(QFile::exists(folder.filePath("hills.png")));

    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    EXPECT_EQ(painter.text("fileName"), "hills.png");
    EXPECT_TRUE(painter.text("fileWarning").contains("replaced"));
    painter.key(Qt::Key_Escape);
    EXPECT_TRUE(cardClosed(painter, "fileName"));
}

TEST(Files, WhatIsProposedReplacesNothingButTheWorksOwnFile)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    const auto proposal = [&](Qt::KeyboardModifiers keys) {
        painter.key(Qt::Key_S, keys);
        EXPECT_TRUE(cardOpen(painter, "fileName"));
        return painter.text("fileName");
    };
    const auto accept = [&] {
        painter.key(Qt::Key_Return);
        EXPECT_TRUE(cardClosed(painter, "fileName"));
    };
    const Qt::KeyboardModifiers map = Qt::ControlModifier | Qt::ShiftModifier, picture = Qt::ControlModifier;
    painter.session.folder()->setPath(folder.path());
    EXPECT_EQ(proposal(map), "map.png");
    enterName(painter, "lake.png");
    painter.session.newCanvas(256, 256);
    EXPECT_EQ(proposal(map), "lake-2.png");
    accept();
    EXPECT_EQ(proposal(map), "lake-2.png"); // its own
    accept();

    ASSERT_TRUE(painter.loadModel());
    for (const char *name : {"picture.png", "picture-2.png", "picture-3.png"}) {
        painter.session.render();
        ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
        EXPECT_EQ(proposal(picture), name);
        accept();
    }
    EXPECT_EQ(QDir(folder.path()).count() - 2, 5u); // without . and ..
}

TEST(Files, TheWorksOwnFileIsProposedWhateverItsFolderIsCalled)
{
    const QTemporaryDir folder;
    const QString odd = folder.filePath("50% #1");
    ASSERT_TRUE(QDir().mkpath(odd));
    PainterWindow painter;
    painter.session.folder()->setPath(folder.path());
    ASSERT_TRUE(painter.session.saveMap(ui::Session::Labels, QUrl::fromLocalFile(odd + "/100%.png")));
    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    EXPECT_EQ(painter.session.folder()->path(), odd);
    EXPECT_EQ(painter.text("fileName"), "100%.png");
    EXPECT_TRUE(painter.text("fileWarning").contains("replaced"));
}

TEST(Files, MapsAndPicturesEachHaveTheirFolder)
{
    const QTemporaryDir maps, pictures;
    PainterWindow painter;
    painter.session.newCanvas(256, 256);
    ASSERT_TRUE(painter.loadModel());
    painter.session.render();
    ASSERT_TRUE(QTest::qWaitFor([&] { return !painter.session.controller()->busy(); }, kWaitMs));
    painter.key(Qt::Key_S, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    enterName(painter, pictures.filePath("picture.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    painter.key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    enterName(painter, maps.filePath("map.png"));
    ASSERT_TRUE(cardClosed(painter, "fileName"));

    painter.key(Qt::Key_S, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    EXPECT_EQ(painter.session.folder()->path(), pictures.path());
    EXPECT_EQ(painter.text("fileName"), "picture-2.png");
    painter.key(Qt::Key_Escape);
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    painter.key(Qt::Key_O, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "fileName"));
    EXPECT_EQ(painter.session.folder()->path(), maps.path());
}

TEST(Files, ADoubleClickWhileSavingNamesAFileAndReplacesNone)
{
    const QTemporaryDir folder;
    QFile hills(folder.filePath("hills.png"));
    ASSERT_TRUE(hills.open(QIODevice::WriteOnly));
    hills.write("dear to someone");
    hills.close();
    PainterWindow painter;
    ASSERT_TRUE(savingInto(painter, folder, "hills.png"));

    painter.doubleClick("file_hills.png");

    EXPECT_TRUE(painter.shown("fileName"));
    EXPECT_TRUE(focused(painter, "fileName"));
    EXPECT_EQ(painter.text("fileName"), "hills.png");
    EXPECT_TRUE(painter.text("fileWarning").contains("replaced"));
    ASSERT_TRUE(hills.open(QIODevice::ReadOnly));
    EXPECT_EQ(hills.readAll(), "dear to someone");
}

TEST(Files, ADoubleClickOpens)
{
    const QTemporaryDir folder;
    QImage map(300, 280, QImage::Format_Grayscale8);
    map.fill(kGrass);
    ASSERT_TRUE(QDir(folder.path()).mkdir("maps"));
    ASSERT_TRUE(map.save(folder.filePath("maps/hills.png")));
    PainterWindow painter;
    painter.session.folder()->setPath(folder.path());
    painter.key(Qt::Key_O, Qt::ControlModifier);
    for (const char *entry : {"file_maps", "file_hills.png"}) {
        ASSERT_TRUE(cardOpen(painter, entry));
        painter.grab();
        painter.doubleClick(entry);
    }
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    EXPECT_EQ(painter.session.document()->title(), "hills.png");
}

TEST(Files, TheProposedNameStaysOnTheWayThroughFolders)
{
    const QTemporaryDir folder;
    ASSERT_TRUE(QDir(folder.path()).mkdir("maps"));
    PainterWindow painter;
    const QString below = folder.filePath("maps");
    const auto expectIn = [&](const QString &path) {
        EXPECT_EQ(painter.session.folder()->path(), path);
        EXPECT_EQ(painter.text("fileName"), "map.png");
    };
    ASSERT_TRUE(savingInto(painter, folder, "maps"));

    painter.click("file_maps");
    expectIn(folder.path());
    painter.doubleClick("file_maps");
    expectIn(below);
    painter.click("folderUp");
    expectIn(folder.path());
    painter.item("fileList")->forceActiveFocus(Qt::TabFocusReason);
    painter.key(Qt::Key_Return);
    expectIn(below);
    painter.click("folderUp");
    painter.item("fileName")->forceActiveFocus();
    enterName(painter, "maps");
    expectIn(below);
    painter.key(Qt::Key_Return);
    ASSERT_TRUE(cardClosed(painter, "fileName"));
    EXPECT_TRUE(QFile::exists(below + "/map.png"));
}

TEST(Files, ARecordThatDoesNotFitIsSaid)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    QImage picture(64, 64, QImage::Format_RGB32);
    picture.fill(Qt::red);
    painter.session.picture()->show(picture, QByteArray((16 << 20) + 1, 'x'));

    EXPECT_TRUE(painter.session.savePicture(QUrl::fromLocalFile(folder.filePath("picture.png"))));

    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.text("bannerTitle").contains("without its render record"));
    EXPECT_FALSE(painter.session.picture()->unsaved());
}

TEST(Files, AFileThatIsNoMapShowsABannerAndChangesNothing)
{
    PainterWindow painter;
    const QTemporaryDir folder;
    QFile file(folder.filePath("noise.png"));
    ASSERT_TRUE(file.open(QIODevice::WriteOnly));
    file.write("this is no picture");
    file.close();
    painter.stroke({100, 100}, {300, 150});
    const core::LabelMap before = painter.session.labels()->map();

    EXPECT_FALSE(painter.session.openMap(ui::Session::Labels, QUrl::fromLocalFile(file.fileName())));

    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.text("bannerDetail").contains("noise.png"));
    EXPECT_EQ(painter.session.labels()->map(), before);
    EXPECT_TRUE(painter.session.document()->modified());
}

TEST(Files, ANewCanvasBeginsWithThePresentSizeAndRefusesAWrongOne)
{
    PainterWindow painter;
    painter.session.document()->newCanvas(768, 512);
    painter.key(Qt::Key_N, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "createButton"));
    EXPECT_EQ(painter.text("widthField"), "768");
    EXPECT_EQ(painter.text("heightField"), "512");

    painter.item("heightField")->setProperty("text", "12");
    painter.item("widthField")->forceActiveFocus();
    painter.key(Qt::Key_Return);

    EXPECT_TRUE(painter.shown("createButton"));
    EXPECT_EQ(painter.session.document()->size(), QSize(768, 512));
}

TEST(Files, AGoodSaveTakesTheMessageOfABadOneAway)
{
    const QTemporaryDir folder;
    PainterWindow painter;
    EXPECT_FALSE(painter.session.saveMap(ui::Session::Labels, QUrl::fromLocalFile("/nowhere/map.png")));
    EXPECT_TRUE(painter.shown("banner"));
    EXPECT_TRUE(painter.session.saveMap(ui::Session::Labels, QUrl::fromLocalFile(folder.filePath("map.png"))));
    EXPECT_FALSE(painter.shown("banner"));

    painter.session.picture()->show(QImage(64, 64, QImage::Format_RGB32));
    EXPECT_FALSE(painter.session.savePicture(QUrl::fromLocalFile("/nowhere/picture.png")));
    EXPECT_TRUE(painter.session.savePicture(QUrl::fromLocalFile(folder.filePath("picture.png"))));
    EXPECT_FALSE(painter.shown("banner"));
}

TEST(Files, PixelsWithoutALabelAreCounted)
{
    const QTemporaryDir folder;
    QImage map(300, 280, QImage::Format_RGB32);
    map.fill(QColor(0x9c, 0xee, 0xdd)); // sky in GauGAN's colours
    map.setPixelColor(0, 0, Qt::magenta);
    ASSERT_TRUE(map.save(folder.filePath("one.png")));
    map.setPixelColor(1, 0, Qt::magenta);
    ASSERT_TRUE(map.save(folder.filePath("two.png")));
    PainterWindow painter;
    painter.drop(folder.filePath("one.png"));
    EXPECT_TRUE(painter.text("bannerDetail").startsWith("One pixel had")) << painter.text("bannerDetail").toStdString();
    painter.drop(folder.filePath("two.png"));
    EXPECT_TRUE(painter.text("bannerDetail").startsWith("2 pixels had")) << painter.text("bannerDetail").toStdString();
}

TEST(Files, ANewCanvasTakesTheSizeAndUndoBringsTheOldOneBack)
{
    PainterWindow painter;
    painter.stroke({100, 100}, {300, 150});
    const core::LabelMap before = painter.session.labels()->map();

    painter.key(Qt::Key_N, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "createButton"));
    painter.click("size1024x512");
    painter.click("createButton");
    ASSERT_TRUE(cardClosed(painter, "createButton"));

    EXPECT_EQ(painter.session.document()->size(), QSize(1024, 512));
    painter.key(Qt::Key_Z, Qt::ControlModifier);
    EXPECT_EQ(painter.session.labels()->map(), before);
}

TEST(Files, QuittingAsksOnlyWhenWorkWouldBeLost)
{
    PainterWindow painter;
    painter.stroke({100, 100}, {300, 150});

    painter.key(Qt::Key_Q, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "quitText"));
    EXPECT_EQ(painter.text("quitText"), "The map is not saved.");
    painter.click("stayButton");
    ASSERT_TRUE(cardClosed(painter, "quitText"));
    EXPECT_TRUE(painter.window->isVisible());

    painter.key(Qt::Key_Z, Qt::ControlModifier);
    painter.key(Qt::Key_Q, Qt::ControlModifier);
    EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.window->isVisible(); }, kWaitMs));
}

TEST(Files, QuittingAsksForStrokesUnderANewCanvas)
{
    PainterWindow painter;
    painter.stroke({100, 100}, {300, 150});
    painter.key(Qt::Key_N, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "createButton"));
    painter.click("createButton");
    ASSERT_TRUE(cardClosed(painter, "createButton"));
    painter.key(Qt::Key_Q, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "quitText"));
    EXPECT_EQ(painter.text("quitText"), "The map that undo brings back is not saved.");
}

TEST(Files, LeavingWithoutSavingIsPossible)
{
    PainterWindow painter;
    painter.stroke({100, 100}, {300, 150});
    painter.key(Qt::Key_Q, Qt::ControlModifier);
    ASSERT_TRUE(cardOpen(painter, "discardButton"));

    painter.click("discardButton");

    EXPECT_TRUE(QTest::qWaitFor([&] { return !painter.window->isVisible(); }, kWaitMs));
}

} // namespace

} // namespace tessera::tests
