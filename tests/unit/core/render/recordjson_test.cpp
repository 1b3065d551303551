#include "core/render/recordjson.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/error.h"

namespace tessera::core
{

namespace
{

using testing::HasSubstr;

Image noisyImage(int width, int height, unsigned seed)
{
    Image image{width, height, {}};
    for (int i = 0; i < 3 * width * height; ++i)
        image.rgb.push_back(uint8_t((seed = seed * 1664525u + 1013904223u) >> 24));
    return image;
}

RenderRecord recordOf(RenderRequest request)
{
    request.modelIdentity = "0123456789abcdef";
    request.width = 37;
    request.height = 33;
    return {request, "Tiny", "models/tiny.safetensors", "cpu", "fp32", CodeGrid({2, 3}, 5)};
}

RenderRecord roundTrip(const RenderRecord &record, const Image &picture)
{
    return recordFromText(recordText(record, picture, CodeGrid({2, 3}, 1)), picture, "a.png");
}

TEST(Record, CarriesEveryValueOfARequest)
{
    RenderRequest request;
    request.condition = LabelMap(37, 33, 4);
    request.controls = {{"light", "sunset"}};
    request.seed = 0xfedcba9876543210ULL;
    request.variation = 4000000000u;
    request.temperature = 0.1 + 0.2;
    request.topK = 12;
    request.topP = 0.93;
    request.guidance = 2.5;
    request.greedy = true;
    request.window = {WindowPolicy::Kind::Block, 3};
    const RenderRecord record = recordOf(request), back = roundTrip(record, noisyImage(32, 32, 1));
    EXPECT_EQ(back.request, record.request);
    EXPECT_EQ(back.codes, record.codes);
    EXPECT_EQ(back.modelFile, record.modelFile);
    EXPECT_EQ(back.precision, record.precision);
}

TEST(Record, SaysWhatWasGivenUpForWantOfMemory)
{
    RenderRecord record = recordOf({});
    EXPECT_TRUE(roundTrip(record, noisyImage(32, 32, 1)).reliefs.empty());
    record.reliefs = {Relief::FreeMemory, Relief::HalfPrecision, Relief::Tiles, Relief::Cpu};
    EXPECT_EQ(roundTrip(record, noisyImage(32, 32, 1)).reliefs, record.reliefs);
}

TEST(Record, CarriesEveryKindOfCondition)
{
    RenderRequest request;
    FieldMap field{5, 3, std::vector<float>(15, 0.1f)};
    field.values[7] = -1;
    for (const decltype(request.condition) &condition :
         {decltype(request.condition)(std::monostate{}), decltype(request.condition)(field),
          decltype(request.condition)(CodeGrid({4, 4}, 9)), decltype(request.condition)(int64_t(12))}) {
        request.condition = condition;
        const RenderRecord record = recordOf(request);
        EXPECT_EQ(roundTrip(record, noisyImage(32, 32, 1)).request, record.request) << condition.index();
    }
}

// The initial picture is larger than what was written, and only some of it is in the written picture.
TEST(Record, PutsTheInitialPictureTogetherAgain)
{
    const Image picture = noisyImage(32, 32, 1);
    RenderRequest request;
    request.initial = noisyImage(37, 33, 2);
    for (int y = 8; y < 32; ++y)
        for (int i = 0; i < 3 * 32; ++i)
            request.initial->rgb[3 * 37 * size_t(y) + size_t(i)] = picture.rgb[3 * 32 * size_t(y) + size_t(i)];
    request.region = LabelMap(37, 33, 1);
    request.initialCodes = CodeGrid({4, 4}, 2);
    const RenderRecord record = recordOf(request);
    EXPECT_EQ(roundTrip(record, picture).request, record.request);
}

TEST(Record, StandsCodesInForAMapTooLargeToCarry)
{
    RenderRequest request;
    FieldMap field{2000, 1500, {}};
    uint32_t state = 1;
    for (int i = 0; i < field.width * field.height; ++i)
        field.values.push_back(float((state = state * 1664525u + 1013904223u) >> 8) / float(1 << 24));
    request.condition = field;
    const RenderRecord back = roundTrip(recordOf(request), noisyImage(32, 32, 1));
    EXPECT_EQ(std::get<CodeGrid>(back.request.condition), CodeGrid({2, 3}, 1));
}

TEST(Record, EqualInputGivesEqualText)
{
    const Image picture = noisyImage(32, 32, 1);
    EXPECT_EQ(recordText(recordOf({}), picture, {}), recordText(recordOf({}), picture, {}));
}

std::string refusal(const std::string &text)
{
    try {
        recordFromText(text, noisyImage(32, 32, 1), "a.png");
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileFormat);
        return error.what();
    }
    return "accepted";
}

TEST(Record, RefusesNumbersThatItsTypesCannotHold)
{
    RenderRequest request;
    request.condition = int64_t(3);
    const nlohmann::json sound = nlohmann::json::parse(recordText(recordOf(request), noisyImage(32, 32, 1), {}));
    const auto with = [&](const char *place, const nlohmann::json &value) {
        nlohmann::json other = sound;
        other[nlohmann::json::json_pointer(place)] = value;
        return refusal(other.dump());
    };
    EXPECT_EQ(with("/request/seed", uint64_t(0xffffffffffffffff)), "accepted");
    EXPECT_THAT(with("/request/seed", -1),
                HasSubstr("has -1 under 'seed'; expected a whole number from 0 to 18446744"));
    EXPECT_THAT(with("/request/seed", 1e300), HasSubstr("has 1e+300 under 'seed'"));
    EXPECT_THAT(with("/request/variation", int64_t(1) << 32), HasSubstr("0 to 4294967295"));
    EXPECT_THAT(with("/request/top_k", 1.5), HasSubstr("has 1.5 under 'top_k'"));
    EXPECT_THAT(with("/request/top_k", uint64_t(1) << 63), HasSubstr("to 9223372036854775807"));
    EXPECT_THAT(with("/request/window/step", int64_t(1) << 40), HasSubstr("under 'step'"));
    EXPECT_THAT(with("/request/width", 37.5), HasSubstr("has 37.5 under 'width'"));
    EXPECT_THAT(with("/request/condition/class", 0.5), HasSubstr("under 'class'"));
    EXPECT_THAT(with("/codes/values/2", 1e30), HasSubstr("has 1e+30 under 'values'"));
    EXPECT_THAT(with("/codes/values/2", "7"), HasSubstr("wrong type under 'values'"));
    EXPECT_THAT(with("/version", true), HasSubstr("wrong type under 'version'"));
    EXPECT_EQ(with("/request/temperature", 1), "accepted");
}

TEST(Record, RefusesSidesBeyondItsData)
{
    RenderRequest request;
    request.condition = LabelMap(37, 33, 4);
    nlohmann::json json = nlohmann::json::parse(recordText(recordOf(request), noisyImage(32, 32, 1), {}));
    json["request"]["condition"]["labels"]["width"] = json["request"]["condition"]["labels"]["height"] = 16384;
    EXPECT_THAT(refusal(json.dump()), HasSubstr("damaged data under 'labels'; expected 268435456 bytes"));
}

TEST(Record, RefusesDamagedText)
{
    const Image picture = noisyImage(32, 32, 1);
    const std::string text = recordText(recordOf({}), picture, {});
    EXPECT_THROW(recordFromText("", picture, "a.png"), Error);
    EXPECT_THROW(recordFromText("[1]", picture, "a.png"), Error);
    EXPECT_THROW(recordFromText(text.substr(0, text.size() - 2), picture, "a.png"), Error);
    for (const std::string key : {"\"seed\"", "\"width\"", "\"codes\"", "\"policy\"", "\"version\""}) {
        std::string other = text;
        other.replace(other.find(key), key.size(), "\"other\"");
        EXPECT_THROW(recordFromText(other, picture, "a.png"), Error) << key;
    }
}

} // namespace

} // namespace tessera::core
