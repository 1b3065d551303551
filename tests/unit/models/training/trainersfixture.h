// A folder with a few tiny pictures, a first stage and a condition stage trained on them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <unistd.h>

#include <ATen/ATen.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "models/error.h"
#include "models/safetensors.h"
#include "models/training/shard.h"
#include "models/training/trainer.h"

namespace tessera::models
{

namespace fs = std::filesystem;
using nlohmann::json;

inline constexpr int kSide = 64;

// Sky above, one of two grounds below: a picture whose colours its labels tell.
inline ShardPicture paintedPicture(int index)
{
    ShardPicture picture;
    picture.width = picture.height = kSide;
    const int horizon = 20 + index % 5 * 4;
    const bool grass = index % 2 == 0;
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            const bool sky = y < horizon;
            const uint8_t red = sky ? 120 : grass ? 40 : 220, blue = sky ? 250 : grass ? 30 : 160;
            for (const int value : {int(red), sky ? 180 : grass ? 150 : 190, int(blue)})
                picture.rgb.push_back(uint8_t(std::clamp(value + (x * 7 + y * 13) % 9 - 4, 0, 255)));
            const uint8_t label = sky ? 1 : grass ? 10 : 17;
            picture.object.push_back(label);
            picture.material.push_back(label);
            picture.depth.push_back(sky ? 0 : uint16_t(1000 * y));
        }
    }
    picture.facts = R"({"light":"day","seed":1})";
    return picture;
}

inline json stageRecipe(int channels, int codes)
{
    return {{"seed", 1},
            {"steps", 8},
            {"checkpoint_minutes", 60},
            {"learning_rate", 2e-3},
            {"precision", "fp32"},
            {"average", 0.5},
            {"model",
             {{"embed_dim", 4},
              {"n_embed", codes},
              {"ddconfig",
               {{"in_channels", channels},
                {"out_ch", channels},
                {"ch", 32},
                {"ch_mult", {1, 1, 1}},
                {"num_res_blocks", 1},
                {"attn_resolutions", json::array()},
                {"resolution", 64},
                {"z_channels", 8},
                {"patch_size", 4},
                {"norm_groups", 8}}}}},
            {"quantiser", {{"warm_fraction", 0.25}, {"restart_every", 3}}},
            {"views", {{"size", 64}, {"batch", 2}}}};
}

inline json vqganRecipe()
{
    json recipe = stageRecipe(3, 12);
    recipe["losses"] = {{"perceptual", 0}};
    recipe["adversary"] = {{"from", 0.6}, {"alone_steps", 1}, {"ramp_steps", 2}, {"width", 8}, {"layers", 2}};
    return recipe;
}

inline json conditionRecipe()
{
    json recipe = stageRecipe(25, 8);
    recipe["label_set"] = "landscape";
    return recipe;
}

class TrainersTest : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        std::string name = (fs::temp_directory_path() / "tessera-train-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        for (const std::string part : {"train", "val"}) {
            fs::create_directories(folder / part);
            ShardWriter writer(folder / part / "a.tlds", kSide, kSide);
            for (int i = 0; i < 6; ++i)
                writer.add(paintedPicture(i));
            writer.close();
        }
        trainVqgan(options(vqganRecipe(), "vqgan"));
        trainCondition(options(conditionRecipe(), "condition"));
    }
    static void TearDownTestSuite() { fs::remove_all(folder); }

    static TrainOptions options(const json &recipe, const std::string &output)
    {
        TrainOptions result;
        result.recipe = recipe;
        result.data = folder;
        result.output = folder / output;
        return result;
    }
    static json transformerRecipe()
    {
        return {{"name", "Tiny"},
                {"first_stage", (folder / "vqgan" / "model.safetensors").string()},
                {"condition_stage", (folder / "condition" / "model.safetensors").string()},
                {"seed", 3},
                {"steps", 30},
                {"window", 4},
                {"transformer", {{"n_layer", 2}, {"n_head", 2}, {"n_embd", 32}}},
                {"controls", {{{"key", "light"}, {"values", {"any", "day", "night"}}}}},
                {"batch", 4},
                {"learning_rate", 1e-2},
                {"average", 0.8},
                {"format", "fp32"},
                {"views", {{"per_picture", 2}}}};
    }
    static StateDict weights(const std::string &output)
    {
        return readSafetensors(readSafetensorsIndex(folder / output / "checkpoint.safetensors"), "model/");
    }
    static void expectEqual(const StateDict &a, const StateDict &b)
    {
        ASSERT_EQ(a.size(), b.size());
        for (const auto &[name, tensor] : a)
            EXPECT_TRUE(at::equal(tensor, b.at(name))) << name;
    }
    static std::string refusal(const json &recipe, void (*train)(const TrainOptions &) = trainVqgan)
    {
        try {
            train(options(recipe, "refused"));
        } catch (const Error &error) {
            return error.what();
        }
        return "accepted";
    }

    static inline fs::path folder;
};

} // namespace tessera::models
