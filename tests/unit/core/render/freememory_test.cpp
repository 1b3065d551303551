// What a renderer refuses for want of main memory, and what it makes room for.
#include <cstdint>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/render/memory.h"
#include "core/render/render.h"
#include "models/error.h"
#include "models/modelfile.h"
#include "tests/unit/core/render/tinyrenderer.h"

namespace tessera::tests
{

namespace
{

using core::RenderRequest;

constexpr uint64_t kGiB = uint64_t(1) << 30;

// A machine with as much free memory as a test says.
class FreeMemory : public testing::Test
{
protected:
    core::RendererOptions options()
    {
        return {"cpu", "fp32", 1, [this] { return free; }};
    }

    // The least free memory with which the renderer takes the request.
    uint64_t least(const RenderRequest &request)
    {
        const uint64_t before = std::exchange(free, 0);
        for (uint64_t step = 1024 * kGiB; step > 0; step /= 2) {
            free += step;
            if (takes(request))
                free -= step;
        }
        return std::exchange(free, before) + 1;
    }
    bool takes(const RenderRequest &request) const
    {
        try {
            renderer.check(request);
            return true;
        } catch (const Error &) {
            return false;
        }
    }

    static RenderRequest largeRequest()
    {
        RenderRequest request = tinyRequest();
        request.width = request.height = 16384;
        request.condition = core::LabelMap(64, 64);
        return request;
    }

    uint64_t free = 64 * kGiB;
    core::Renderer renderer{tinyRenderer().info().path, options()};
};

TEST_F(FreeMemory, WithLessACanvasIsRefused)
{
    free = 4 * kGiB;
    try {
        renderer.check(largeRequest());
        FAIL() << "nothing was refused";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
        EXPECT_THAT(error.what(),
                    testing::AllOf(testing::HasSubstr("16384 x 16384"), testing::HasSubstr("4.0 GiB are free"),
                                   testing::HasSubstr("would fit")));
    }
}

TEST_F(FreeMemory, ACanvasThatFitsItInTilesIsTaken)
{
    free = 8 * kGiB;
    const models::ModelConfig config = models::ModelFile::open(renderer.info().path).config;
    ASSERT_GT(core::activationBytes(*config.condition.stage, {2048, 2048}), 5 * free) << "as a whole it would fit";
    EXPECT_NO_THROW(renderer.check(largeRequest()));
}

TEST_F(FreeMemory, WithLessAModelIsRefused)
{
    free = 1024;
    try {
        core::Renderer(renderer.info().path, options());
        FAIL() << "nothing was refused";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory);
        EXPECT_THAT(error.what(), testing::HasSubstr("for its weights"));
    }
}

// What is kept is given back where a picture needs it, and so counts as free.
TEST_F(FreeMemory, WhatAPictureNeedsIsNotFilledWithWhatIsKeptForTheNext)
{
    RenderRequest request = tinyRequest(128, 128);
    const uint64_t needed = least(request);
    free = needed;
    renderer.render(request);
    EXPECT_GT(least(request), needed * 3 / 4);
    free = 64 * kGiB;
    request.seed = 8;
    renderer.render(request);
    EXPECT_LT(least(request), needed * 3 / 4);
}

} // namespace

} // namespace tessera::tests
