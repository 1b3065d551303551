#include "ui/mapfiles.h"

#include <gtest/gtest.h>

#include <QDir>
#include <QFile>
#include <QImage>
#include <QTemporaryDir>

#include "models/error.h"
#include "ui/numberedlabels.h"

namespace tessera::ui
{

namespace
{

std::filesystem::path write(const QTemporaryDir &folder, const QString &name, const QByteArray &content)
{
    QFile file(folder.filePath(name));
    EXPECT_TRUE(file.open(QIODevice::WriteOnly));
    file.write(content);
    return file.fileName().toStdString();
}

TEST(MapFiles, AModelIsToldFromAMapByContentBeforeItsName)
{
    const QTemporaryDir folder;
    const QString picture = folder.filePath("picture.ckpt");
    ASSERT_TRUE(QImage(4, 4, QImage::Format_RGB32).save(picture, "PNG"));

    EXPECT_FALSE(looksLikeModel(picture.toStdString()));
    EXPECT_TRUE(looksLikeModel(folder.path().toStdString()));
    EXPECT_TRUE(looksLikeModel(write(folder, "a.dat", QByteArray("PK\x03\x04 and more", 13))));
    EXPECT_TRUE(looksLikeModel(write(folder, "b", QByteArray("\x80\x02\x8a\x0a", 4))));
    EXPECT_TRUE(looksLikeModel(write(folder, "c", QByteArray("\x40\0\0\0\0\0\0\0{\"", 10))));
    EXPECT_TRUE(looksLikeModel(write(folder, "page.ckpt", "<html>not found</html>")));
    EXPECT_FALSE(looksLikeModel(write(folder, "notes.txt", "words and more words")));
    EXPECT_FALSE(looksLikeModel(folder.filePath("missing.png").toStdString()));
}

TEST(MapFiles, AFolderHoldsAModelWhereThePublishedOnesKeepIt)
{
    const QTemporaryDir folder;
    EXPECT_FALSE(holdsModel(folder.path().toStdString()));
    ASSERT_TRUE(QDir(folder.path()).mkpath("checkpoints"));
    EXPECT_FALSE(holdsModel(folder.path().toStdString()));
    write(folder, "checkpoints/last.ckpt", "x");
    EXPECT_TRUE(holdsModel(folder.path().toStdString()));
    EXPECT_TRUE(holdsModel((folder.path() + "/checkpoints").toStdString()));
    EXPECT_FALSE(holdsModel((folder.path() + "/missing").toStdString()));
    const QTemporaryDir run; // that kept its best checkpoint alone
    ASSERT_TRUE(QDir(run.path()).mkpath("checkpoints"));
    write(run, "checkpoints/epoch=000012.ckpt", "x");
    EXPECT_TRUE(holdsModel(run.path().toStdString()));
}

TEST(MapFiles, DepthComesBackFromItsFileToSixteenBits)
{
    const QTemporaryDir folder;
    core::FieldMap field{40, 30, std::vector<float>(1200)};
    for (size_t i = 0; i < field.values.size(); ++i)
        field.values[i] = float(i) / 1199 * 2 - 1;
    for (const char *name : {"depth.png", "depth.tif"}) {
        const std::filesystem::path path = folder.filePath(name).toStdString();
        writeFieldMap(path, field);
        const core::FieldMap read = readFieldMap(path);
        ASSERT_EQ(read.values.size(), field.values.size());
        for (size_t i = 0; i < field.values.size(); ++i)
            EXPECT_NEAR(read.values[i], field.values[i], 2e-5) << name << " " << i;
    }
}

TEST(MapFiles, WhatNeitherReachesFarNorNearComesBackAsItWas)
{
    const QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath("depth.png").toStdString();
    for (const float end : {-1.0f, 0.0f, 1.0f}) {
        const core::FieldMap field{2, 1, {0, end}};
        writeFieldMap(path, field);
        const core::FieldMap read = readFieldMap(path);
        EXPECT_NEAR(read.values[0], 0, 2e-5) << end;
        EXPECT_NEAR(read.values[1], end, 2e-5) << end;
    }
}

TEST(MapFiles, APhotoGivesLinesWhereItsBrightnessChanges)
{
    const QTemporaryDir folder;
    QImage photo(64, 64, QImage::Format_RGB32);
    photo.fill(Qt::black);
    for (int y = 0; y < 64; ++y)
        std::fill_n(reinterpret_cast<QRgb *>(photo.scanLine(y)) + 32, 32, qRgb(255, 255, 255));
    ASSERT_TRUE(photo.save(folder.filePath("photo.png")));
    const core::FieldMap edges = readEdgesOfPhoto(folder.filePath("photo.png").toStdString()).field;
    EXPECT_EQ(*std::max_element(edges.row(30) + 28, edges.row(30) + 36), 1.0f);
    EXPECT_EQ(edges.at(10, 30), -1.0f);
    EXPECT_EQ(edges.at(55, 30), -1.0f);
}

TEST(MapFiles, WhatIsLargerThanACanvasIsMadeToFit)
{
    const core::LabelMap map = fitted(core::LabelMap(8192, 1024, 5));
    EXPECT_EQ(map, core::LabelMap(4096, 512, 5));
    EXPECT_EQ(fitted(core::LabelMap(16384, 300, 5)), core::LabelMap(4096, 256, 5));
    EXPECT_EQ(fitted(core::LabelMap(4096, 100, 5)), core::LabelMap(4096, 100, 5));
    const core::FieldMap field = fitted(core::FieldMap{100, 8192, std::vector<float>(819200, 0.5f)});
    EXPECT_EQ(field.width, 100);
    EXPECT_EQ(field.height, 4096);

    const QTemporaryDir folder;
    QImage photo(6000, 300, QImage::Format_RGB32);
    photo.fill(Qt::black);
    for (int y = 0; y < 300; ++y)
        std::fill_n(reinterpret_cast<QRgb *>(photo.scanLine(y)) + 3000, 3000, qRgb(255, 255, 255));
    ASSERT_TRUE(photo.save(folder.filePath("photo.png")));
    const FieldOfPhoto edges = readEdgesOfPhoto(folder.filePath("photo.png").toStdString());
    EXPECT_TRUE(edges.smaller);
    EXPECT_EQ(edges.field.width, 4096);
    EXPECT_EQ(edges.field.height, 256);
    EXPECT_EQ(*std::max_element(edges.field.row(100) + 2044, edges.field.row(100) + 2053), 1.0f);
}

TEST(MapFiles, WhatIsNoPictureIsNamed)
{
    const QTemporaryDir folder;
    const std::filesystem::path path = write(folder, "noise.png", "noise");
    EXPECT_THROW(readFieldMap(path), Error);
    EXPECT_THROW(readEdgesOfPhoto(path), Error);
}

TEST(NumberedLabels, AreToldApartAndBeginWithVoid)
{
    const core::LabelSet set = numberedLabels(150);
    ASSERT_EQ(set.labels.size(), 150u);
    EXPECT_TRUE(set.isVoid(0));
    EXPECT_EQ(set.labels[149].name, "label 149");
    for (size_t i = 2; i < set.labels.size(); ++i)
        EXPECT_NE(set.labels[i].color, set.labels[i - 1].color) << i;
}

} // namespace

} // namespace tessera::ui
