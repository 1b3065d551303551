// The CUDA engine where the device's memory runs out.
#include <memory>
#include <vector>

#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <gtest/gtest.h>

#include "core/sampling/cuda/cudaengine.h"
#include "models/error.h"
#include "tests/gpu/cudacases.h"
#include "tests/unit/core/sampling/enginechecks.h"

namespace tessera::core
{

namespace
{

class CudaMemory : public CudaEngineTest
{};

// While it lives, LibTorch gets no memory from the device beyond what tensors hold already.
class NoMoreMemory
{
public:
    NoMoreMemory()
    {
        c10::cuda::device_synchronize();
        c10::cuda::CUDACachingAllocator::emptyCache();
        c10::cuda::CUDACachingAllocator::setMemoryFraction(1e-9, 0);
    }

    ~NoMoreMemory() { c10::cuda::CUDACachingAllocator::setMemoryFraction(1, 0); }

    NoMoreMemory(const NoMoreMemory &) = delete;
    NoMoreMemory &operator=(const NoMoreMemory &) = delete;
};

ErrorCode failureOf(const auto &work)
{
    try {
        work();
    } catch (const Error &error) {
        return error.code();
    }
    ADD_FAILURE() << "nothing failed";
    return ErrorCode::Device;
}

TEST_F(CudaMemory, WantOfItLeavesCachesAsTheyWere)
{
    const WindowModel model(16);
    const auto engine = makeCudaEngine(model.transformer);
    const std::vector<int64_t> started = tokensOf(100), further = tokensOf(400, 5), next = tokensOf(3, 9);
    // Twenty windows at once: far more than what lies about in blocks that are taken.
    std::vector<std::unique_ptr<WindowCache>> caches;
    std::vector<EngineInput> inputs;
    for (int i = 0; i < 20; ++i) {
        caches.push_back(engine->makeCache());
        append(*engine, *caches.back(), started, 0, kCodes);
        inputs.push_back({caches.back().get(), further});
    }
    const std::vector<float> expected = append(*engine, *caches[1], next, 0, kCodes);
    caches[1]->truncate(100);

    std::vector<float> logits(inputs.size() * size_t(kCodes));
    {
        const NoMoreMemory none;
        EXPECT_EQ(failureOf([&] { engine->append(inputs, 0, kCodes, logits.data()); }), ErrorCode::OutOfMemory);
    }
    for (const auto &cache : caches)
        EXPECT_EQ(cache->length(), 100);
    EXPECT_EQ(append(*engine, *caches[0], next, 0, kCodes), expected);
    caches[0]->truncate(100);
    EXPECT_TRUE(engine->append(inputs, 0, kCodes, logits.data())); // as soon as there is memory
}

TEST_F(CudaMemory, WantOfItForTheWeightsIsTold)
{
    const WindowModel model(16);
    makeCudaEngine(model.transformer); // what the device itself sets up
    const NoMoreMemory none;
    EXPECT_EQ(failureOf([&] { makeCudaEngine(model.transformer); }), ErrorCode::OutOfMemory);
}

} // namespace

} // namespace tessera::core
