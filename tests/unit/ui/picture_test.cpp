#include "ui/picture.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

QImage filled(QColor color)
{
    QImage image(8, 8, QImage::Format_RGB32);
    image.fill(color);
    return image;
}

TEST(Picture, AWholePictureComesBackFromUnderOneThatWasStopped)
{
    const QImage whole = filled(Qt::red), part = filled(Qt::green);
    Picture picture;
    picture.show(whole, "record", "256 codes");
    EXPECT_FALSE(picture.hasFormer());
    picture.showPart(filled(Qt::blue), "Stopped at 16");
    picture.showPart(part, "Stopped at 32");
    EXPECT_TRUE(picture.hasFormer());
    EXPECT_TRUE(picture.record().isEmpty());

    picture.showFormer();

    EXPECT_EQ(picture.image(), whole);
    EXPECT_EQ(picture.record(), "record");
    EXPECT_EQ(picture.result(), "256 codes");
    EXPECT_TRUE(picture.unsaved());
    picture.showFormer();
    EXPECT_EQ(picture.image(), part);
    EXPECT_EQ(picture.result(), "Stopped at 32");
}

TEST(Picture, TheWholeOneBehindAPartCountsAsUnsaved)
{
    Picture picture;
    picture.show(filled(Qt::red));
    picture.showPart(filled(Qt::green), {});
    picture.markSaved(picture.content());
    EXPECT_TRUE(picture.unsaved());
    picture.showFormer();
    picture.markSaved(picture.content());
    EXPECT_FALSE(picture.unsaved());
}

TEST(Picture, AnUnsavedOneStaysBehindWhatIsOpened)
{
    Picture picture;
    picture.show(filled(Qt::red));
    picture.showPart(filled(Qt::green), {});
    picture.showSaved(filled(Qt::blue), {}, {});
    picture.showSaved(filled(Qt::white), {}, {}); // what can be opened again gives way
    EXPECT_TRUE(picture.unsaved());
    picture.showFormer();
    EXPECT_EQ(picture.image(), filled(Qt::red));
}

TEST(Picture, AWholeOneStaysBehindTheNext)
{
    Picture picture;
    picture.show(filled(Qt::red));
    picture.showPart(filled(Qt::green), {});
    picture.show(filled(Qt::blue));
    picture.markSaved(picture.content());
    EXPECT_TRUE(picture.unsaved());
    picture.showFormer();
    EXPECT_EQ(picture.image(), filled(Qt::red));
    picture.show(filled(Qt::white));
    picture.showFormer();
    EXPECT_EQ(picture.image(), filled(Qt::red)); // the saved one gave way
}

TEST(Picture, WhatWouldBeTheGreaterLossStaysBehind)
{
    Picture picture;
    picture.showPart(filled(Qt::green), {});
    const Picture::Content part = picture.content();
    picture.showStartingPoint(filled(Qt::gray));
    picture.keepAsFormer(part);
    picture.show(filled(Qt::blue)); // the landscape can be made again
    EXPECT_TRUE(picture.unsaved());
    picture.showFormer();
    EXPECT_EQ(picture.image(), filled(Qt::green));
}

TEST(Picture, AStoppedOneBehindWhatIsOpenedCountsAsUnsaved)
{
    Picture picture;
    picture.showPart(filled(Qt::green), {});
    picture.showSaved(filled(Qt::blue), {}, {});
    EXPECT_TRUE(picture.unsaved());
    picture.showFormer();
    EXPECT_EQ(picture.image(), filled(Qt::green));
}

} // namespace

} // namespace tessera::ui
