#include "core/map/depthmap.h"

#include "models/error.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::core
{
namespace
{

TEST(DepthMap, scalesToItsOwnRange)
{
    const FieldMap field = normalizedField({3, 1, {-5, 8019, 4007}}, "depth.png");
    EXPECT_THAT(field.values, testing::ElementsAre(-1.f, 1.f, 0.f));
    EXPECT_THAT(normalizedField({2, 1, {7, 7}}, "flat.png").values, testing::ElementsAre(-1.f, -1.f));
}

TEST(DepthMap, refusesNaN)
{
    try {
        normalizedField({2, 1, {1, std::numeric_limits<float>::quiet_NaN()}}, "depth.tiff");
        FAIL();
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileFormat);
        EXPECT_THAT(error.what(), testing::HasSubstr("depth.tiff"));
    }
}

// Half-pixel centres, no anti-aliasing, borders repeated.
float plainBilinear(const FieldMap &field, int x, int y, int width, int height)
{
    const auto place = [](int at, int from, int to) {
        return std::clamp((at + 0.5) * from / to - 0.5, 0.0, double(from - 1));
    };
    const double sx = place(x, field.width, width), sy = place(y, field.height, height);
    const int left = int(sx), top = int(sy);
    const int right = std::min(left + 1, field.width - 1), bottom = std::min(top + 1, field.height - 1);
    const auto at = [&](int column, int row) { return double(field.values[size_t(row * field.width + column)]); };
    const double upper = at(left, top) + (sx - left) * (at(right, top) - at(left, top));
    const double lower = at(left, bottom) + (sx - left) * (at(right, bottom) - at(left, bottom));
    return float(upper + (sy - top) * (lower - upper));
}

TEST(DepthMap, resizesBilinearlyWithoutAntiAliasing)
{
    FieldMap field{13, 7, {}};
    for (int i = 0; i < 13 * 7; ++i) {
        field.values.push_back(float(std::sin(i * 1.7)));
    }
    for (const auto &[width, height] : {std::pair{29, 17}, {5, 3}, {13, 7}}) {
        const FieldMap resized = resizedBilinear(field, width, height);
        ASSERT_EQ(resized.values.size(), size_t(width * height));
        for (int y = 0; y < height; ++y) {
            for (int x = 0; x < width; ++x) {
                EXPECT_NEAR(resized.values[size_t(y * width + x)], plainBilinear(field, x, y, width, height), 1e-5);
            }
        }
    }
    EXPECT_THROW(resizedBilinear(field, 0, 5), Error);
}

TEST(DepthMap, edgesLieOnBorders)
{
    ImageBytes picture{64, 48, 3, {}};
    for (int y = 0; y < 48; ++y) {
        for (int x = 0; x < 64; ++x) {
            picture.bytes.insert(picture.bytes.end(), 3, x < 32 ? 40 : 200);
        }
    }
    const FieldMap edges = edgeMap(picture);
    ASSERT_EQ(edges.values.size(), size_t(64 * 48));
    for (int y = 4; y < 44; ++y) {
        int found = 0;
        for (int x = 0; x < 64; ++x) {
            const float value = edges.values[size_t(y * 64 + x)];
            ASSERT_TRUE(value == 0 || value == 1);
            if (value == 1) {
                ++found;
                EXPECT_NEAR(x, 31.5, 1.5);
            }
        }
        EXPECT_EQ(found, 1) << "row " << y;
    }
    EXPECT_THAT(edgeMap(picture, {2, 8, 9}).values, testing::Each(0.f));
}

} // namespace
} // namespace tessera::core
