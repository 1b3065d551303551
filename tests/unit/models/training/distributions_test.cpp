#include "models/training/distributions.h"

#include <cmath>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

namespace tessera::models
{

namespace
{

// Four points with the mean (x, y) and, divided by N - 1, the covariance diag(a, b).
at::Tensor cross(double x, double y, double a, double b)
{
    const double p = std::sqrt(1.5 * a), q = std::sqrt(1.5 * b);
    return at::tensor({x + p, y, x - p, y, x, y + q, x, y - q}, at::kDouble).reshape({4, 2});
}

at::Tensor turned(const at::Tensor &points, double angle)
{
    const at::Tensor matrix =
        at::tensor({std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle)}, at::kDouble).reshape({2, 2});
    return points.matmul(matrix.t());
}

at::Tensor normal(int64_t count, double mean, uint64_t seed)
{
    at::Generator generator = at::detail::createCPUGenerator(seed);
    return at::randn({count, 3}, generator, at::kDouble) + mean;
}

TEST(FrechetDistance, OfGaussiansWithCommonAxes)
{
    // |(3, 4)|^2 + (2 - 1)^2 + (3 - 1)^2
    EXPECT_NEAR(frechetDistance(cross(0, 0, 4, 9), cross(3, 4, 1, 1)), 25 + 1 + 4, 1e-9);
    EXPECT_NEAR(frechetDistance(cross(1, 2, 4, 9), cross(1, 2, 4, 9)), 0, 1e-9);
}

TEST(FrechetDistance, OfGaussiansWithOtherAxes)
{
    // C1 = diag(4, 1), C2 = diag(1, 9) turned by 45 degrees = (5 -4; -4 5). In two dimensions the trace of a matrix'
    // root is (trace + 2 sqrt(determinant))^1/2: here (25 + 2 sqrt(4 * 9))^1/2.
    const double expected = 5 + 10 - 2 * std::sqrt(25 + 2 * std::sqrt(36.0));
    EXPECT_NEAR(frechetDistance(cross(0, 0, 4, 1), turned(cross(0, 0, 1, 9), 0.785398163397448)), expected, 1e-9);
}

TEST(FrechetDistance, IsTheSameOnMoreAxesThanPictures)
{
    const at::Tensor wide = at::zeros({4, 30}, at::kDouble), other = at::zeros({4, 30}, at::kDouble);
    wide.slice(1, 0, 2).copy_(cross(0, 0, 4, 9));
    other.slice(1, 0, 2).copy_(cross(3, 4, 1, 1));
    EXPECT_NEAR(frechetDistance(wide, other), 30, 1e-9);
}

TEST(MmdSquared, CaseWorkedByHand)
{
    // The width is 1. Within a set exp(-1/2), between them the mean of 1 and exp(-1/2).
    const at::Tensor set = at::tensor({0.0, 1.0}, at::kDouble).reshape({2, 1});
    EXPECT_NEAR(mmdSquared(set, set), std::exp(-0.5) - 1, 1e-12);
    // The reference's width, 1, serves a set that is wider: exp(-8) within it.
    const at::Tensor wide = at::tensor({0.0, 4.0}, at::kDouble).reshape({2, 1});
    const double between = (1 + std::exp(-0.5) + std::exp(-8) + std::exp(-4.5)) / 4;
    EXPECT_NEAR(mmdSquared(wide, set), std::exp(-8) + std::exp(-0.5) - 2 * between, 1e-12);
}

TEST(MmdSquared, IsAboutZeroForOneDistributionAndLargeForTwo)
{
    const double same = mmdSquared(normal(400, 0, 1), normal(400, 0, 2));
    EXPECT_NEAR(same, 0, 5e-3);
    EXPECT_GT(mmdSquared(normal(400, 0, 1), normal(400, 1, 2)), 0.1);
}

TEST(DensityAndCoverage, OfEqualSets)
{
    const at::Tensor set = normal(50, 0, 3);
    const Manifold manifold = densityAndCoverage(set, set, 5);
    EXPECT_DOUBLE_EQ(manifold.coverage, 1);
    EXPECT_DOUBLE_EQ(manifold.density, 6.0 / 5); // each neighbourhood holds its own centre and five more
}

TEST(DensityAndCoverage, CaseWorkedByHand)
{
    // To the nearest other: 1, 1, 3. The first two neighbourhoods hold 0.5, that of 4 holds none.
    const at::Tensor real = at::tensor({0.0, 1.0, 4.0}, at::kDouble).reshape({3, 1});
    const at::Tensor generated = at::tensor({0.5, 20.0}, at::kDouble).reshape({2, 1});
    const Manifold manifold = densityAndCoverage(real, generated, 1);
    EXPECT_DOUBLE_EQ(manifold.density, 1.0);
    EXPECT_DOUBLE_EQ(manifold.coverage, 2.0 / 3);
}

} // namespace

} // namespace tessera::models
