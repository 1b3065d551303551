#include "core/landscape/landscape.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>
#include <pthread.h>
#include <set>
#include <stdexcept>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <utility>

namespace tessera::core
{

namespace
{

constexpr int kSide = 64;

std::vector<Landscape> generate(std::uint32_t first, int count, int threads)
{
    std::vector<Landscape> made;
    generateLandscapes(first, count, kSide, kSide, threads, {}, [&](std::uint32_t seed, Landscape &&picture) {
        EXPECT_EQ(seed, first + made.size());
        EXPECT_EQ(picture.facts.seed, seed);
        made.push_back(std::move(picture));
    });
    return made;
}

void expectSame(const Landscape &a, const Landscape &b)
{
    EXPECT_EQ(a.rgb, b.rgb);
    EXPECT_EQ(a.object, b.object);
    EXPECT_EQ(a.material, b.material);
    EXPECT_EQ(a.depth, b.depth);
    EXPECT_EQ(a.facts.seed, b.facts.seed);
    EXPECT_EQ(a.facts.biome, b.facts.biome);
}

bool isAir(std::uint8_t label)
{
    return label == int(LandscapeLabel::Sky) || label == int(LandscapeLabel::Cloud)
           || label == int(LandscapeLabel::Fog);
}

double meanLuminance(const Landscape &p)
{
    double sum = 0;
    for (std::size_t i = 0; i < p.object.size(); ++i)
        sum += .30 * p.rgb[3 * i] + .59 * p.rgb[3 * i + 1] + .11 * p.rgb[3 * i + 2];
    return sum / 255 / static_cast<double>(p.object.size());
}

void expectAskedSize(const Landscape &p)
{
    const std::size_t pixels = std::size_t(kSide) * kSide;
    EXPECT_EQ(p.rgb.size(), 3 * pixels);
    EXPECT_EQ(p.object.size(), pixels);
    EXPECT_EQ(p.material.size(), pixels);
    EXPECT_EQ(p.depth.size(), pixels);
}

// Mountains and hills are things, not materials.
void expectKnownLabels(const Landscape &p)
{
    for (const std::uint8_t label : p.object)
        ASSERT_TRUE(label >= 1 && label < kLabelCount) << int(label);
    for (const std::uint8_t label : p.material) {
        ASSERT_TRUE(label >= 1 && label < kLabelCount) << int(label);
        ASSERT_TRUE(label != int(LandscapeLabel::Mountain) && label != int(LandscapeLabel::Hill));
    }
}

void expectSkyFarthestAndAbove(const Landscape &p)
{
    double skyRow = 0, groundRow = 0, skyPixels = 0, groundPixels = 0;
    for (std::size_t i = 0; i < p.object.size(); ++i) {
        const double row = static_cast<double>(i / kSide);
        if (p.depth[i] == 0) {
            ASSERT_TRUE(isAir(p.object[i])) << "pixel " << i;
            skyRow += row;
            ++skyPixels;
        } else {
            ASSERT_TRUE(!isAir(p.object[i]) || p.object[i] == int(LandscapeLabel::Fog)) << "pixel " << i;
            groundRow += row;
            ++groundPixels;
        }
    }
    ASSERT_GT(skyPixels, 0);
    ASSERT_GT(groundPixels, 0);
    EXPECT_LT(skyRow / skyPixels, groundRow / groundPixels);
}

} // namespace

TEST(Landscape, ThePictureDependsOnTheSeedAlone)
{
    const std::vector<Landscape> alone = generate(10, 3, 1), together = generate(10, 3, 3);
    ASSERT_EQ(alone.size(), 3u);
    ASSERT_EQ(together.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i)
        expectSame(alone[i], together[i]);
    expectSame(alone[1], renderLandscape(11, kSide, kSide)); // a fresh cache gives what a used one gave
    EXPECT_NE(alone[0].rgb, alone[1].rgb);
}

TEST(Landscape, TheFirstPicturesAreSound)
{
    std::set<int> all;
    for (const Landscape &p : generate(0, 20, 2)) {
        SCOPED_TRACE("seed " + std::to_string(p.facts.seed));
        expectAskedSize(p);
        expectKnownLabels(p);
        expectSkyFarthestAndAbove(p);
        EXPECT_GT(meanLuminance(p), .12);
        EXPECT_LT(meanLuminance(p), .85);
        const std::set<int> labels(p.object.begin(), p.object.end());
        EXPECT_GE(labels.size(), 2u);
        all.insert(labels.begin(), labels.end());
    }
    EXPECT_GE(all.size(), 12u);
}

TEST(Landscape, DepthFallsWithDistance)
{
    EXPECT_EQ(depthCode(0), 65535);
    EXPECT_EQ(depthCode(3), 32768);
    EXPECT_GT(depthCode(.01f), depthCode(.02f));
    EXPECT_GT(depthCode(39), depthCode(40));
    EXPECT_GT(depthCode(40), 0);
    EXPECT_EQ(depthCode(1e3f), 0);
}

TEST(Landscape, SidesMayDiffer)
{
    const Landscape wide = renderLandscape(3, 48, 16);
    EXPECT_EQ(wide.width, 48);
    EXPECT_EQ(wide.height, 16);
    EXPECT_EQ(wide.rgb.size(), 48u * 16 * 3);
    EXPECT_EQ(renderLandscape(3, 16, 48).depth.size(), 48u * 16);
    EXPECT_EQ(renderLandscape(3, 1, 1).object.size(), 1u);
}

TEST(Landscape, LightingsShowTheSameLand)
{
    const std::vector<Landscape> lit = renderLandscapeLightings(12, 3, kSide, kSide);
    ASSERT_EQ(lit.size(), 3u);
    expectSame(lit[0], renderLandscape(12, kSide, kSide));
    for (std::size_t i = 1; i < lit.size(); ++i) {
        EXPECT_EQ(lit[i].depth, lit[0].depth);
        EXPECT_NE(lit[i].rgb, lit[0].rgb);
        EXPECT_NE(lit[i].rgb, lit[i - 1].rgb);
        EXPECT_EQ(lit[i].facts.lighting, static_cast<int>(i));
        for (std::size_t k = 0; k < lit[i].depth.size(); ++k)
            ASSERT_TRUE(lit[i].depth[k] == 0 || lit[i].material[k] == lit[0].material[k]) << "pixel " << k;
    }
}

TEST(Landscape, AllLightingsOfASeedComeBeforeTheNextSeed)
{
    std::vector<std::pair<std::uint32_t, int>> order;
    const auto take = [&](std::uint32_t seed, Landscape &&picture) {
        order.emplace_back(seed, picture.facts.lighting);
    };
    EXPECT_EQ(generateLandscapes(7, 5, 8, 8, 2, {}, take, 2), 5);
    EXPECT_EQ(order, (std::vector<std::pair<std::uint32_t, int>>{{7, 0}, {7, 1}, {8, 0}, {8, 1}, {9, 0}}));
    EXPECT_THROW(generateLandscapes(7, 5, 8, 8, 2, {}, take, 0), std::invalid_argument);
    EXPECT_THROW(renderLandscapeLightings(7, kMaxLightings + 1, 8, 8), std::invalid_argument);
}

TEST(Landscape, ImpossibleSizesAreRefused)
{
    EXPECT_THROW(renderLandscape(0, 0, 64), std::invalid_argument);
    EXPECT_THROW(renderLandscape(0, 64, 8193), std::invalid_argument);
    EXPECT_THROW(generateLandscapes(0, 1, -1, 64, 1, {}, [](std::uint32_t, Landscape &&) {}), std::invalid_argument);
}

TEST(Landscape, StoppingEndsTheRun)
{
    std::stop_source stop;
    int taken = 0;
    const int made = generateLandscapes(0, 1000, 8, 8, 2, stop.get_token(), [&](std::uint32_t, Landscape &&) {
        if (++taken == 2)
            stop.request_stop();
    });
    EXPECT_EQ(made, 2);
    EXPECT_EQ(taken, 2);
}

TEST(Landscape, WhatTheTakerThrowsComesOut)
{
    EXPECT_THROW(generateLandscapes(0, 50, 8, 8, 2, {},
                                    [](std::uint32_t seed, Landscape &&) {
                                        if (seed == 1)
                                            throw std::runtime_error("full");
                                    }),
                 std::runtime_error);
    EXPECT_EQ(generateLandscapes(0, 0, 8, 8, 2, {}, [](std::uint32_t, Landscape &&) {}), 0);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) // which take more memory than there is here

constexpr std::size_t kStack = std::size_t(1) << 30; // of a thread

// Room for one further thread, and for all that pictures need.
void allowOneThread()
{
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    ASSERT_EQ(::pthread_attr_setstacksize(&attributes, kStack), 0);
    ASSERT_EQ(::pthread_setattr_default_np(&attributes), 0);
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t bytes = pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) + kStack + kStack / 2;
    const rlimit limit{bytes, bytes};
    ASSERT_EQ(::setrlimit(RLIMIT_AS, &limit), 0);
}

TEST(Landscape, FewerThreadsThanWereAskedForMakeAllPictures)
{
    const auto make = [] {
        allowOneThread();
        std::set<std::thread::id> makers;
        const auto take = [&](std::uint32_t, Landscape &&) { makers.insert(std::this_thread::get_id()); };
        const int made = generateLandscapes(0, 20, 8, 8, 5, {}, take);
        std::_Exit(made == 20 && makers.size() <= 2 ? 0 : 1);
    };
    EXPECT_EXIT(make(), testing::ExitedWithCode(0), "");
}

#endif

} // namespace tessera::core
