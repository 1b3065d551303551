#include "ui/imageconversion.h"

#include <gtest/gtest.h>

namespace tessera::ui
{

namespace
{

TEST(ImageConversion, OnlyTheAreaIsRepainted)
{
    core::LabelSet set;
    set.labels = {{}, {1, "sky", {10, 20, 30}, "sky", {}, {}, {}}};
    const core::LabelMap map(7, 5, 1);
    QImage target(7, 5, QImage::Format_RGB32);
    target.fill(qRgb(1, 2, 3));

    paintLabels(target, map, labelColors(set), QRect(2, 1, 100, 2));

    EXPECT_EQ(target.pixel(2, 1), qRgb(10, 20, 30));
    EXPECT_EQ(target.pixel(6, 2), qRgb(10, 20, 30));
    EXPECT_EQ(target.pixel(1, 1), qRgb(1, 2, 3));
    EXPECT_EQ(target.pixel(2, 3), qRgb(1, 2, 3));
}

TEST(ImageConversion, TheSetSaysWhichLabelIsTheChequer)
{
    core::LabelSet set;
    set.labels = {{0, "person", {200, 0, 0}, "people", {}, {}, {}}, {1, "sky", {10, 20, 30}, "sky", {}, {}, {}}};
    set.voidLabel = 255;
    core::LabelMap map(16, 16, 255);
    map.labels[0] = 0;
    QImage target(16, 16, QImage::Format_RGB32);
    paintLabels(target, map, labelColors(set), target.rect());
    EXPECT_EQ(target.pixel(0, 0), qRgb(200, 0, 0));
    EXPECT_NE(target.pixel(1, 0), target.pixel(9, 0)); // two squares of the chequer
    EXPECT_EQ(target.pixel(1, 0), target.pixel(9, 8));
}

TEST(ImageConversion, FieldsAreGrayAndKeepSixteenBits)
{
    const core::FieldMap field{3, 1, {-1, 0.5f, 1}};
    QImage target(3, 1, QImage::Format_RGB32);
    paintField(target, field, target.rect());
    EXPECT_EQ(target.pixel(0, 0), qRgb(0, 0, 0));
    EXPECT_EQ(target.pixel(1, 0), qRgb(191, 191, 191));
    EXPECT_EQ(target.pixel(2, 0), qRgb(255, 255, 255));
    const QImage written = fieldImage(field);
    ASSERT_EQ(written.format(), QImage::Format_Grayscale16);
    EXPECT_EQ(reinterpret_cast<const quint16 *>(written.constScanLine(0))[1], 49151);
}

} // namespace

} // namespace tessera::ui
