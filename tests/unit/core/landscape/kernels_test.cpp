// The GPU's painter and kernels themselves, run on the processor by emulation/.
#include "core/landscape/cuda/cudapainter.cpp"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

namespace tessera::core
{

namespace
{

constexpr std::uint32_t kFirst = 3;

struct Size {
    int width;
    int height;
    int lightings;
};

// Scenes of two lands, each under its lightings.
struct Scenes {
    explicit Scenes(Size size)
    {
        for (std::uint32_t seed = kFirst; seed < kFirst + 2; ++seed) {
            const int land = static_cast<int>(all.size());
            Scene scene = makeScene(seed);
            scene.camera.columns = static_cast<float>(size.width);
            for (int i = 0; i < size.lightings; ++i) {
                if (i > 0)
                    relight(scene, seed, i);
                all.push_back(std::make_unique<Scene>(scene));
                pictures.push_back({all.back().get(), land});
            }
        }
    }

    std::vector<std::unique_ptr<Scene>> all;
    std::vector<BatchPainter::Picture> pictures;
};

std::vector<Landscape> expectedOf(Size size)
{
    std::vector<Landscape> pictures;
    for (std::uint32_t seed = kFirst; seed < kFirst + 2; ++seed)
        for (Landscape &picture : renderLandscapeLightings(seed, size.lightings, size.width, size.height))
            pictures.push_back(std::move(picture));
    return pictures;
}

void expectSame(const Landscape &a, const Landscape &b)
{
    EXPECT_EQ(a.rgb, b.rgb);
    EXPECT_EQ(a.object, b.object);
    EXPECT_EQ(a.material, b.material);
    EXPECT_EQ(a.depth, b.depth);
}

} // namespace

TEST(LandscapeKernels, PaintWhatTheProcessorPaints)
{
    for (const Size size : {Size{1, 1, 1}, Size{33, 17, 2}, Size{15, 70, 1}, Size{64, 48, 1}}) {
        SCOPED_TRACE(std::to_string(size.width) + " x " + std::to_string(size.height));
        const auto painter = makeCudaPainter(0, size.width, size.height, size.lightings);
        const Scenes scenes(size);
        painter->begin(scenes.pictures);
        const std::vector<Landscape> painted = painter->collect(), expected = expectedOf(size);
        ASSERT_EQ(painted.size(), expected.size());
        for (std::size_t i = 0; i < painted.size(); ++i) {
            const Likeness likeness = likenessOf(expected[i], painted[i]);
            EXPECT_TRUE(likeness.isEnough()) << likeness.labels << ", " << likeness.color;
        }
    }
}

TEST(LandscapeKernels, BatchesDoNotTouchEachOther)
{
    const Size size = {24, 24, 1};
    const Scenes scenes(size);
    const auto painter = makeCudaPainter(0, size.width, size.height, 1);
    EXPECT_GT(painter->room(), 100);
    painter->begin(scenes.pictures);
    painter->begin({{scenes.all[1].get(), 0}});
    const std::vector<Landscape> both = painter->collect();
    painter->begin({{scenes.all[0].get(), 0}});
    const std::vector<Landscape> second = painter->collect(), first = painter->collect();
    ASSERT_EQ(both.size(), 2u);
    expectSame(both[0], first.at(0));
    expectSame(both[1], second.at(0));
    EXPECT_NE(both[0].rgb, both[1].rgb);
}

TEST(LandscapeKernels, AFullGpuIsAnError)
{
    const std::size_t memory = std::exchange(emulatedMemory, 1 << 20);
    try {
        makeCudaPainter(0, 64, 64, 1);
        ADD_FAILURE() << "there was no error";
    } catch (const PainterError &error) {
        EXPECT_STREQ(error.what(), "has no memory for a batch of landscapes: out of memory");
    }
    emulatedMemory = memory;
    EXPECT_THROW(makeCudaPainter(0, 8192, 8192, 16), PainterError); // more pixels than can be counted
}

} // namespace tessera::core
