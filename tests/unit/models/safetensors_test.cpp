#include "models/safetensors.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

class SafetensorsTest : public TemporaryFolderTest
{
protected:
    fs::path write(const std::string &name, const std::string &bytes) const
    {
        std::ofstream(folder / name, std::ios::binary) << bytes;
        return folder / name;
    }
    static std::string withHeader(const std::string &header, size_t dataBytes)
    {
        const uint64_t length = header.size();
        return std::string(reinterpret_cast<const char *>(&length), 8) + header + std::string(dataBytes, '\1');
    }
    std::string refusal(const std::string &bytes) const
    {
        try {
            readSafetensorsIndex(write("bad.safetensors", bytes));
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::FileFormat);
            EXPECT_THAT(error.what(), HasSubstr("bad.safetensors"));
            return error.what();
        }
        return "accepted";
    }
};

TEST_F(SafetensorsTest, RoundTripKeepsEveryType)
{
    StateDict tensors{{"a", at::randn({3, 4})},
                      {"b.half", at::randn({5}).to(at::kHalf)},
                      {"c", at::arange(6, at::kLong).reshape({1, 6})},
                      {"d", at::randint(-128, 127, {7}, at::kChar)},
                      {"strided", at::randn({4, 6}).t()},
                      {"scalar", at::tensor(2.5)},
                      {"empty", at::zeros({0, 3})},
                      {"flag", at::ones({3}, at::kBool)},
                      {"brain", at::randn({2, 2}).to(at::kBFloat16)}};
    writeSafetensors(folder / "t.safetensors", tensors, {{"config", "{\"a\": \"\\u00e9\"}"}});
    const SafetensorsIndex index = readSafetensorsIndex(folder / "t.safetensors");
    EXPECT_EQ(index.metadata.at("config"), "{\"a\": \"\\u00e9\"}");
    const StateDict read = readSafetensors(index);
    ASSERT_EQ(read.size(), tensors.size());
    for (const auto &[name, tensor] : tensors) {
        EXPECT_EQ(read.at(name).scalar_type(), tensor.scalar_type()) << name;
        EXPECT_TRUE(at::equal(read.at(name), tensor)) << name;
    }
    EXPECT_EQ(readSafetensors(index, "b.").size(), 1U);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1) << "a temporary file was left";
}

TEST_F(SafetensorsTest, RefusesDamage)
{
    const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
    EXPECT_EQ(refusal(withHeader(good, 8)), "accepted");
    EXPECT_THAT(refusal("abc"), HasSubstr("3 bytes"));
    EXPECT_THAT(refusal(withHeader(good, 8).substr(0, 20)), HasSubstr("claims"));
    EXPECT_THAT(refusal(withHeader(good, 9)), HasSubstr("end at byte"));
    EXPECT_THAT(refusal(withHeader(good, 7)), HasSubstr("end at byte"));
    EXPECT_THAT(refusal("<!DOCTYPE html><html>"), HasSubstr("begin with '{'"));
    const auto entry = [](const std::string &text) { return withHeader("{\"a\":" + text + "}", 8); };
    EXPECT_THAT(refusal(entry(R"({"dtype":"F7","shape":[2],"data_offsets":[0,8]})")), HasSubstr("data type 'F7'"));
    EXPECT_THAT(refusal(entry(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})")), HasSubstr("need 12"));
    EXPECT_THAT(refusal(entry(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})")), HasSubstr("whole number"));
    EXPECT_THAT(refusal(entry(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})")), HasSubstr("whole number"));
    EXPECT_THAT(refusal(entry(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})")), HasSubstr("pair"));
    EXPECT_THAT(refusal(entry(R"({"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,8]})")),
                HasSubstr("overflows"));
    EXPECT_THAT(refusal(entry(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})")),
                HasSubstr("9 dimensions"));
    EXPECT_THAT(refusal(withHeader(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                   R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                                   8)),
                HasSubstr("twice"));
    EXPECT_THAT(refusal(withHeader(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                                   R"("b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})",
                                   4)),
                HasSubstr("begins at byte"));
    EXPECT_THAT(refusal(withHeader("[1,2]", 0)), HasSubstr("'{'"));
    EXPECT_THAT(refusal(withHeader("{\"a\":[[[[[[1]]]]]]}", 0)), HasSubstr("4 deep"));
    EXPECT_THAT(refusal(withHeader("{\"a\":", 0)), HasSubstr("not valid JSON"));
    EXPECT_THAT(refusal(withHeader(R"({"__metadata__":{"x":1}})", 0)), HasSubstr("not a string"));
    EXPECT_THAT(refusal(withHeader(R"({"__metadata__":"x"})", 0)), HasSubstr("not an object"));
}

TEST_F(SafetensorsTest, FailedWriteKeepsTheOldFile)
{
    writeSafetensors(folder / "t.safetensors", {{"a", at::ones({2})}}, {});
    EXPECT_THROW(writeSafetensors(folder / "t.safetensors", {{"a", at::ones({2}, at::kComplexDouble)}}, {}), Error);
    EXPECT_THROW(writeSafetensors(folder / "missing" / "t.safetensors", {{"a", at::ones({2})}}, {}), Error);
    EXPECT_EQ(readSafetensorsIndex(folder / "t.safetensors").entries.size(), 1U);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder), {}), 1);
}

TEST_F(SafetensorsTest, TensorsAreThoseOfTheFileWhoseHeaderWasRead)
{
    const fs::path path = folder / "t.safetensors";
    writeSafetensors(path, {{"a", at::full({3}, 1)}}, {});
    const SafetensorsIndex index = readSafetensorsIndex(path);
    writeSafetensors(path, {{"b", at::full({300}, 2)}}, {}); // another file of this name
    EXPECT_TRUE(at::equal(readSafetensors(index).at("a"), at::full({3}, 1)));
}

} // namespace

} // namespace tessera::models
