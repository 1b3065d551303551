#include "core/sampling/validation.h"

#include <cmath>
#include <functional>
#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"
#include "tests/unit/core/sampling/tinymodel.h"

namespace tessera::core
{

namespace
{

using testing::HasSubstr;

class Validation : public testing::Test
{
protected:
    void expectRefused(const std::string &sentence, const std::function<void(SampleRequest &)> &change)
    {
        SampleRequest request = m_model.request({4, 6});
        change(request);
        try {
            sampleCodes(m_model.config, *makeTorchEngine(m_model.transformer), request);
            ADD_FAILURE() << "accepted; expected: " << sentence;
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::InvalidArgument);
            EXPECT_THAT(error.what(), HasSubstr(sentence));
        }
    }

    TinyModel m_model;
};

TEST_F(Validation, AcceptsAGoodRequest)
{
    EXPECT_NO_THROW(checkSampleRequest(m_model.config, m_model.request({4, 6})));
}

TEST_F(Validation, RefusesACanvasBelowOneWindow)
{
    expectRefused("3 codes wide and 4 high; the model's window needs at least 4 by 4", [](SampleRequest &request) {
        request.canvas = {4, 3};
    });
}

TEST_F(Validation, RefusesConditionsThatDoNotFit)
{
    expectRefused("The condition grid is 5 codes wide and 4 high; expected 6 codes wide and 4 high",
                  [](SampleRequest &request) {
                      request.condition = CodeGrid({4, 5});
                  });
    expectRefused("The condition code in row 1, column 2 is 10; expected 0 to 9", [](SampleRequest &request) {
        request.condition.at({1, 2}) = 10;
    });
    expectRefused("The condition code in row 0, column 0 is -1", [](SampleRequest &request) {
        request.condition.at({0, 0}) = -1;
    });
}

TEST_F(Validation, RefusesControlsThatDoNotFit)
{
    expectRefused("1 control tokens; the model has 2", [](SampleRequest &request) { request.controlTokens = {12}; });
    expectRefused("control \"weather\" is 17; expected 13 to 16",
                  [](SampleRequest &request) { request.controlTokens[1] = 17; });
    expectRefused("control \"light\" is 9", [](SampleRequest &request) { request.controlTokens[0] = 9; });
}

TEST_F(Validation, RefusesFiltersOutOfRange)
{
    const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
    for (const double bad : {0.0, -1.0, nan, infinity}) {
        expectRefused("The temperature is", [=](SampleRequest &request) { request.params.temperature = bad; });
    }
    for (const double bad : {0.0, -0.5, 1.01, nan}) {
        expectRefused("Top-p is", [=](SampleRequest &request) { request.params.topP = bad; });
    }
    expectRefused("Top-k is -1", [](SampleRequest &request) { request.params.topK = -1; });
    expectRefused("step is 5 codes; expected 1 to 4", [](SampleRequest &request) {
        request.params.window = {WindowPolicy::Kind::Block, 5};
    });
}

TEST_F(Validation, RefusesGuidanceTheModelCannotGive)
{
    expectRefused("The guidance is", [](SampleRequest &request) { request.params.guidance = std::nan(""); });
    m_model.config.nullToken.reset();
    expectRefused("not trained for guidance", [](SampleRequest &request) { request.params.guidance = 2; });
}

TEST_F(Validation, RefusesLockedCodesThatDoNotFit)
{
    expectRefused("The grid of locked codes is", [](SampleRequest &request) {
        request.locked = Grid<uint8_t>({4, 5});
    });
    expectRefused("The grid of initial codes is",
                  [](SampleRequest &request) { request.locked = Grid<uint8_t>(request.canvas); });
    expectRefused("The locked code in row 3, column 5 is 24; expected 0 to 23", [](SampleRequest &request) {
        request.locked = Grid<uint8_t>(request.canvas);
        request.locked.at({3, 5}) = 1;
        request.initial = CodeGrid(request.canvas, 24);
    });
}

TEST_F(Validation, RefusesADraftThatDoesNotFit)
{
    expectRefused("The draft is", [](SampleRequest &request) { request.draft = CodeGrid({4, 5}, kNoCode); });
    expectRefused("The draft's code in row 2, column 1 is 24; expected 0 to 23", [](SampleRequest &request) {
        request.draft = CodeGrid(request.canvas, kNoCode);
        request.draft.at({2, 1}) = 24;
    });
}

TEST_F(Validation, LooksAtInitialCodesOnlyWhereLocked)
{
    SampleRequest request = m_model.request({4, 6});
    request.locked = Grid<uint8_t>(request.canvas);
    request.initial = CodeGrid(request.canvas, kNoCode);
    EXPECT_NO_THROW(checkSampleRequest(m_model.config, request));
}

TEST_F(Validation, ChecksScoreRequests)
{
    const SampleRequest sample = m_model.request({4, 6});
    ScoreRequest request{CodeGrid({4, 6}, 5), sample.controlTokens, sample.condition, 1.0, {{}}};
    EXPECT_NO_THROW(checkScoreRequest(m_model.config, request));
    request.windows.clear();
    EXPECT_THROW(checkScoreRequest(m_model.config, request), Error);
    request.windows = {{}, {}};
    request.codes.at({2, 2}) = kNoCode;
    EXPECT_THROW(checkScoreRequest(m_model.config, request), Error);
    request.codes = CodeGrid({4, 7}, 5);
    EXPECT_THROW(checkScoreRequest(m_model.config, request), Error);
}

} // namespace

} // namespace tessera::core
