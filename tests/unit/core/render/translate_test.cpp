#include "core/render/translate.h"

#include <new>

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/error.h"

namespace tessera::core
{

namespace
{

// What became of LibTorch's error with this text.
Error translatedError(const std::string &text)
{
    try {
        translated("Rendering", [&] { TORCH_CHECK(false, text); });
    } catch (const Error &error) {
        return error;
    }
    return {ErrorCode::NonFinite, "nothing was thrown"};
}

TEST(Translate, KnowsWantOfMemoryInAllItsWords)
{
    for (const char *text :
         {"[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory",
          "CUDA error: out of memory", "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
          "cuDNN error: CUDNN_STATUS_ALLOC_FAILED"})
        EXPECT_EQ(translatedError(text).code(), ErrorCode::OutOfMemory) << text;
    EXPECT_THROW(translated("Rendering", [] { throw std::bad_alloc(); }), Error);
}

TEST(Translate, KeepsTheFirstLineOfOtherErrors)
{
    const Error error = translatedError("CUDA error: an illegal memory access was encountered\nCompile with ...");
    EXPECT_EQ(error.code(), ErrorCode::Device);
    EXPECT_STREQ(error.what(), "Rendering failed: CUDA error: an illegal memory access was encountered");
}

} // namespace

} // namespace tessera::core
