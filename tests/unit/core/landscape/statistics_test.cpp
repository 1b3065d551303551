#include "core/landscape/landscape.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdio>
#include <gtest/gtest.h>
#include <numbers>
#include <string>

// How the pictures compare with photographs of landscapes: the figures are printed beside their targets. The bounds
// are wide, for a few small pictures scatter; docs/landscapes.md has the figures of many.
namespace tessera::core
{

namespace
{

constexpr int kSide = 128;

std::vector<Landscape> pictures(int count, int side)
{
    std::vector<Landscape> made;
    generateLandscapes(40000, count, side, side, 2, {},
                       [&](std::uint32_t, Landscape &&picture) { made.push_back(std::move(picture)); });
    return made;
}

std::vector<double> luminances(const Landscape &p)
{
    std::vector<double> l(p.object.size());
    for (std::size_t i = 0; i < l.size(); ++i)
        l[i] = (.299 * p.rgb[3 * i] + .587 * p.rgb[3 * i + 1] + .114 * p.rgb[3 * i + 2]) / 255;
    return l;
}

double mean(const std::vector<double> &values)
{
    double sum = 0;
    for (const double v : values)
        sum += v;
    return sum / static_cast<double>(values.size());
}

double contrast(const std::vector<double> &l)
{
    const double middle = mean(l);
    double sum = 0;
    for (const double v : l)
        sum += (v - middle) * (v - middle);
    return std::sqrt(sum / static_cast<double>(l.size()));
}

double horizontalGradient(const std::vector<double> &l)
{
    double sum = 0;
    for (int y = 0; y < kSide; ++y)
        for (int x = 1; x < kSide; ++x)
            sum += std::fabs(l[std::size_t(y * kSide + x)] - l[std::size_t(y * kSide + x - 1)]);
    return sum / (kSide * (kSide - 1));
}

double saturation(const Landscape &p)
{
    double sum = 0;
    for (std::size_t i = 0; i < p.object.size(); ++i) {
        const auto [low, high] = std::minmax({p.rgb[3 * i], p.rgb[3 * i + 1], p.rgb[3 * i + 2]});
        sum += high > 0 ? double(high - low) / high : 0;
    }
    return sum / static_cast<double>(p.object.size());
}

using Plane = std::vector<std::complex<double>>;

// Discrete Fourier transform of each row into a column: applied twice it transforms the plane.
Plane transformedRows(const Plane &in)
{
    Plane out(in.size());
    for (int k = 0; k < kSide; ++k) {
        for (int y = 0; y < kSide; ++y) {
            std::complex<double> sum, turn = std::polar(1., -2 * std::numbers::pi * k / kSide), factor = 1;
            for (int x = 0; x < kSide; ++x, factor *= turn)
                sum += in[std::size_t(y * kSide + x)] * factor;
            out[std::size_t(k * kSide + y)] = sum;
        }
    }
    return out;
}

// Slope of the power over the frequency, both logarithmic, averaged over rings.
double spectrumSlope(const std::vector<double> &l)
{
    const double middle = mean(l);
    Plane plane(l.size());
    const auto window = [](int i) { return .5 - .5 * std::cos(2 * std::numbers::pi * i / (kSide - 1)); };
    for (int y = 0; y < kSide; ++y)
        for (int x = 0; x < kSide; ++x)
            plane[std::size_t(y * kSide + x)] = (l[std::size_t(y * kSide + x)] - middle) * window(x) * window(y);
    plane = transformedRows(transformedRows(plane));
    std::array<double, kSide / 2> power{}, count{};
    for (int y = 0; y < kSide; ++y) {
        for (int x = 0; x < kSide; ++x) {
            const double ring = std::hypot(std::min(x, kSide - x), std::min(y, kSide - y));
            if (ring < kSide / 2 - .5) {
                power[std::size_t(ring + .5)] += std::norm(plane[std::size_t(y * kSide + x)]);
                ++count[std::size_t(ring + .5)];
            }
        }
    }
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
    for (std::size_t k = 4; k < power.size() - 1; ++k) {
        const double x = std::log(double(k)), y = std::log(power[k] / count[k] + 1e-12);
        n += 1, sx += x, sy += y, sxx += x * x, sxy += x * y;
    }
    return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

void row(const char *name, double value, const char *target)
{
    std::printf("  %-26s %8.4f   %s\n", name, value, target);
}

// Near places show their material, far ones what a painter would call them: as the training does.
std::array<double, kLabelCount> labelShares(const std::vector<Landscape> &made)
{
    const std::uint16_t nearest = depthCode(4);
    std::array<double, kLabelCount> shares{};
    double all = 0;
    for (const Landscape &p : made) {
        for (std::size_t i = 0; i < p.object.size(); ++i, ++all) {
            const bool near = p.depth[i] > nearest && p.object[i] != int(LandscapeLabel::Fog);
            ++shares[near ? p.material[i] : p.object[i]];
        }
    }
    for (double &share : shares)
        share *= 100 / all;
    return shares;
}

} // namespace

TEST(LandscapeStatistics, PicturesAreLikePhotographs)
{
    double slope = 0, colour = 0, light = 0, spread = 0, edges = 0;
    const std::vector<Landscape> made = pictures(12, kSide);
    for (const Landscape &p : made) {
        const std::vector<double> l = luminances(p);
        const double share = 1. / static_cast<double>(made.size());
        slope += share * spectrumSlope(l);
        colour += share * saturation(p);
        light += share * mean(l);
        spread += share * contrast(l);
        edges += share * horizontalGradient(l);
    }
    row("spectrum slope", slope, "-2.3 ... -2.5 at 192 px");
    row("saturation", colour, "0.30");
    row("luminance", light, "0.52");
    row("contrast", spread, ">= 0.185");
    row("mean horizontal gradient", edges, ">= 0.022 at 192 px");
    EXPECT_GT(slope, -2.7);
    EXPECT_LT(slope, -1.8);
    EXPECT_GT(colour, .20);
    EXPECT_LT(colour, .42);
    EXPECT_GT(light, .42);
    EXPECT_LT(light, .62);
    EXPECT_GT(spread, .14);
    EXPECT_GT(edges, .022);
}

TEST(LandscapeStatistics, EveryLabelIsSeen)
{
    const std::array<double, kLabelCount> shares = labelShares(pictures(70, 32));
    for (int i = 1; i < kLabelCount; ++i) {
        const std::string name(labelName(static_cast<LandscapeLabel>(i)));
        row(name.c_str(), shares[std::size_t(i)], ">= 1.5 % of many pictures");
        EXPECT_GT(shares[std::size_t(i)], .3) << name;
        EXPECT_LT(shares[std::size_t(i)], 35) << name;
    }
    EXPECT_EQ(shares[0], 0);
}

} // namespace tessera::core
