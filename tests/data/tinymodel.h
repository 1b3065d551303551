// A tiny model with random weights, whole in every other way: quick enough for tests that render.
#pragma once

#include <cstdint>
#include <filesystem>

namespace tessera::tests
{

// Labels is like the starter: the 25 labels of the set 'landscape', the controls light, biome and weather, trained for
// guidance. Several is that and paints from depth and edges as well, sees what stays of a picture, and knows where in
// the canvas a window lies. The others have neither controls nor guidance.
enum class TinyKind { Labels, Several, Depth, Coordinates, Class, Unconditional, FirstStage };

inline constexpr int kTinyFactor = 8;  // pixels per code and side
inline constexpr int kTinyWindow = 4;  // codes per side: 32 pixels
inline constexpr int kTinyCodes = 32;  // of the picture's codebook
inline constexpr int kTinyClasses = 5; // of the Class model

// Writes the model to `path` (.safetensors) and returns it. Equal arguments give equal files.
std::filesystem::path writeTinyModel(const std::filesystem::path &path, TinyKind kind = TinyKind::Labels,
                                     uint64_t seed = 1);

} // namespace tessera::tests
