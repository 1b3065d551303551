// Short forms for the tests of the checkpoint reader.
#pragma once

#include <memory>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "models/checkpoint/checkpointindex.h"
#include "models/error.h"

namespace tessera::models
{

inline CheckpointIndex indexOf(const std::string &bytes)
{
    return readCheckpointIndex(std::make_shared<MemoryBytes>(bytes, "sample.ckpt"));
}

// The message of the refusal, or "accepted".
inline std::string refusal(const std::string &bytes)
{
    try {
        indexOf(bytes);
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileFormat);
        EXPECT_THAT(error.what(), testing::StartsWith("sample.ckpt is not a usable checkpoint: "));
        return error.what();
    }
    return "accepted";
}

// One file with a lie in it, and words that the refusal must hold.
struct Hostile {
    const char *what;
    std::string bytes;
    const char *words;
};

} // namespace tessera::models
