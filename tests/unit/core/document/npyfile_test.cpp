#include "core/document/npyfile.h"

#include "temporaryfolder.h"

#include <gmock/gmock.h>

namespace tessera::core
{
namespace
{

using testing::AllOf;
using testing::HasSubstr;

class NpyFile : public FileTest
{
protected:
    std::string codesErrorOf(const QByteArray &content) const
    {
        put("bad.npy", content);
        return errorOf(ErrorCode::FileFormat, [&] { readNpyCodes(file("bad.npy")); });
    }
};

CodeGrid sixCodes()
{
    CodeGrid codes(GridSize{2, 3});
    codes.values = {1, 2, 3, 4, 5, -6};
    return codes;
}

// numpy.save of int64 [[1, 2, 3], [4, 5, -6]].
QByteArray numpyCodes()
{
    QByteArray content("\x93NUMPY\x01\x00v\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }", 69);
    content.append(58, ' ').append('\n');
    for (const char code : {1, 2, 3, 4, 5}) {
        content.append(code).append(7, '\0');
    }
    return content.append('\xfa').append(7, '\xff');
}

// numpy.save of float32 arange(4) / 4, reshaped to [2, 1, 2].
QByteArray numpyPlanes()
{
    QByteArray content("\x93NUMPY\x01\x00v\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1, 2), }", 72);
    content.append(55, ' ').append('\n');
    return content
           + QByteArray::fromHex("00000000"
                                 "0000803e"
                                 "0000003f"
                                 "0000403f");
}

TEST_F(NpyFile, writesTheBytesThatNumpyWrites)
{
    writeNpy(file("a.npy"), sixCodes());
    EXPECT_EQ(get("a.npy"), numpyCodes());
    writeNpy(file("b.npy"), FloatPlanes{2, 1, 2, {0, 0.25f, 0.5f, 0.75f}});
    EXPECT_EQ(get("b.npy"), numpyPlanes());
}

TEST_F(NpyFile, readsWhatNumpyWrites)
{
    put("a.npy", numpyCodes());
    put("b.npy", numpyPlanes());
    EXPECT_EQ(readNpyCodes(file("a.npy")), sixCodes());
    EXPECT_EQ(readNpyPlanes(file("b.npy")), (FloatPlanes{2, 1, 2, {0, 0.25f, 0.5f, 0.75f}}));
}

TEST_F(NpyFile, readsHeadersOfOtherWriters)
{
    const QByteArray header = "{\"shape\":(1,2) , 'fortran_order':False,'descr': '<i8'}\n";
    QByteArray content("\x93NUMPY\x01\x00", 8);
    content.append(char(header.size())).append('\0').append(header);
    content.append(QByteArray::fromHex("07000000000000000800000000000000"));
    put("a.npy", content);
    EXPECT_EQ(readNpyCodes(file("a.npy")).values, (std::vector<int64_t>{7, 8}));
}

TEST_F(NpyFile, largeGridsRoundTrip)
{
    CodeGrid codes(GridSize{37, 119});
    for (size_t i = 0; i < codes.values.size(); ++i) {
        codes.values[i] = int64_t(i) * 1234567891011;
    }
    writeNpy(file("a.npy"), codes);
    EXPECT_EQ(get("a.npy").indexOf('\n') % 64, 63);
    EXPECT_EQ(readNpyCodes(file("a.npy")), codes);
}

TEST_F(NpyFile, errorsSayWhatWasFoundAndExpected)
{
    EXPECT_THAT(codesErrorOf(numpyPlanes()), AllOf(HasSubstr("bad.npy"), HasSubstr("'<f4'; expected '<i8' (int64)")));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("False", "True ")), HasSubstr("Fortran order"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("(2, 3)", "(6,)  ")),
                HasSubstr("shape [6]; expected [rows, columns], each from 1"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("(2, 3)", "(0, 3)")), HasSubstr("shape [0, 3]"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("(2, 3)", "()    ")), HasSubstr("shape []"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("(2, 3)", "(3, 3)")),
                HasSubstr("holds 48 bytes of values; expected 72"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("(2, 3), }" + QByteArray(12, ' '), "(65536, 65536), }    ")),
                HasSubstr("more than its bytes can hold"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("(2, 3)", "(2, x)")), HasSubstr("shape (2, x) is damaged"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("'shape'", "'shope'")), HasSubstr("header is damaged"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace("'descr'", "'shape'")), HasSubstr("header is damaged"));
    EXPECT_THAT(codesErrorOf(numpyCodes().replace(6, 1, "\x02")), HasSubstr("version 2.0; expected version 1.0"));
    EXPECT_THAT(codesErrorOf("PK\x03\x04 something else"), HasSubstr("is not a .npy file"));
    EXPECT_THAT(codesErrorOf({}), HasSubstr("is not a .npy file"));
}

TEST_F(NpyFile, everyCutIsAnError)
{
    const QByteArray whole = numpyCodes();
    for (qsizetype size = 0; size < whole.size(); ++size) {
        EXPECT_NE(codesErrorOf(whole.left(size)), "") << size;
    }
}

} // namespace
} // namespace tessera::core
