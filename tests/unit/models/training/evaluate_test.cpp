// What `tessera-train evaluate` says of a first stage, against figures worked out here pixel by pixel.
#include "models/training/evaluate.h"

#include <cmath>
#include <map>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>
#include <gtest/gtest.h>

#include "models/bundle.h"
#include "models/training/shard.h"
#include "tests/data/tinymodel.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{
namespace
{

using EvaluateTest = TemporaryFolderTest;

constexpr int kSide = tests::kTinyWindow * tests::kTinyFactor; // of all that the model sees
constexpr int kPictures = 2;

// Bands and blocks of many colours, another picture for each index.
ShardPicture patterned(int index)
{
    ShardPicture picture{kSide, kSide, {}, {}, {}, {}, "{}"};
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x)
            for (const int value : {x * 8, (x / 8 + y / 8) * (60 + 40 * index), 255 - y * (3 + 4 * index)})
                picture.rgb.push_back(uint8_t(value));
    picture.object.assign(kSide * kSide, 0);
    picture.material.assign(kSide * kSide, 0);
    picture.depth.assign(kSide * kSide, 0);
    return picture;
}

at::Tensor pixelsOf(const ShardPicture &picture) // float [1, 3, side, side] in [-1, 1]
{
    return at::tensor(picture.rgb, at::kByte).view({1, kSide, kSide, 3}).permute({0, 3, 1, 2}).to(at::kFloat) / 127.5
           - 1;
}

// Sums over pixels, in 8-bit levels.
struct Sums {
    double squares = 0, steps = 0, originalSteps = 0;
    int values = 0;

    void add(const at::Tensor &original, const at::Tensor &made)
    {
        const auto a = original.accessor<float, 4>(), b = made.accessor<float, 4>();
        for (int channel = 0; channel < 3; ++channel)
            for (int y = 0; y < kSide; ++y)
                for (int x = 0; x < kSide; ++x, ++values) {
                    squares += std::pow(127.5 * (a[0][channel][y][x] - b[0][channel][y][x]), 2);
                    steps += x > 0 ? std::abs(b[0][channel][y][x] - b[0][channel][y][x - 1]) : 0;
                    originalSteps += x > 0 ? std::abs(a[0][channel][y][x] - a[0][channel][y][x - 1]) : 0;
                }
    }
};

TEST_F(EvaluateTest, FiguresOfAFirstStageAreWhatTheirNamesSay)
{
    const c10::NoGradGuard noGradients;
    const auto model = tests::writeTinyModel(folder / "stage.safetensors", tests::TinyKind::FirstStage);
    const ModelBundle bundle = ModelBundle::open(model);
    ShardWriter writer(folder / "two.tlds", kSide, kSide);
    Sums sums;
    std::map<int64_t, int> used;
    for (int i = 0; i < kPictures; ++i) {
        writer.add(patterned(i));
        const at::Tensor x = pixelsOf(patterned(i)), codes = bundle.firstStage().encode(x);
        sums.add(x, bundle.firstStage().decode(codes).clamp(-1, 1).contiguous());
        for (int64_t cell = 0; cell < codes.numel(); ++cell)
            ++used[codes.flatten()[cell].item<int64_t>()];
    }
    writer.close();
    double unlikelihood = 1; // of a code, as a geometric mean
    for (const auto &[code, count] : used) {
        const double share = double(count) / (kPictures * tests::kTinyWindow * tests::kTinyWindow);
        unlikelihood *= std::pow(share, -share);
    }
    ASSERT_GT(used.size(), 2U);

    const nlohmann::json figures = evaluateModel(model, folder, c10::kCPU);
    EXPECT_EQ(figures.at("pictures"), kPictures);
    EXPECT_NEAR(figures.at("psnr").get<double>(), 10 * std::log10(255.0 * 255.0 * sums.values / sums.squares), 1e-4);
    EXPECT_NEAR(figures.at("texture").get<double>(), sums.steps / sums.originalSteps, 1e-4);
    EXPECT_EQ(figures.at("codes"), tests::kTinyCodes);
    EXPECT_EQ(figures.at("codes_used"), used.size());
    EXPECT_NEAR(figures.at("perplexity").get<double>(), unlikelihood, 1e-4);
    EXPECT_NEAR(figures.at("unigram_nats").get<double>(), std::log(unlikelihood), 1e-4);
}

} // namespace
} // namespace tessera::models
