// EvalNet: a small network that judges pictures. It tells what each place shows and how far away it is, which light
// falls and which biome it is, and its inner activations serve as features of distances between sets of pictures. It is
// never part of a loss, and its own pictures (seeds from 900,000,000 on) are no other network's.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>
#include <nlohmann/json.hpp>

#include "models/blocks.h"
#include "models/parameters.h"

namespace tessera::models
{

// What it tells apart, in the order of its classes.
inline constexpr std::array<std::string_view, 6> kJudgedLights{"day", "golden", "sunset", "dusk", "night", "overcast"};
inline constexpr std::array<std::string_view, 8> kJudgedBiomes{"alpine",    "meadow", "desert",   "coast",
                                                               "broadleaf", "canyon", "tropical", "arctic"};
inline constexpr int64_t kJudgedScale = 4;  // pixels per side and label that it tells
inline constexpr int64_t kNotJudged = -100; // target of a class that is not known; losses leave it out

// Place of a name among the classes, kNotJudged where it is none of them.
int64_t judgedClass(std::span<const std::string_view> classes, std::string_view name);

struct EvalNetConfig {
    std::vector<int64_t> widths{32, 48, 96, 160, 192}; // channels of the five stages; multiples of 8
    int64_t pyramid = 64;                              // channels where stages meet
    int64_t side = 256;                                // pixels of the pictures it should be shown
    int64_t stem = 1;                                  // pixels per side and place of the first stage, 1 or 2
    bool depth = false;                                // whether it tells depth

    // Pixels that sides of pictures are multiples of.
    int64_t multiple() const { return 16 * stem; }

    // Keys that are missing have the values above: judges' files from before `stem` and `depth` say nothing of them.
    // Throws Error (InvalidArgument, naming `origin`) for other than five widths, widths that are no multiples of 8, a
    // side that is no multiple of multiple(), and other stems.
    static EvalNetConfig fromJson(const nlohmann::json &json, const std::string &origin);
    nlohmann::json toJson() const;
};

struct Judgement {
    at::Tensor labels;   // [B, 25, H / 4, W / 4], logits
    at::Tensor depth;    // [B, 1, H / 4, W / 4], nearness as in a shard, by 65535; 0 or less: sky. Undefined: not told
    at::Tensor light;    // [B, 6], logits
    at::Tensor biome;    // [B, 8], logits
    at::Tensor features; // [B, widths[2] + widths[4]], means over the picture
};

struct EvalNet {
    struct Stage { // convolution (stride 2 but in the first), norm, SiLU, and the same with stride 1
        Conv first;
        GroupNorm norm1;
        Conv second;
        GroupNorm norm2;
    };

    EvalNetConfig config;
    std::vector<Stage> stages;
    std::vector<Conv> laterals; // 1 x 1, of the stages at 1 / 4 of the size and below
    Conv smooth;
    GroupNorm smoothNorm;
    Conv classify; // 1 x 1
    Conv depth;    // 1 x 1; undefined where config.depth is false
    // Light and biome are read from stage 5 and from a 4 x 4 thumbnail: normalisation hides how dark a picture is.
    Linear hidden, light, biome;

    static EvalNet create(const EvalNetConfig &config, ParameterSource &source);
    // Initial weights alone: a network whose features nobody taught (Naeem et al. 2020 for density and coverage).
    static EvalNet untrained(const EvalNetConfig &config, uint64_t seed);
    // Throws Error: FileRead, FileFormat, ModelMismatch.
    static EvalNet load(const std::filesystem::path &path, c10::Device device = c10::kCPU);
    static void write(const std::filesystem::path &path, const EvalNetConfig &config, const StateDict &tensors,
                      const std::map<std::string, std::string> &notes);

    // x: float [B, 3, H, W] in [-1, 1], H and W multiples of config.multiple().
    Judgement forward(const at::Tensor &x) const;
    c10::Device device() const { return classify.weight.device(); }
};

} // namespace tessera::models
