#include "core/sampling/cpu/kernels.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <span>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "core/sampling/cpu/packedmatrix.h"

namespace tessera::core::cpu
{

namespace
{

constexpr int64_t kDepth = 45, kOutputs = 150; // multiples of nothing

std::vector<float> randomValues(int64_t count, unsigned seed)
{
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> values(static_cast<size_t>(count));
    for (float &value : values)
        value = normal(generator);
    return values;
}

// A layer with input rows, packed for one set of instructions.
class Product
{
public:
    Product(Kernels kernels, WeightFormat format, int64_t inputDepth = kDepth, int64_t inputRows = kRows)
        : depth(inputDepth)
        , totalRows(inputRows)
        , m_kernels(kernels)
        , m_format(format)
    {
        const LayerWeights layer{weights.data(), bias.data(), kOutputs};
        m_matrix = PackedMatrix({&layer, 1}, depth, format, m_arena);
    }

    // [rows][panels * 64]
    std::vector<float> run(int64_t firstRow, int64_t rows, Finish finish, float before = 0)
    {
        const int64_t stride = m_matrix.paddedOutputs();
        std::vector<float> out(size_t(rows * stride), before);
        quantise();
        for (int64_t panel = 0; panel < m_matrix.panels(); ++panel) {
            PanelTask task;
            m_matrix.describe(panel, task);
            task.rows = rows;
            task.finish = finish;
            task.out = out.data() + panel * kPanel;
            task.outStride = stride;
            setInput(task, firstRow);
            call(task);
        }
        return out;
    }

    double expected(int64_t row, int64_t output) const
    {
        double sum = bias[size_t(output)];
        for (int64_t k = 0; k < depth; ++k)
            sum += double(input[size_t(row * depth + k)]) * double(weights[size_t(output * depth + k)]);
        return sum;
    }

    int64_t stride() const { return m_matrix.paddedOutputs(); }

    static constexpr int64_t kRows = 16;
    const int64_t depth, totalRows;
    std::vector<float> input = randomValues(totalRows * depth, 1);
    std::vector<float> weights = randomValues(kOutputs * depth, 2);
    std::vector<float> bias = randomValues(kOutputs, 3);

private:
    void quantise()
    {
        for (int64_t row = 0; row < totalRows; ++row)
            m_kernels.quantise(input.data() + row * depth, depth, m_bytes.data() + row * m_byteStride,
                               &m_scales[size_t(row)], &m_zeros[size_t(row)]);
    }

    void setInput(PanelTask &task, int64_t firstRow) const
    {
        const bool int8 = m_format == WeightFormat::Int8;
        task.input = int8 ? static_cast<const void *>(m_bytes.data() + firstRow * m_byteStride)
                          : input.data() + firstRow * depth;
        task.inputStride = int8 ? m_byteStride : depth;
        task.inputScales = m_scales.data() + firstRow;
        task.inputZeros = m_zeros.data() + firstRow;
    }

    void call(const PanelTask &task) const
    {
        if (m_format == WeightFormat::Float32)
            m_kernels.float32Panel(task);
        else if (m_format == WeightFormat::BFloat16)
            m_kernels.bfloat16Panel(task);
        else
            m_kernels.int8Panel(task);
    }

    const Kernels m_kernels;
    WeightFormat m_format;
    const int64_t m_byteStride = roundedUp(depth, 16);
    WeightArena m_arena;
    PackedMatrix m_matrix;
    std::vector<uint8_t> m_bytes = std::vector<uint8_t>(size_t(totalRows * m_byteStride));
    std::vector<float> m_scales = std::vector<float>(size_t(totalRows));
    std::vector<int32_t> m_zeros = std::vector<int32_t>(size_t(totalRows));
};

double exactGelu(double x)
{
    return 0.5 * x * (1 + std::erf(x / std::sqrt(2.0)));
}

double toleranceOf(WeightFormat format)
{
    switch (format) {
    case WeightFormat::Float32:
        return 2e-5;
    case WeightFormat::BFloat16:
        return 0.08;
    case WeightFormat::Int8:
        break;
    }
    return 0.3;
}

class EachSet : public testing::TestWithParam<Kernels>
{
protected:
    const Kernels &kernels() const { return GetParam(); }
};

class EachProduct : public testing::TestWithParam<std::tuple<Kernels, WeightFormat>>
{
protected:
    Product product{std::get<0>(GetParam()), std::get<1>(GetParam())};
    double tolerance = toleranceOf(std::get<1>(GetParam()));
};

TEST_P(EachProduct, IsTheProductWithItsBias)
{
    const std::vector<float> out = product.run(0, Product::kRows, Finish::Store);
    for (int64_t row = 0; row < Product::kRows; ++row)
        for (int64_t n = 0; n < kOutputs; ++n)
            ASSERT_NEAR(out[size_t(row * product.stride() + n)], product.expected(row, n), tolerance)
                << row << ", " << n;
    for (int64_t n = kOutputs; n < product.stride(); ++n)
        EXPECT_EQ(out[size_t(n)], 0);
}

TEST_P(EachProduct, FinishesAsAsked)
{
    const std::vector<float> plain = product.run(0, 7, Finish::Store), added = product.run(0, 7, Finish::Add, 2);
    const std::vector<float> gelu = product.run(0, 7, Finish::Gelu);
    for (size_t i = 0; i < plain.size(); ++i) {
        EXPECT_FLOAT_EQ(added[i], plain[i] + 2);
        EXPECT_NEAR(gelu[i], exactGelu(plain[i]), 1e-6 * std::max(1.0f, std::abs(plain[i])));
    }
}

TEST_P(EachProduct, ARowHasTheSameBitsInEveryBatch)
{
    const std::vector<float> all = product.run(0, Product::kRows, Finish::Gelu);
    const auto stride = std::ptrdiff_t(product.stride());
    for (int64_t rows = 1; rows < Product::kRows; ++rows) {
        const int64_t first = Product::kRows - rows;
        const std::vector<float> some = product.run(first, rows, Finish::Gelu);
        EXPECT_TRUE(std::equal(some.begin(), some.end(), all.begin() + first * stride)) << rows << " rows";
    }
}

TEST_P(EachProduct, NeverHidesABrokenInput)
{
    product.input[3] = std::numeric_limits<float>::quiet_NaN();
    product.input[kDepth + 44] = std::numeric_limits<float>::infinity();
    const std::vector<float> out = product.run(0, 2, Finish::Gelu);
    EXPECT_FALSE(std::isfinite(out[5]));
    EXPECT_FALSE(std::isfinite(out[size_t(product.stride()) + 5]));
}

TEST_P(EachSet, SmallProductsAreProducts)
{
    constexpr int64_t kShared = 37, kWidth = 96;
    const std::vector<float> left = randomValues(7 * kShared, 8), right = randomValues(kShared * kWidth, 9);
    std::vector<uint16_t> halves(right.size());
    for (int64_t k = 0; k < kShared; ++k)
        for (int64_t n = 0; n < kWidth; ++n)
            halves[size_t(k * kWidth + pairPlace(n))] = bfloat16Of(right[size_t(k * kWidth + n)]);
    std::vector<float> out(7 * kWidth), rounded(7 * kWidth);
    kernels().float32Product({left.data(), kShared, 7, kShared, right.data(), kWidth, kWidth, out.data(), kWidth});
    kernels().bfloat16Product(
        {left.data(), kShared, 7, kShared, halves.data(), kWidth, kWidth, rounded.data(), kWidth});
    for (int64_t row = 0; row < 7; ++row) {
        for (int64_t n = 0; n < kWidth; ++n) {
            double sum = 0;
            for (int64_t k = 0; k < kShared; ++k)
                sum += double(left[size_t(row * kShared + k)]) * double(right[size_t(k * kWidth + n)]);
            EXPECT_NEAR(out[size_t(row * kWidth + n)], sum, 2e-5);
            EXPECT_NEAR(rounded[size_t(row * kWidth + n)], sum, 0.08);
        }
    }
}

TEST_P(EachSet, SoftmaxSumsToOneOverItsPart)
{
    for (const int64_t count : {1, 5, 16, 37, 64}) {
        std::vector<float> scores = randomValues(64, unsigned(count));
        double total = 0;
        for (int64_t i = 0; i < count; ++i)
            total += std::exp(3.0 * double(scores[size_t(i)]));
        std::vector<float> out = scores;
        kernels().softmax(out.data(), count, 64, 3);
        for (int64_t i = 0; i < 64; ++i) {
            const double expected = i < count ? std::exp(3.0 * double(scores[size_t(i)])) / total : 0.0;
            EXPECT_NEAR(out[size_t(i)], expected, 2e-6) << i << " of " << count;
        }
    }
}

TEST_P(EachSet, SoftmaxTakesAnyMagnitude)
{
    std::vector<float> scores(16, -1e30f);
    scores[2] = scores[9] = 1e30f;
    kernels().softmax(scores.data(), 16, 16, 0.125f);
    EXPECT_FLOAT_EQ(scores[2], 0.5f);
    EXPECT_FLOAT_EQ(scores[9], 0.5f);
    EXPECT_LT(scores[0], 1e-30f);
}

TEST_P(EachSet, LayerNormIsThatOfTheRow)
{
    for (const int64_t width : {3, 16, 61}) {
        const std::vector<float> x = randomValues(width, 5), weight = randomValues(width, 6),
                                 bias = randomValues(width, 7);
        double mean = 0, variance = 0;
        for (const float value : x)
            mean += double(value) / double(width);
        for (const float value : x)
            variance += (double(value) - mean) * (double(value) - mean) / double(width);
        std::vector<float> out(x.size());
        kernels().layerNorm(x.data(), weight.data(), bias.data(), width, out.data());
        for (size_t i = 0; i < x.size(); ++i) {
            const double normal = (double(x[i]) - mean) / std::sqrt(variance + 1e-5);
            EXPECT_NEAR(out[i], normal * double(weight[i]) + double(bias[i]), 1e-5);
        }
    }
}

TEST_P(EachSet, QuantisedValuesAreNear)
{
    for (const int64_t width : {5, 16, 40}) {
        std::vector<float> x = randomValues(width, 6);
        x[1] = 0;
        std::vector<uint8_t> bytes(static_cast<size_t>(width));
        float scale = 0;
        int32_t zero = 0;
        kernels().quantise(x.data(), width, bytes.data(), &scale, &zero);
        EXPECT_EQ(bytes[1], zero);
        for (size_t i = 0; i < x.size(); ++i)
            EXPECT_NEAR(scale * float(bytes[i] - zero), x[i], 0.51f * scale);
    }
    const std::vector<float> nothing(5);
    std::vector<uint8_t> bytes(5);
    float scale = 0;
    int32_t zero = 1;
    kernels().quantise(nothing.data(), 5, bytes.data(), &scale, &zero);
    EXPECT_EQ(scale * float(bytes[4] - zero), 0);
}

TEST(Kernels, IntegerProductsAgreeBetweenSets)
{
    const std::vector<float> expected =
        Product(portableKernels(), WeightFormat::Int8).run(0, Product::kRows, Finish::Store);
    for (const Kernels &kernels : usableKernels()) {
        const std::vector<float> out = Product(kernels, WeightFormat::Int8).run(0, Product::kRows, Finish::Store);
        for (size_t i = 0; i < out.size(); ++i)
            ASSERT_NEAR(out[i], expected[i], 0.05f) << kernels.name; // a step of an input may round the other way
    }
}

// Deeper than a stretch, and of whole tiles where a set has such.
TEST_P(EachSet, IntegerRowsAreTheSameInAnyCompany)
{
    constexpr int64_t kDeep = 320, kMany = kMostRows;
    Product product(kernels(), WeightFormat::Int8, kDeep, kMany);
    std::vector<float> single;
    for (int64_t row = 0; row < kMany; ++row) {
        const std::vector<float> one = product.run(row, 1, Finish::Gelu);
        single.insert(single.end(), one.begin(), one.end());
    }
    for (const int64_t rows : {2, 4, 5, 15, 16, 17, 31, 33, 48}) {
        const std::vector<float> out = product.run(0, rows, Finish::Gelu);
        EXPECT_TRUE(std::equal(out.begin(), out.end(), single.begin())) << rows << " rows";
    }
    const std::vector<float> some = product.run(7, 6, Finish::Store);
    EXPECT_NEAR(some[size_t(5 * product.stride()) + kOutputs - 1], product.expected(12, kOutputs - 1), 0.6);
}

TEST(WeightArena, PiecesAreZeroAlignedAndApart)
{
    WeightArena arena;
    std::vector<std::span<std::byte>> pieces;
    for (const int64_t bytes : {100, int(kPanel), 12 << 20, 1, 40 << 20, 7}) {
        std::byte *piece = arena.take(bytes);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(piece) % 64, 0u) << bytes;
        EXPECT_EQ(std::count(piece, piece + bytes, std::byte(0)), bytes);
        pieces.emplace_back(piece, size_t(bytes));
        std::ranges::fill(pieces.back(), std::byte(pieces.size()));
    }
    const WeightArena elsewhere = std::move(arena);
    for (size_t i = 0; i < pieces.size(); ++i)
        EXPECT_EQ(size_t(std::ranges::count(pieces[i], std::byte(i + 1))), pieces[i].size());
}

TEST(Kernels, ThePortableSetIsAlwaysThere)
{
    EXPECT_STREQ(usableKernels().back().name, portableKernels().name);
}

TEST(Kernels, BFloat16RoundsToTheNearest)
{
    EXPECT_EQ(bfloat16Of(1.0f), 0x3F80);
    EXPECT_EQ(bfloat16Of(1.0f + 1.0f / 256), 0x3F80); // a tie goes to the even neighbour
    EXPECT_EQ(bfloat16Of(1.0f + 3.0f / 256), 0x3F82);
    EXPECT_EQ(bfloat16Of(-1.0f - 1.1f / 256), 0xBF81);
    EXPECT_EQ(bfloat16Of(std::numeric_limits<float>::infinity()), 0x7F80);
    EXPECT_EQ(bfloat16Of(std::numeric_limits<float>::quiet_NaN()) & 0x7FFF, 0x7FC0);
}

std::string setName(const testing::TestParamInfo<Kernels> &set)
{
    return set.param.name;
}

std::string productName(const testing::TestParamInfo<std::tuple<Kernels, WeightFormat>> &product)
{
    const char *formats[] = {"float32", "bfloat16", "int8"};
    const auto &[kernels, format] = product.param;
    return std::string(kernels.name) + "_" + formats[int(format)];
}

constexpr WeightFormat kFormats[] = {WeightFormat::Float32, WeightFormat::BFloat16, WeightFormat::Int8};

INSTANTIATE_TEST_SUITE_P(Kernels, EachSet, testing::ValuesIn(usableKernels()), setName);
INSTANTIATE_TEST_SUITE_P(Kernels, EachProduct,
                         testing::Combine(testing::ValuesIn(usableKernels()), testing::ValuesIn(kFormats)),
                         productName);

} // namespace

} // namespace tessera::core::cpu
