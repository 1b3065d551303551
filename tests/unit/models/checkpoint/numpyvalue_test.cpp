// Numbers and arrays of numpy, sound and broken, and how values beside the state_dict are told.
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

using testing::HasSubstr;
using namespace std::string_literals;

// numpy.dtype(code) with the state (3, order, ...).
std::string dtype(const std::string &code, const std::string &order = "<")
{
    PickleText pickle;
    pickle.global("numpy", "dtype").raw("(").text(code).raw("\x89\x88tR(K\3").text(order).raw("NNNtb");
    return pickle.bytes().substr(2);
}

std::string bytesOf(const std::string &content)
{
    return "C" + number(content.size(), 1) + content;
}

std::string scalar(const std::string &arguments)
{
    return "cnumpy.core.multiarray\nscalar\n" + arguments + "R";
}

std::string array(const std::string &state)
{
    return "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\0\x85"s + "C\1btR" + state + "b";
}

// {"state_dict": {"a": <value>}, "fact": <value>}
std::string holding(const std::string &value)
{
    PickleText pickle;
    pickle.raw("}(").text("state_dict").raw("}").text("a").raw(value + "s").text("fact").raw(value + "u");
    return zipPlan(pickle.stop(), {}).bytes();
}

std::string telling(const std::string &value)
{
    PickleText pickle;
    pickle.raw("}(").text("state_dict").raw("}").text("a").floatTensor("0", {6}).raw("s").text("fact");
    return indexOf(zipPlan(pickle.raw(value + "u").stop(), {{"0", floats(6, 0)}}).bytes()).facts.at("fact");
}

std::string pairOf(const std::string &type, const std::string &bytes)
{
    return type + bytesOf(bytes) + "\x86";
}

} // namespace

TEST(NumpyValue, NumbersAreTensorsWithoutDimensions)
{
    const CheckpointIndex index = indexOf(holding(scalar(pairOf(dtype("f4"), std::string("\0\0\x20\x40", 4)))));
    EXPECT_EQ(index.tensors.at("a").dtype, "F32");
    EXPECT_TRUE(index.tensors.at("a").shape.empty());
    EXPECT_EQ(index.facts.at("fact"), "2.5");
}

TEST(NumpyValue, NumbersAreTold)
{
    const std::string ones(8, '\xFF');
    EXPECT_EQ(telling(scalar(pairOf(dtype("f8"), std::string("\0\0\0\0\0\0\xE0\x3F", 8)))), "0.5");
    EXPECT_EQ(telling(scalar(pairOf(dtype("i8"), ones))), "-1");
    EXPECT_EQ(telling(scalar(pairOf(dtype("i4"), ones.substr(4)))), "-1");
    EXPECT_EQ(telling(scalar(pairOf(dtype("i2"), ones.substr(6)))), "-1");
    EXPECT_EQ(telling(scalar(pairOf(dtype("i1", "|"), "\x05"))), "5");
    EXPECT_EQ(telling(scalar(pairOf(dtype("u1", "|"), "\xFF"))), "255");
    EXPECT_EQ(telling(scalar(pairOf(dtype("b1", "|"), "\x01"))), "1");
    EXPECT_THAT(telling(scalar(pairOf(dtype("f2"), "\x00\x3C"s))), HasSubstr("numpy.core.multiarray.scalar"));
    EXPECT_THAT(telling(scalar(pairOf(dtype("u8"), ones))), HasSubstr("numpy.core.multiarray.scalar"));
}

TEST(NumpyValue, BrokenOnesAreRefusedWhereTheyShouldBeTensors)
{
    const std::string shape = "K\2K\3\x86"; // 2 x 3
    const std::string six = bytesOf(std::string(12, 'x'));
    const std::vector<Hostile> cases{
        {"a number of nothing", holding(scalar(")")), "no data type and bytes"},
        {"a number of numbers", holding(scalar("K\1K\2\x86")), "data type is not supported"},
        {"a big-endian number", holding(scalar(pairOf(dtype("f4", ">"), "1234"))), "big-endian"},
        {"text of numpy", holding(scalar(pairOf(dtype("U4"), "1234"))), "'U4' is not supported"},
        {"a type without a name", holding(scalar("cnumpy\ndtype\n)R" + bytesOf("1234") + "\x86")), "not supported"},
        {"too few bytes", holding(scalar(pairOf(dtype("f4"), "123"))), "the 4 bytes"},
        {"bytes that are a number", holding(scalar(dtype("f4") + "K\1\x86")), "the 4 bytes"},
        {"text that is no byte",
         holding(scalar(dtype("i1") + "c_codecs\nencode\nX\2\0\0\0\xC4\x80X\6\0\0\0latin1\x86R\x86"s)), "the 1 bytes"},
        {"an encoding of nothing", holding(scalar(dtype("i1") + "c_codecs\nencode\n)R\x86")), "the 1 bytes"},
        {"an array without a state", holding("cnumpy.core.multiarray\n_reconstruct\n)R"),
         "no shape, data type and bytes"},
        {"an array with a short state", holding(array("(K\1" + shape + "t")), "no shape"},
        {"an array without a shape", holding(array("(K\1N" + dtype("i2") + "\x89" + six + "t")), "no shape"},
        {"an array of objects", holding(array("(K\1" + shape + dtype("O8") + "\x89]t")), "'O8' is not supported"},
        {"a negative side", holding(array("(K\1J\xFF\xFF\xFF\xFF\x85" + dtype("i2") + "\x89" + six + "t")),
         "shape is not usable"},
        {"a side of text", holding(array("(K\1N\x85" + dtype("i2") + "\x89" + six + "t")), "shape is not usable"},
        {"sides that overflow",
         holding(array("(K\1J\xFF\xFF\xFF\x7FJ\xFF\xFF\xFF\x7F\x86" + dtype("i2") + "\x89" + six + "t")),
         "shape is not usable"},
        {"nine sides", holding(array("(K\1(K\1K\1K\1K\1K\1K\1K\1K\1K\1t" + dtype("i2") + "\x89" + six + "t")),
         "shape is not usable"},
        {"too few elements", holding(array("(K\1" + shape + dtype("i4") + "\x89" + six + "t")), "the 24 bytes"},
    };
    for (const Hostile &hostile : cases)
        EXPECT_THAT(refusal(hostile.bytes), HasSubstr(hostile.words)) << hostile.what;
}

TEST(Facts, EveryKindOfValueIsTold)
{
    EXPECT_EQ(telling("N"), "none");
    EXPECT_EQ(telling("\x88"), "true");
    EXPECT_EQ(telling("\x89"), "false");
    EXPECT_EQ(telling("G?\xE0\0\0\0\0\0\0"s), "0.5");
    EXPECT_EQ(telling("\x8A\1\xFF"), "-1");
    EXPECT_EQ(telling("\x8A\0"s), "0");
    EXPECT_EQ(telling("\x8A\x0A" + std::string(10, '\1')), "a number beyond 64 bits");
    EXPECT_EQ(telling("\x8B\2\0\0\0\1\1"s), "257");
    EXPECT_EQ(telling("U\2hi"), "hi");
    EXPECT_EQ(telling("T\2\0\0\0hi"s), "hi");
    EXPECT_EQ(telling("U\1\xFF"), "the text '\\xFF'");
    EXPECT_EQ(telling("B\2\0\0\0hi"s), "bytes, 2");
    EXPECT_EQ(telling("\x8E" + number(2, 8) + "hi"), "bytes, 2");
    EXPECT_EQ(telling("\x8D" + number(2, 8) + "hi"), "hi");
    EXPECT_EQ(telling("NN\x86"), "a tuple of 2");
    EXPECT_EQ(telling("(NNl"), "a list of 2");
    EXPECT_EQ(telling("\x8F(NN\x90"), "a set of 2");
    EXPECT_EQ(telling("(N\x91"), "a set of 1");
    EXPECT_EQ(telling("(NNd"), "a dictionary of 1");
    EXPECT_EQ(telling("cos\nsystem\n"), "the class 'os.system'");
    EXPECT_EQ(telling("cos\nsystem\n)R)R"), "an object of '?'");
    EXPECT_EQ(telling("cx\ny\n)}\x92"), "an object of 'x.y'");
    EXPECT_EQ(telling("N(NN1"), "none");
    EXPECT_EQ(telling(")Q"), "a storage");
}

TEST(Facts, KeysThatAreNoStateDictAreListed)
{
    PickleText pickle;
    pickle.raw("}(");
    for (int i = 0; i < 10; ++i)
        pickle.text("key" + std::to_string(i)).raw("N");
    EXPECT_THAT(refusal(zipPlan(pickle.raw("u").stop(), {}).bytes()), HasSubstr("'key7' and 2 more"));
    PickleText numbers;
    EXPECT_THAT(refusal(zipPlan(numbers.raw("}K\1Ns").stop(), {}).bytes()), HasSubstr("its keys are 1"));
}

} // namespace tessera::models
