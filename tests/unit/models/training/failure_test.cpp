#include "models/training/failure.h"

#include <new>
#include <stdexcept>

#include <ATen/ATen.h>
#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera::models
{
namespace
{

using testing::HasSubstr;

template<typename Action>
Error became(const Action &action)
{
    try {
        action();
    } catch (const std::exception &failure) {
        return explained(failure);
    }
    return {ErrorCode::NonFinite, "nothing was thrown"};
}

TEST(Failure, WantOfMemoryIsOneSentenceWhoeverWantsIt)
{
    constexpr int64_t kBeyondAllMachines = int64_t(1) << 60;
    for (const Error &error :
         {became([] { at::empty({kBeyondAllMachines}, at::kByte); }), became([] { throw std::bad_alloc(); }),
          became([] { TORCH_CHECK(false, "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling ..."); }),
          became([] { TORCH_CHECK_WITH(OutOfMemoryError, false, "Tried to allocate 2.00 GiB"); })}) {
        EXPECT_EQ(error.code(), ErrorCode::OutOfMemory) << error.what();
        EXPECT_THAT(error.what(), HasSubstr("needs more memory than is free: "));
    }
}

TEST(Failure, WhatIsKnownStaysAndTheRestIsCutToItsSentence)
{
    const Error known = became([] { throw Error(ErrorCode::FileWrite, "The disk is full."); });
    EXPECT_EQ(known.code(), ErrorCode::FileWrite);
    EXPECT_STREQ(known.what(), "The disk is full.");
    const Error torch = became([] { TORCH_CHECK(false, "CUDA error: unknown\nCompile with ..."); });
    EXPECT_EQ(torch.code(), ErrorCode::Device);
    EXPECT_STREQ(torch.what(), "CUDA error: unknown");
    EXPECT_STREQ(became([] { throw std::runtime_error("Odd"); }).what(), "Odd");
}

} // namespace
} // namespace tessera::models
