#include "core/document/picturefile.h"

#include "core/document/atomicfile.h"
#include "core/document/imagefile.h"
#include "core/document/pngtext.h"
#include "temporaryfolder.h"

#include <gmock/gmock.h>

namespace tessera::core
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;

class PictureFile : public FileTest
{};

Image striped(int width, int height)
{
    Image picture{width, height, {}};
    for (int i = 0; i < 3 * width * height; ++i) {
        picture.rgb.push_back(uint8_t(i * 7));
    }
    return picture;
}

QByteArray recordFor(const Image &picture)
{
    RenderRecord record;
    record.request.width = picture.width;
    record.request.height = picture.height;
    record.request.seed = 42;
    record.modelName = "Tiny";
    record.codes = CodeGrid({1, 2}, 3);
    return QByteArray::fromStdString(recordText(record, picture, {}));
}

TEST_F(PictureFile, readsWhatItWroteAndWhatItWasMadeFrom)
{
    const Image picture = striped(13, 7);
    const QByteArray text = recordFor(picture);
    EXPECT_TRUE(writePicture(file("a.png"), toQImage(picture), text));
    EXPECT_EQ(readPicture(file("a.png")).image, picture);
    const auto read = readRecordedPicture(file("a.png"));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->image.format(), QImage::Format_RGB32);
    EXPECT_EQ(fromQImage(read->image), picture);
    EXPECT_EQ(read->text, text);
    EXPECT_EQ(read->record.request.seed, 42u);
    EXPECT_EQ(read->record.codes, CodeGrid({1, 2}, 3));
}

TEST_F(PictureFile, tellsPicturesWithoutARecordFromOtherFiles)
{
    EXPECT_TRUE(writePicture(file("plain.png"), toQImage(striped(4, 4)), {}));
    EXPECT_FALSE(readRecordedPicture(file("plain.png")));
    EXPECT_TRUE(writePicture(file("a.tif"), toQImage(striped(4, 4)), recordFor(striped(4, 4))));
    EXPECT_EQ(readPicture(file("a.tif")).image, striped(4, 4));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readRecordedPicture(file("a.tif")); }),
                AllOf(HasSubstr("a.tif"), HasSubstr("not a PNG file")));
    EXPECT_THAT(errorOf(ErrorCode::FileRead, [&] { readRecordedPicture(file("none.png")); }), HasSubstr("none.png"));
    EXPECT_TRUE(writePicture(file("odd.png"), toQImage(striped(4, 4)), "no record"));
    EXPECT_THAT(errorOf(ErrorCode::FileFormat, [&] { readRecordedPicture(file("odd.png")); }), HasSubstr("odd.png"));
}

TEST_F(PictureFile, saysWhenARecordIsTooLongForAPngAndLeftOut)
{
    const QImage picture = toQImage(striped(4, 4));
    const auto carried = [&] { return pngText(readWholeFile(file("a.png")), kRecordKey); };
    const QByteArray longest(kMostPngTextBytes, 'x');

    EXPECT_TRUE(writePicture(file("a.png"), picture, longest));
    EXPECT_EQ(carried(), longest);
    EXPECT_FALSE(writePicture(file("a.png"), picture, longest + 'x'));
    EXPECT_FALSE(carried());
    EXPECT_EQ(readPicture(file("a.png")).image, striped(4, 4));
}

} // namespace
} // namespace tessera::core
