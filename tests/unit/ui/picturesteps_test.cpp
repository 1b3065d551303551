#include "ui/picturesteps.h"

#include <gtest/gtest.h>

#include "ui/fielddocument.h"

namespace tessera::ui
{

namespace
{

struct Desk {
    FieldDocument document{FieldKind::Depth};
    Picture picture;
    RenderSettings settings;
    PictureSteps steps;

    Desk()
    {
        core::ModelInfo info;
        info.controls = {{"light", {"any", "noon", "night"}}};
        settings.setModel(info);
    }
    PictureSteps::Side side() const { return {document.stateId(), picture.content(), settings.values()}; }
    // A step with a picture and a choice.
    void surprise()
    {
        const PictureSteps::Side before = side();
        document.fillRect({0, 0, 10, 10}, 1);
        picture.showStartingPoint(QImage(8, 8, QImage::Format_RGB32));
        settings.choose({{"light", "noon"}});
        steps.add(document, before, side());
    }
    void undo()
    {
        document.undo();
        steps.follow(document, picture, settings);
    }
    void redo()
    {
        document.redo();
        steps.follow(document, picture, settings);
    }
};

TEST(PictureSteps, UndoAndRedoBringTheChoicesBack)
{
    Desk desk;
    desk.surprise();
    desk.undo();
    EXPECT_TRUE(desk.picture.empty());
    EXPECT_TRUE(desk.settings.values().controls.empty());
    desk.redo();
    EXPECT_FALSE(desk.picture.empty());
    EXPECT_EQ(desk.settings.values().controls.at("light"), "noon");
}

TEST(PictureSteps, ChoicesOfTheArtistStay)
{
    Desk desk;
    desk.surprise();
    desk.settings.setControlIndex("light", 2);
    desk.undo();
    EXPECT_TRUE(desk.picture.empty());
    EXPECT_EQ(desk.settings.values().controls.at("light"), "night");
}

TEST(PictureSteps, SettingsComeBackThoughThePicturesAreForgotten)
{
    Desk desk;
    desk.surprise();
    desk.picture.show(QImage(4, 4, QImage::Format_RGB32));
    desk.steps.forgetPictures();
    EXPECT_FALSE(desk.steps.unsaved());
    desk.undo();
    EXPECT_EQ(desk.picture.size(), QSize(4, 4));
    EXPECT_TRUE(desk.settings.values().controls.empty());
    desk.redo();
    EXPECT_EQ(desk.settings.values().controls.at("light"), "noon");
}

TEST(PictureSteps, WhatAStepCoveredIsKnownAsLongAsItIsNotForgotten)
{
    Desk desk;
    desk.picture.show(QImage(4, 4, QImage::Format_RGB32));
    const Picture::Content before = desk.picture.content();
    desk.surprise();
    const auto unsaved = desk.steps.unsavedPictures(); // the surprise can be made again
    ASSERT_EQ(unsaved.size(), 1u);
    EXPECT_TRUE(unsaved[0] == before);
    desk.steps.forgetPictures();
    EXPECT_TRUE(desk.steps.unsavedPictures().empty());
}

} // namespace

} // namespace tessera::ui
