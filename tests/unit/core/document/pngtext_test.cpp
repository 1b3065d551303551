#include "core/document/pngtext.h"

#include "temporaryfolder.h"

#include <QBuffer>
#include <QImage>

#include <gmock/gmock.h>

namespace tessera::core
{
namespace
{

using testing::HasSubstr;

QByteArray smallPng()
{
    QImage image(5, 3, QImage::Format_RGB888);
    image.fill(QColor(10, 20, 30));
    QByteArray png;
    QBuffer buffer(&png);
    buffer.open(QIODevice::WriteOnly);
    image.save(&buffer, "png");
    return png;
}

// A picture of one pixel with a zTXt and a compressed iTXt chunk, made by Python's zlib.
const char *const kForeignTexts =
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55000000187a5458747061636b656400"
    "00789c4b4e4c7ba9908c8500008f020b006d4357590000001f69545874626f7468000100656e00626569646500789c7b"
    "b6610bd7330218008f5d14f5af02b7bd0000000a49444154789c636800000082008177cd72b60000000049454e44ae42"
    "6082";

TEST(PngText, roundTripsTextsThatQtWouldChange)
{
    const QByteArray png = smallPng();
    for (const QByteArray &value :
         {QByteArray("one line"), QByteArray("{\n  \"a\": 1,\n\n \"\xc3\xa4\": \"\xe6\xb0\xb4\" }\n"), QByteArray(),
          QByteArray(200000, 'z')}) {
        const QByteArray withText = pngWithText(png, "tessera", value);
        EXPECT_EQ(pngText(withText, "tessera"), value);
        EXPECT_EQ(QImage::fromData(withText, "png"), QImage::fromData(png, "png"));
    }
}

TEST(PngText, replacesAndKeepsOthers)
{
    QByteArray png = pngWithText(smallPng(), "Software", "Tessera");
    png = pngWithText(png, "tessera", "old");
    const qsizetype before = png.size();
    png = pngWithText(png, "tessera", "new");
    EXPECT_EQ(png.size(), before);
    EXPECT_EQ(pngText(png, "tessera"), "new");
    EXPECT_EQ(pngText(png, "Software"), "Tessera");
    EXPECT_EQ(pngText(png, "tess"), std::nullopt);
    EXPECT_EQ(pngText(smallPng(), "tessera"), std::nullopt);
    EXPECT_EQ(QImage::fromData(png, "png").text("Software"), "Tessera");
}

TEST(PngText, readsCompressedTextsOfOtherPrograms)
{
    const QByteArray png = QByteArray::fromHex(kForeignTexts);
    EXPECT_EQ(pngText(png, "packed"), QByteArray("caf\xc3\xa9 ").repeated(5));
    EXPECT_EQ(pngText(png, "both"), QByteArray("\xe6\xb0\xb4\n").repeated(9));
}

TEST(PngText, everyCutAndEveryFlippedBitIsAnErrorOrHarmless)
{
    const QByteArray png = pngWithText(smallPng(), "tessera", "some text");
    const qsizetype end = png.indexOf("some text") + 9 + 4;
    for (qsizetype size = 0; size < end; ++size) {
        EXPECT_THROW(pngText(png.left(size), "tessera"), Error) << size;
    }
    for (qsizetype i = 0; i < end * 8; ++i) {
        QByteArray flipped = png;
        flipped[i / 8] = char(flipped[i / 8] ^ (1 << i % 8));
        EXPECT_THROW(pngText(flipped, "tessera"), Error) << "bit " << i;
    }
}

TEST(PngText, errorsSayWhatIsWrong)
{
    const QByteArray png = pngWithText(smallPng(), "tessera", "some text");
    QByteArray damaged = png;
    damaged[png.indexOf("some text")] = 'X';
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { pngText(damaged, "tessera", "my.png"); }),
                testing::AllOf(HasSubstr("my.png"), HasSubstr("checksum of the chunk at byte 33")));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { pngText("not a png at all", "tessera", "my.png"); }),
                HasSubstr("is not a PNG file"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { pngText(png.left(40), "tessera", "my.png"); }),
                HasSubstr("cut off"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { pngWithText(png.left(60), "a", "b"); }), HasSubstr("cut off"));
    for (const QByteArray &key : {QByteArray(), QByteArray(80, 'k'), QByteArray(" a"), QByteArray("a\nb"),
                                  QByteArray("a\0b", 3), QByteArray("a  b")}) {
        EXPECT_THAT(errorOf(ErrorCode::InvalidArgument, [&] { pngWithText(png, key, "b"); }),
                    HasSubstr("expected 1 to 79"));
    }
    EXPECT_THAT(errorOf(ErrorCode::InvalidArgument, [&] { pngWithText(png, "a", QByteArray("\0", 1)); }),
                HasSubstr("NUL"));
}

} // namespace
} // namespace tessera::core
