// Files a command writes: judged before the work, written after it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/render/render.h"

namespace tessera::cli
{

// Absolute, with links and "." resolved as far as the path is there.
std::filesystem::path resolvedPath(const std::filesystem::path &path);
// A wrong command line (CLI::ValidationError) where writing an output would replace an input. Empty paths are none.
void expectOtherThanInputs(const std::vector<std::filesystem::path> &outputs,
                           const std::vector<std::filesystem::path> &inputs);

// Each throws Error (FileWrite, InvalidArgument) when nothing can be written there, links followed: a missing or
// unwritable folder, a target that is no regular file or not writable, a suffix that is not known.
void checkTarget(const std::filesystem::path &path);
void checkPictureTarget(const std::filesystem::path &path);
void checkCodesTarget(const std::filesystem::path &path); // .npy

// A name's suffix with its dot: ".png" of "A.PNG".
std::string lowerSuffix(const std::filesystem::path &path);

// "a/b.png" -> "a/b-TEXT.png".
std::filesystem::path withInsert(const std::filesystem::path &path, const std::string &text);

// float32 [2, h, w]: log-probability and entropy.
void writeScores(const std::filesystem::path &path, const core::RenderResult &result);

// On stdout.
void printJson(const nlohmann::json &json);

} // namespace tessera::cli
