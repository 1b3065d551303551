#include "models/training/codebooktraining.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

// Latents in four tight clusters at the corners of a square.
at::Tensor clusteredLatents()
{
    const at::Tensor corners = at::tensor({-1.0F, -1.0F, -1.0F, 1.0F, 1.0F, -1.0F, 1.0F, 1.0F}).reshape({4, 2});
    const at::Tensor points = corners.repeat({64, 1}) + 0.01 * at::randn({256, 2});
    return points.reshape({1, 16, 16, 2}).permute({0, 3, 1, 2});
}

TEST(CodebookTraining, StartsAtTheClusters)
{
    CodebookTraining training(4, 2);
    EXPECT_FALSE(training.hasLatents());
    training.remember(clusteredLatents());
    EXPECT_EQ(training.latents(), 256);
    ASSERT_TRUE(training.hasLatents());
    at::Tensor codebook = at::zeros({4, 2});
    training.initialise(codebook, 7);
    for (const auto &[x, y] : {std::pair{-1.0, -1.0}, {-1.0, 1.0}, {1.0, -1.0}, {1.0, 1.0}}) {
        const at::Tensor distance = (codebook - at::tensor({float(x), float(y)})).norm(2, 1);
        EXPECT_LT(distance.min().item<double>(), 0.05) << x << ", " << y;
    }
}

TEST(CodebookTraining, RemembersNoMoreThanItSays)
{
    CodebookTraining full(CodebookTraining::kMostLatents, 1), beyond(CodebookTraining::kMostLatents + 1, 1);
    for (CodebookTraining *training : {&full, &beyond})
        training->remember(at::zeros({1, 1, 200, 200}));
    EXPECT_EQ(full.latents(), CodebookTraining::kMostLatents);
    EXPECT_TRUE(full.hasLatents());
    EXPECT_FALSE(beyond.hasLatents());
}

TEST(CodebookTraining, RestartsDeadCodesAmongTheLatents)
{
    CodebookTraining training(4, 2);
    at::Tensor codebook = at::full({4, 2}, 100.0);
    const at::Tensor used = at::tensor({0, 1, 0, 1}, at::kLong);
    for (int step = 0; step < 400; ++step)
        training.count(used);
    EXPECT_NEAR(training.perplexity(), 2, 0.05);
    const at::Tensor rows = training.restart(codebook, clusteredLatents(), 0.03, 3);
    ASSERT_EQ(rows.numel(), 2);
    EXPECT_EQ(rows[0].item<int64_t>(), 2);
    EXPECT_EQ(rows[1].item<int64_t>(), 3);
    EXPECT_EQ(codebook[0][0].item<double>(), 100);
    EXPECT_LT(codebook.slice(0, 2).abs().max().item<double>(), 1.2);
    EXPECT_EQ(training.restart(codebook, clusteredLatents(), 0.03, 4).numel(), 0)
        << "restarted codes get time to be used";
}

} // namespace

} // namespace tessera::models
