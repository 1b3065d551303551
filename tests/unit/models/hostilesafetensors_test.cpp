// Safetensors files with a lie in them, cut off at every byte, and with every single bit turned.
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "models/safetensors.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;
using namespace std::string_literals;

std::string little(uint64_t value)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += char(value >> (8 * i) & 0xFF);
    return bytes;
}

std::string with(const std::string &header, size_t dataBytes = 0)
{
    return little(header.size()) + header + std::string(dataBytes, '\1');
}

// {"a": <entry>} and eight bytes.
std::string one(const std::string &entry)
{
    return with("{\"a\":" + entry + "}", 8);
}

// A tensor of floats [2] whose key `key` holds `value` instead.
std::string changed(const std::string &key, const std::string &value)
{
    std::string entry = R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})";
    const size_t colon = entry.find("\"" + key + "\":") + key.size() + 3;
    const size_t end = entry[colon] == '[' ? entry.find(']', colon) + 1 : entry.find(',', colon);
    return one(entry.replace(colon, end - colon, value));
}

std::string two(const std::string &first, const std::string &second, size_t dataBytes)
{
    const auto entry = [](const std::string &offsets, const std::string &shape) {
        return R"({"dtype":"U8","shape":[)" + shape + R"(],"data_offsets":[)" + offsets + "]}";
    };
    const auto length = [](const std::string &offsets) {
        const size_t comma = offsets.find(',');
        return std::to_string(std::stoull(offsets.substr(comma + 1)) - std::stoull(offsets.substr(0, comma)));
    };
    return with("{\"a\":" + entry(first, length(first)) + ",\"b\":" + entry(second, length(second)) + "}", dataBytes);
}

std::string repeated(const std::string &piece, int times)
{
    std::string text;
    for (int i = 0; i < times; ++i)
        text += piece;
    return text;
}

struct Hostile {
    const char *what;
    std::string bytes;
    const char *words;
};

std::vector<Hostile> hostileHeaders()
{
    const std::string sound = changed("shape", "[2]");
    return {
        {"nothing", "", "0 bytes"},
        {"seven bytes", "\2\0\0\0\0\0\0"s, "7 bytes"},
        {"a length alone", little(2), "claims 2"},
        {"a length of 2^64 - 1", little(~uint64_t(0)) + "{}", "claims 18446744073709551615"},
        {"a length of 2^63", little(uint64_t(1) << 63) + "{}", "claims 9223372036854775808"},
        {"a header of 100000001 bytes", little(100'000'001) + "{}", "claims 100000001"},
        {"a header longer by one", little(sound.size() - 7) + sound.substr(8), "claims"},
        {"an empty header", little(0), "does not begin with '{'"},
        {"blanks before the header", with(" {}"), "does not begin with '{'"},
        {"a list", with("[]"), "does not begin with '{'"},
        {"a number", with("7"), "does not begin with '{'"},
        {"zeros", with(std::string(16, '\0')), "does not begin with '{'"},
        {"an open object", with("{"), "not valid JSON at byte"},
        {"a comma too much", with("{},"), "not valid JSON"},
        {"text after the object", with("{}x"), "not valid JSON"},
        {"two objects", with("{}{}"), "not valid JSON"},
        {"a comment", with("{/* */}"), "not valid JSON"},
        {"a word that is no JSON", with("{\"a\":NaN}"), "not valid JSON"},
        {"bytes that are no UTF-8", with("{\"\xFF\xFE\":1}"), "not valid JSON"},
        {"a lone surrogate", with(R"({"\ud800":1})"), "not valid JSON"},
        {"nested too deeply", with("{\"a\":" + repeated("[", 50) + repeated("]", 50) + "}"), "4 deep"},
        {"nested a million deep", with("{\"a\":" + repeated("[", 1'000'000)), "4 deep"},
        {"a key twice", with(R"({"a":1,"a":2})"), "twice"},
        {"a key of an entry twice", one(R"({"dtype":"U8","dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "twice"},
        {"metadata twice", with(R"({"__metadata__":{},"__metadata__":{}})"), "twice"},
        {"metadata that is a list", with(R"({"__metadata__":[]})"), "not an object"},
        {"metadata that is null", with(R"({"__metadata__":null})"), "not an object"},
        {"metadata with a number", with(R"({"__metadata__":{"a":1}})"), "not a string"},
        {"metadata with an object", with(R"({"__metadata__":{"a":{}}})"), "not a string"},
        {"a name of 513 bytes",
         with("{\"" + std::string(513, 'x') + R"(":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8),
         "513 bytes"},
    };
}

std::vector<Hostile> hostileEntries()
{
    return {
        {"an entry that is null", one("null"), "no list 'data_offsets'"},
        {"an entry that is text", one("\"F32\""), "no list"},
        {"an empty entry", one("{}"), "no list"},
        {"no offsets", one(R"({"dtype":"F32","shape":[2]})"), "no list 'data_offsets'"},
        {"no shape", one(R"({"dtype":"F32","data_offsets":[0,8]})"), "no list 'shape'"},
        {"no type", one(R"({"shape":[2],"data_offsets":[0,8]})"), "data type 'none'"},
        {"a type that is a number", changed("dtype", "7"), "data type 'none'"},
        {"a type of eight bits", changed("dtype", "\"F8_E4M3\""), "data type 'F8_E4M3'"},
        {"a type of four bits", changed("dtype", "\"F4\""), "data type 'F4'"},
        {"a type that this LibTorch lacks", changed("dtype", "\"U64\""), "data type 'U64'"},
        {"a type in small letters", changed("dtype", "\"f32\""), "data type 'f32'"},
        {"a shape that is a number", changed("shape", "2"), "no list 'shape'"},
        {"a shape that is an object", changed("shape", "{}"), "no list 'shape'"},
        {"a negative side", changed("shape", "[-1]"), "holds -1"},
        {"a fraction", changed("shape", "[2.5]"), "holds 2.5"},
        {"a side in exponents", changed("shape", "[2e0]"), "holds 2.0"},
        {"a side of text", changed("shape", "[\"2\"]"), "holds \"2\""},
        {"a side that is null", changed("shape", "[null]"), "holds null"},
        {"a side beyond 64 bits", changed("shape", "[36893488147419103232]"), "whole number"},
        {"a side of 2^64 - 1", changed("shape", "[18446744073709551615]"), "overflows"},
        {"sides that overflow", changed("shape", "[4294967296,4294967296]"), "overflows"},
        {"sides that overflow to the right size", changed("shape", "[2,9223372036854775809]"), "overflows"},
        {"nothing of too much", changed("shape", "[0,4294967296,4294967296]"), "overflows"},
        {"nothing of 2^64 - 1", one(R"({"dtype":"U8","shape":[0,18446744073709551615],"data_offsets":[0,0]})"),
         "overflows"},
        {"2^63 of nothing", one(R"({"dtype":"U8","shape":[9223372036854775808,0],"data_offsets":[0,0]})"), "overflows"},
        {"nothing that lies somewhere", changed("shape", "[0,2]"), "need 0"},
        {"nine sides", changed("shape", "[2,1,1,1,1,1,1,1,1]"), "9 dimensions"},
        {"another size", changed("shape", "[3]"), "need 12"},
        {"no sides, one element", changed("shape", "[]"), "need 4"},
        {"one offset", changed("data_offsets", "[8]"), "not a pair"},
        {"three offsets", changed("data_offsets", "[0,4,8]"), "not a pair"},
        {"offsets backwards", changed("data_offsets", "[8,0]"), "not a pair"},
        {"a negative offset", changed("data_offsets", "[-8,0]"), "holds -8"},
        {"offsets at the end of the numbers", changed("data_offsets", "[18446744073709551607,18446744073709551615]"),
         "begins at byte"},
        {"offsets beyond the file", changed("data_offsets", "[8,16]"), "begins at byte"},
    };
}

std::vector<Hostile> hostileLayouts()
{
    return {
        {"an overlap", two("0,8", "4,12", 12), "begins at byte"},
        {"one tensor inside another", two("0,8", "2,4", 8), "begins at byte"},
        {"the same place twice", two("0,8", "0,8", 8), "begins at byte"},
        {"many tensors of one place", two("0,4096", "0,4096", 4096), "begins at byte"},
        {"a hole", two("0,4", "6,8", 8), "begins at byte"},
        {"a hole at the beginning", two("1,4", "4,8", 8), "begins at byte"},
        {"bytes after the tensors", two("0,4", "4,8", 9), "the file has"},
        {"bytes that are missing", two("0,4", "4,8", 7), "end at byte"},
        {"bytes without a tensor", with("{}", 1), "the file has"},
        {"tensors without bytes", two("0,4", "4,8", 0), "end at byte"},
    };
}

class HostileSafetensors : public TemporaryFolderTest
{
protected:
    SafetensorsIndex index(const std::string &bytes) const
    {
        std::ofstream(folder / "sample.safetensors", std::ios::binary) << bytes;
        return readSafetensorsIndex(folder / "sample.safetensors");
    }
    // The message, or "accepted".
    std::string refusal(const std::string &bytes) const
    {
        try {
            index(bytes);
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::FileFormat);
            EXPECT_THAT(error.what(), HasSubstr("sample.safetensors"));
            return error.what();
        }
        return "accepted";
    }
    // About 1 KB.
    std::string soundFile() const
    {
        const fs::path path = folder / "sound.safetensors";
        writeSafetensors(path,
                         {{"weight", at::arange(100, at::kFloat).reshape({10, 10})},
                          {"bias", at::arange(10, at::kHalf)},
                          {"steps", at::full({}, 7, at::kLong)},
                          {"flags", at::ones({3}, at::kBool)}},
                         {{"config", "{\"model\": {}}"}});
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    }
};

} // namespace

TEST_F(HostileSafetensors, FilesAreRefused)
{
    size_t count = 0;
    for (const std::vector<Hostile> &cases : {hostileHeaders(), hostileEntries(), hostileLayouts()})
        for (const Hostile &hostile : cases) {
            EXPECT_THAT(refusal(hostile.bytes), HasSubstr(hostile.words)) << hostile.what;
            ++count;
        }
    EXPECT_GE(count, 50U);
}

TEST_F(HostileSafetensors, SoundFormsAreAccepted)
{
    EXPECT_EQ(refusal(with("{}")), "accepted");
    EXPECT_EQ(refusal(with("{}    ")), "accepted");
    EXPECT_EQ(refusal(changed("shape", "[2]")), "accepted");
    EXPECT_EQ(refusal(changed("shape", "[1,2,1]")), "accepted");
    EXPECT_EQ(refusal(two("4,8", "0,4", 8)), "accepted");
    EXPECT_EQ(refusal(two("0,0", "0,8", 8)), "accepted") << "a tensor of nothing lies anywhere";
}

TEST_F(HostileSafetensors, EveryCutIsRefused)
{
    const std::string sound = soundFile();
    for (size_t size = 0; size < sound.size(); ++size)
        EXPECT_NE(refusal(sound.substr(0, size)), "accepted") << size;
}

// There are no checksums: numbers may change, but nothing breaks, and nothing grows.
TEST_F(HostileSafetensors, ATurnedBitIsHarmless)
{
    const std::string sound = soundFile();
    for (size_t bit = 0; bit < 8 * sound.size(); ++bit) {
        std::string turned = sound;
        turned[bit / 8] = char(turned[bit / 8] ^ (1 << bit % 8));
        if (refusal(turned) != "accepted")
            continue;
        uint64_t bytes = 0;
        for (const auto &[name, tensor] : readSafetensors(readSafetensorsIndex(folder / "sample.safetensors")))
            bytes += tensor.nbytes();
        EXPECT_LE(bytes, sound.size()) << "bit " << bit % 8 << " of byte " << bit / 8;
    }
}

} // namespace tessera::models
