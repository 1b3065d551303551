#include "core/document/fieldfile.h"

#include "core/document/floattiff.h"
#include "core/document/imagefile.h"
#include "core/map/depthmap.h"
#include "temporaryfolder.h"

#include <gmock/gmock.h>

#include <cstring>
#include <limits>

namespace tessera::core
{
namespace
{

using testing::ElementsAre;
using testing::FloatEq;

class FieldFile : public FileTest
{};

// float32 gray, 3 x 2 pixels, one strip, no compression, as the TIFF 6.0 specification has it.
const char *const kFloatTiff =
    "49492a00200000000000a0c0009cfa450000803e6f12833a000080bf0000c8420a000001030001000000030000000101"
    "030001000000020000000201030001000000200000000301030001000000010000000601030001000000010000001101"
    "040001000000080000001501030001000000010000001601030001000000020000001701040001000000180000005301"
    "0300010000000300000000000000";

// The same values, big-endian, a strip per row, compressed by Deflate.
const char *const kPackedTiff =
    "4d4d002a00000040789c3bb08081c1f5d71c06bb060606001f0a03fa789cb36a16cadfdfc0c0e0748281010019d80388"
    "000000080000001c0000001400000014000a010000030000000100030000010100030000000100020000010200030000"
    "000100200000010300030000000100080000010600030000000100010000011100040000000200000030011500030000"
    "00010001000001160003000000010001000001170004000000020000003801530003000000010003000000000000";

TEST_F(FieldFile, readsGrayOf8And16Bits)
{
    writeImage(file("8.png"), toQImage({3, 1, 1, {0, 7, 255}}));
    EXPECT_EQ(readFieldImage(file("8.png")), (FieldMap{3, 1, {0, 7, 255}}));

    QImage deep(3, 1, QImage::Format_Grayscale16);
    const quint16 values[] = {0, 257, 65535};
    std::memcpy(deep.scanLine(0), values, sizeof values);
    for (const char *name : {"16.png", "16.tiff"}) {
        writeImage(file(name), deep);
        EXPECT_EQ(readFieldImage(file(name)), (FieldMap{3, 1, {0, 257, 65535}})) << name;
    }
}

TEST_F(FieldFile, readsFloatTiff)
{
    for (const char *content : {kFloatTiff, kPackedTiff}) {
        put("f.tiff", QByteArray::fromHex(content));
        const FieldMap field = readFieldImage(file("f.tiff"));
        EXPECT_EQ(field.width, 3);
        EXPECT_EQ(field.height, 2);
        EXPECT_THAT(field.values, ElementsAre(-5.f, 8019.5f, 0.25f, 1e-3f, -1.f, 100.f));
    }
}

TEST_F(FieldFile, readsFloatsFromTheBytesOfRgba)
{
    const std::vector<float> values{-5.25f, 8019.125f, 0.f, 1e-3f, 3.1415926f, 100.f};
    ImageBytes image{3, 2, 4, std::vector<uint8_t>(24)};
    std::memcpy(image.bytes.data(), values.data(), 24);
    writeImage(file("depth.png"), toQImage(image));
    EXPECT_EQ(readFieldImage(file("depth.png")), (FieldMap{3, 2, values}));
}

TEST_F(FieldFile, aBrokenNumberMakesNoPictureOfANumericField)
{
    std::vector<float> values(64, 0.5f);
    values[9] = std::numeric_limits<float>::quiet_NaN();
    ImageBytes image{8, 8, 4, std::vector<uint8_t>(256)};
    std::memcpy(image.bytes.data(), values.data(), 256);
    writeImage(file("broken.png"), toQImage(image));
    const FieldMap field = readFieldImage(file("broken.png"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { normalizedField(field, "broken.png"); }),
                testing::HasSubstr("not finite"));
}

TEST_F(FieldFile, picturesWithAlphaAreTakenByTheirBrightness)
{
    writeImage(file("a.png"), toQImage({2, 1, 4, {90, 90, 90, 255, 200, 200, 200, 255}}));
    EXPECT_THAT(readFieldImage(file("a.png")).values, ElementsAre(90.f, 200.f));
    writeImage(file("c.png"), toQImage({2, 1, 3, {90, 90, 90, 200, 200, 200}}));
    EXPECT_THAT(readFieldImage(file("c.png")).values, ElementsAre(90.f, 200.f));
}

TEST_F(FieldFile, scalesFilesThatDoNotSayTheirRange)
{
    const QImage gray = toQImage({3, 1, 1, {51, 102, 255}});
    writeImage(file("said.png"), gray, {{kFieldRangeKey, kWholeFieldRange}});
    EXPECT_THAT(readScaledField(file("said.png")).values, ElementsAre(FloatEq(-0.6f), FloatEq(-0.2f), 1.f));
    writeImage(file("other.png"), gray, {{kFieldRangeKey, "0 9"}});
    EXPECT_THAT(readScaledField(file("other.png")).values, ElementsAre(-1.f, -0.5f, 1.f));
    writeImage(file("plain.png"), gray);
    EXPECT_THAT(readScaledField(file("plain.png")).values, ElementsAre(-1.f, -0.5f, 1.f));
    put("f.tiff", QByteArray::fromHex(kFloatTiff));
    EXPECT_EQ(readScaledField(file("f.tiff")).values[1], 1.f);
}

TEST_F(FieldFile, aDamagedCommentDoesNoHarm)
{
    writeImage(file("a.png"), toQImage({2, 1, 1, {0, 200}}), {{"Comment", "a picture"}});
    QByteArray content = get("a.png");
    content[content.indexOf("a picture")] = 'A';
    put("a.png", content);
    EXPECT_THAT(readScaledField(file("a.png")).values, ElementsAre(-1.f, 1.f));
}

TEST_F(FieldFile, everyCutOfAFloatTiffIsAnError)
{
    for (const char *content : {kFloatTiff, kPackedTiff}) {
        const QByteArray whole = QByteArray::fromHex(content).chopped(6); // the last bytes mean nothing
        for (qsizetype size = 0; size < whole.size(); size += 3) {
            put("f.tiff", whole.left(size));
            EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readFieldImage(file("f.tiff")); }),
                        testing::HasSubstr("f.tiff"))
                << size;
        }
    }
}

// Width 16384; each strip of a row would hold 64 KiB in 20 bytes.
TEST_F(FieldFile, refusesSidesBeyondWhatItsStripsCanHold)
{
    QByteArray wide = QByteArray::fromHex(kPackedTiff);
    const qsizetype width = wide.indexOf(QByteArray::fromHex("0100000300000001")) + 8;
    wide.replace(width, 2, QByteArray::fromHex("4000"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readFloatTiff(wide, "wide.tiff"); }),
                testing::HasSubstr("a strip of 20 bytes cannot hold 65536"));
}

template<typename... Numbers>
void appendTo(QByteArray &bytes, Numbers... numbers)
{
    (bytes.append(reinterpret_cast<const char *>(&numbers), sizeof numbers), ...);
}

// Little-endian floats, a strip for each row; all strips are the same bytes.
QByteArray sharedStrips(quint32 side)
{
    const quint32 directory = 8, count = 7, offsets = directory + 2 + 12 * count + 4, counts = offsets + 4 * side;
    QByteArray tiff("II*\0", 4);
    appendTo(tiff, directory, quint16(count));
    const auto entry = [&](int tag, quint32 values, quint32 value) {
        appendTo(tiff, quint16(tag), quint16(4), values, value);
    };
    entry(256, 1, side);
    entry(257, 1, side);
    entry(258, 1, 32);
    entry(273, side, offsets);
    entry(278, 1, 1);
    entry(279, side, counts);
    entry(339, 1, 3);
    appendTo(tiff, quint32(0));
    for (quint32 i = 0; i < side; ++i) {
        appendTo(tiff, counts);
    }
    for (quint32 i = 0; i < side; ++i) {
        appendTo(tiff, quint32(4 * side));
    }
    return tiff;
}

// Of 128 KiB: a gibibyte of floats.
TEST_F(FieldFile, refusesStripsThatShareBytes)
{
    const QByteArray shared = sharedStrips(16384);
    EXPECT_THAT(
        errorOf(ErrorCode::FileFormat, [&] { readFloatTiff(shared, "shared.tiff"); }),
        testing::HasSubstr("its strips share bytes, having 1073741824 of a file of " + std::to_string(shared.size())));
}

// A picture is refused for holding floats without reading them.
TEST_F(FieldFile, theDirectoryTellsAFloatTiff)
{
    EXPECT_TRUE(isFloatTiff(sharedStrips(16384), "shared.tiff"));
    EXPECT_TRUE(isFloatTiff(QByteArray::fromHex(kPackedTiff), "packed.tiff"));
    writeImage(file("gray.tiff"), toQImage({1, 1, 1, {7}}));
    EXPECT_FALSE(isFloatTiff(get("gray.tiff"), "gray.tiff"));
    EXPECT_FALSE(isFloatTiff("\x89PNG", "a.png"));
}

// Whether it is one of floats is not known then.
TEST_F(FieldFile, aDamagedTiffIsNotCalledAFloatTiff)
{
    const QByteArray cut = QByteArray::fromHex("49492a0008000000ff0000010300"); // in the first entry of its directory
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readFloatTiff(cut, "cut.tiff"); }),
                testing::HasSubstr("The TIFF file cut.tiff is damaged or cut off"));
    QByteArray lzw = QByteArray::fromHex(kFloatTiff);
    lzw[lzw.indexOf(QByteArray::fromHex("030103000100000001")) + 8] = 5;
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readFloatTiff(lzw, "lzw.tiff"); }),
                testing::HasSubstr("The float TIFF file lzw.tiff is stored"));
}

TEST_F(FieldFile, refusesFloatTiffsOfOtherKinds)
{
    QByteArray lzw = QByteArray::fromHex(kFloatTiff);
    lzw[lzw.indexOf(QByteArray::fromHex("030103000100000001")) + 8] = 5;
    put("lzw.tiff", lzw);
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readFieldImage(file("lzw.tiff")); }),
                testing::HasSubstr("compression 5; expected strips"));
}

} // namespace
} // namespace tessera::core
