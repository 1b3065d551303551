#include "core/document/imagefile.h"

#include "core/document/pngchunks.h"
#include "core/document/pngtext.h"
#include "temporaryfolder.h"

#include <QBuffer>
#include <QColorSpace>
#include <QImageWriter>

#include <gmock/gmock.h>

#include <cstring>

namespace tessera::core
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;

class ImageFile : public FileTest
{};

ImageBytes gradient(int width, int height, int channels)
{
    ImageBytes image{width, height, channels, {}};
    for (int i = 0; i < width * height * channels; ++i) {
        image.bytes.push_back(uint8_t(i * 5 + i / 97));
    }
    return image;
}

QByteArray encodedAs(const QImage &image, const char *format)
{
    QByteArray content;
    QBuffer buffer(&content);
    buffer.open(QIODevice::WriteOnly);
    QImageWriter(&buffer, format).write(image);
    return content;
}

TEST_F(ImageFile, losslessFormatsRoundTripAtOddSizes)
{
    for (const char *name : {"a.png", "a.TIF", "a.tiff"}) {
        for (const int channels : {1, 3}) {
            for (const auto &[width, height] : {std::pair{1, 1}, {7, 5}, {131, 67}}) {
                const ImageBytes image = gradient(width, height, channels);
                writeImage(file(name), toQImage(image));
                EXPECT_EQ(readMapImage(file(name)), image) << name << ' ' << channels << ' ' << width;
            }
        }
    }
}

TEST_F(ImageFile, jpegAndWebpStayNear)
{
    QImage image(64, 48, QImage::Format_RGB888);
    for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 64; ++x) {
            image.setPixelColor(x, y, QColor(x * 4, y * 5, 128));
        }
    }
    for (const char *name : {"a.jpg", "a.JPEG", "a.webp"}) {
        writeImage(file(name), image);
        const QImage back = readImage(file(name));
        ASSERT_EQ(back.size(), image.size());
        for (int y = 0; y < 48; y += 5) {
            for (int x = 0; x < 64; x += 3) {
                EXPECT_NEAR(back.pixelColor(x, y).red(), x * 4, 14) << name;
                EXPECT_NEAR(back.pixelColor(x, y).green(), y * 5, 14) << name;
            }
        }
    }
    EXPECT_TRUE(get("a.jpg").startsWith("\xff\xd8"));
    EXPECT_EQ(get("a.webp").mid(8, 4), "WEBP");
}

TEST_F(ImageFile, palettesGiveColorsOrIndices)
{
    QImage image(5, 2, QImage::Format_Indexed8);
    image.setColorTable({qRgb(1, 2, 3), qRgb(9, 8, 7), qRgb(9, 8, 7)});
    for (int i = 0; i < 10; ++i) {
        image.setPixel(i % 5, i / 5, uint(i % 3));
    }
    put("p.png", encodedAs(image, "png"));
    const ImageBytes indices = readMapImage(file("p.png"), PalettePixels::Indices);
    EXPECT_EQ(indices.channels, 1);
    EXPECT_THAT(indices.bytes, testing::ElementsAre(0, 1, 2, 0, 1, 2, 0, 1, 2, 0));
    const ImageBytes colors = readMapImage(file("p.png"));
    EXPECT_EQ(colors.channels, 3);
    EXPECT_THAT(std::vector<uint8_t>(colors.bytes.begin(), colors.bytes.begin() + 6),
                testing::ElementsAre(1, 2, 3, 9, 8, 7));
}

TEST_F(ImageFile, palettesOfOneBitGiveIndices)
{
    QImage image(9, 1, QImage::Format_Mono);
    image.setColorTable({qRgb(200, 2, 3), qRgb(9, 8, 7)});
    image.fill(0);
    image.setPixel(8, 0, 1);
    put("p.png", encodedAs(image, "png"));
    EXPECT_EQ(readMapImage(file("p.png"), PalettePixels::Indices), (ImageBytes{9, 1, 1, {0, 0, 0, 0, 0, 0, 0, 0, 1}}));
    EXPECT_EQ(readMapImage(file("p.png")).channels, 3);
}

TEST_F(ImageFile, grayPalettesAndBitmapsAreGray)
{
    QImage image(4, 1, QImage::Format_Indexed8);
    image.setColorTable({qRgb(0, 0, 0), qRgb(170, 170, 170)});
    for (int x = 0; x < 4; ++x) {
        image.setPixel(x, 0, uint(x % 2));
    }
    put("g.png", encodedAs(image, "png"));
    const ImageBytes gray = readMapImage(file("g.png"));
    EXPECT_EQ(gray.channels, 1);
    EXPECT_THAT(gray.bytes, testing::ElementsAre(0, 170, 0, 170));

    QImage mask(9, 2, QImage::Format_Mono);
    mask.setColorTable({qRgb(0, 0, 0), qRgb(255, 255, 255)});
    mask.fill(1);
    put("m.png", encodedAs(mask, "png"));
    EXPECT_EQ(readMapImage(file("m.png")), (ImageBytes{9, 2, 1, std::vector<uint8_t>(18, 255)}));
}

TEST_F(ImageFile, labelsIn16BitsKeepTheirNumbers)
{
    const auto write = [&](std::vector<quint16> values) {
        QImage image(int(values.size()), 1, QImage::Format_Grayscale16);
        std::memcpy(image.scanLine(0), values.data(), 2 * values.size());
        put("n.png", encodedAs(image, "png"));
    };
    write({0, 1, 24, 255});
    EXPECT_THAT(readMapImage(file("n.png")).bytes, testing::ElementsAre(0, 1, 24, 255));
    write({0, 257, 24 * 257, 65535}); // spread
    EXPECT_THAT(readMapImage(file("n.png")).bytes, testing::ElementsAre(0, 1, 24, 255));
    write({0, 1, 256});
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readMapImage(file("n.png")); }),
                AllOf(HasSubstr("n.png"), HasSubstr("up to 256"), HasSubstr("at most 255")));
}

TEST_F(ImageFile, alphaIsNeverMultipliedIn)
{
    const ImageBytes image{3, 1, 4, {10, 200, 30, 0, 1, 2, 3, 1, 250, 251, 252, 128}};
    writeImage(file("a.png"), toQImage(image));
    EXPECT_EQ(readMapImage(file("a.png")), image);
}

TEST_F(ImageFile, picturesComeInSrgb)
{
    QImage image(4, 4, QImage::Format_RGB888);
    image.fill(QColor(128, 128, 128));
    image.setColorSpace(QColorSpace::SRgbLinear);
    put("linear.png", encodedAs(image, "png"));
    EXPECT_NEAR(readImage(file("linear.png")).pixelColor(1, 1).red(), 188, 2);
    EXPECT_EQ(readMapImage(file("linear.png")).bytes[0], 128) << "maps keep their values";
}

TEST_F(ImageFile, everyFormatCutShortIsAnError)
{
    for (const char *format : {"png", "jpeg", "webp", "tiff", "bmp"}) {
        const QByteArray whole = encodedAs(toQImage(gradient(97, 61, 3)), format);
        ASSERT_GT(whole.size(), 200) << format;
        put("whole", whole);
        EXPECT_EQ(readImage(file("whole")).width(), 97) << format;
        for (const qsizetype size : {qsizetype(1), qsizetype(9), qsizetype(40), whole.size() / 2, whole.size() - 30}) {
            put("cut.png", whole.left(size));
            EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("cut.png")); }), HasSubstr("cut.png"))
                << format << " of " << size << " bytes";
        }
    }
}

QByteArray progressiveJpeg(const QImage &image)
{
    QByteArray content;
    QBuffer buffer(&content);
    buffer.open(QIODevice::WriteOnly);
    QImageWriter writer(&buffer, "jpeg");
    writer.setProgressiveScanWrite(true);
    writer.write(image);
    return content;
}

// A segment of a JPEG with `bytes` as its content.
QByteArray jpegSegment(char marker, const QByteArray &bytes)
{
    const qsizetype length = bytes.size() + 2;
    return QByteArray("\xff") + marker + char(length >> 8) + char(length & 0xff) + bytes;
}

// Photos in motion, of several phones, end in a film, in which any bytes may stand.
TEST_F(ImageFile, whatStandsBehindAJpegDoesNotMatter)
{
    const QImage image = toQImage(gradient(97, 61, 3));
    const QByteArray film = QByteArray::fromHex("0000001866747970ffda") + QByteArray(300, '\xa5');
    for (const QByteArray &photo : {encodedAs(image, "jpeg"), progressiveJpeg(image)}) {
        put("motion.jpg", photo + film);
        EXPECT_EQ(readImage(file("motion.jpg")), decodeImage(photo, "photo"));
        for (const qsizetype size : {photo.size() / 2, photo.size() - 2}) {
            put("cut.jpg", photo.left(size));
            EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("cut.jpg")); }), HasSubstr("is cut off"))
                << size;
        }
    }
}

TEST_F(ImageFile, aThumbnailsEndIsNotTheJpegs)
{
    const QByteArray photo = encodedAs(toQImage(gradient(97, 61, 3)), "jpeg");
    const QByteArray thumbnail = encodedAs(toQImage(gradient(8, 8, 3)), "jpeg");
    const QByteArray whole = photo.left(2) + jpegSegment('\xe5', thumbnail) + photo.mid(2);
    EXPECT_EQ(decodeImage(whole, "whole.jpg").width(), 97);
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { decodeImage(whole.chopped(2), "cut.jpg"); }),
                HasSubstr("is cut off"));
}

TEST_F(ImageFile, refusesOtherFilesByContent)
{
    put("text.png", "this is no picture, whatever its name says\n");
    put("empty.png", {});
    put("vector.png", "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"></svg>");
    put("dots.png", "#define a_width 8\n#define a_height 1\nstatic char a_bits[] = {0x11};\n");
    put("pnm.png", "P2 1 1 255 3\n");
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("text.png")); }),
                AllOf(HasSubstr("text.png"), HasSubstr("expected PNG, JPEG, WebP, TIFF or BMP")));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("empty.png")); }), HasSubstr("is empty"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("vector.png")); }), HasSubstr("expected PNG"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("dots.png")); }), HasSubstr("format xbm"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("pnm.png")); }), HasSubstr("expected PNG"));
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [&] { readMapImage(file("none.png")); }), HasSubstr("No such file"));
    put("right.txt", encodedAs(toQImage(gradient(3, 3, 3)), "png"));
    EXPECT_EQ(readMapImage(file("right.txt")), gradient(3, 3, 3));
}

TEST_F(ImageFile, refusesHugeAndEmptyPicturesBeforeReadingThem)
{
    QByteArray bmp = encodedAs(toQImage(gradient(2, 2, 3)), "bmp");
    bmp[18] = char(0x01);
    bmp[19] = char(0x40); // width 16385
    put("wide.bmp", bmp);
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("wide.bmp")); }),
                AllOf(HasSubstr("16385 x 2"), HasSubstr("at most 16384")));

    constexpr qsizetype kHeader = 8, kData = 16, kRest = 33; // IHDR, what it holds, the chunks behind it
    const QByteArray png = encodedAs(toQImage(gradient(2, 2, 3)), "png");
    const QByteArray noWidth = QByteArray(4, 0) + png.mid(kData + 4, 9);
    put("none.png", png.left(kHeader) + pngChunk("IHDR", noWidth) + png.mid(kRest));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readImage(file("none.png")); }), HasSubstr("0 x 2 pixels"));
}

TEST_F(ImageFile, writesTextsIntoPngFiles)
{
    writeImage(file("a.png"), toQImage(gradient(3, 3, 3)), {{"tessera", "{\n}"}, {"Software", "Tessera"}});
    EXPECT_EQ(pngText(get("a.png"), "tessera"), "{\n}");
    EXPECT_EQ(pngText(get("a.png"), "Software"), "Tessera");
    EXPECT_EQ(readMapImage(file("a.png")), gradient(3, 3, 3));
}

TEST_F(ImageFile, refusesUnknownSuffixesAndTouchesNothing)
{
    put("old.gif", "old");
    EXPECT_THAT(errorOf(ErrorCode::InvalidArgument, [&] { writeImage(file("old.gif"), toQImage(gradient(2, 2, 3))); }),
                AllOf(HasSubstr(".gif"), HasSubstr("expected .png, .jpg")));
    EXPECT_THAT(errorOf(ErrorCode::InvalidArgument, [&] { checkImageSuffix(file("name")); }), HasSubstr("no suffix"));
    EXPECT_THAT(errorOf(ErrorCode::InvalidArgument, [&] { writeImage(file("a.png"), {}); }), HasSubstr("is empty"));
    EXPECT_EQ(get("old.gif"), "old");
    EXPECT_EQ(filesInFolder(), 1u);
}

Image counted(int width, int height)
{
    Image picture{width, height, {}};
    for (int i = 0; i < 3 * width * height; ++i) {
        picture.rgb.push_back(uint8_t(i * 7));
    }
    return picture;
}

TEST(PictureImage, goesThereAndBackAtOddWidths)
{
    for (const int width : {1, 3, 5, 16, 257}) {
        const Image picture = counted(width, 3);
        EXPECT_EQ(fromQImage(toQImage(picture)), picture) << width;
    }
}

TEST(PictureImage, ownsItsPixels)
{
    QImage image;
    {
        const Image picture = counted(5, 2);
        image = toQImage(picture);
    }
    EXPECT_EQ(image.format(), QImage::Format_RGB32);
    EXPECT_EQ(fromQImage(image), counted(5, 2));
    EXPECT_TRUE(toQImage(Image{}).isNull());
}

} // namespace
} // namespace tessera::core
