#include "core/landscape/batchpainter.h"

#include "core/landscape/device.h"
#include "core/landscape/scenestock.h"
#include "tests/unit/core/landscape/hostpainter.h"

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tessera::core
{

namespace
{

constexpr int kSide = 24;
constexpr std::uint32_t kFirst = 40;

// What comes out of a run, and what is said besides.
struct Outcome {
    int taken = 0;
    std::vector<Landscape> pictures;
    std::vector<std::string> notes;
};

struct Wanted {
    int count = 0;
    int lightings = 1;
    int stopAfter = -1; // pictures
};

Outcome generate(const MakePainter &makePainter, Wanted wanted)
{
    Outcome outcome;
    std::stop_source stop;
    const auto take = [&](std::uint32_t seed, Landscape &&picture) {
        EXPECT_EQ(seed, picture.facts.seed);
        outcome.pictures.push_back(std::move(picture));
        if (static_cast<int>(outcome.pictures.size()) == wanted.stopAfter)
            stop.request_stop();
    };
    const auto note = [&](const std::string &sentence) { outcome.notes.push_back(sentence); };
    outcome.taken = generateBy(makePainter,
                               {kFirst, wanted.count, kSide, kSide, 2, wanted.lightings, stop.get_token(), take, note});
    return outcome;
}

MakePainter hostPainter(int room)
{
    return [room] { return std::make_unique<HostPainter>(kSide, kSide, room); };
}

// What the processor makes, once for all tests.
const std::vector<Landscape> &expectedOf(std::uint32_t seed, int lightings)
{
    static std::map<std::pair<std::uint32_t, int>, std::vector<Landscape>> made;
    std::vector<Landscape> &pictures = made[{seed, lightings}];
    if (pictures.empty())
        pictures = renderLandscapeLightings(seed, lightings, kSide, kSide);
    return pictures;
}

// The pictures that the processor makes, near enough, one after the other.
void expectPictures(const Outcome &outcome, Wanted wanted)
{
    ASSERT_EQ(outcome.taken, wanted.count);
    ASSERT_EQ(outcome.pictures.size(), static_cast<std::size_t>(wanted.count));
    int i = 0;
    for (std::uint32_t seed = kFirst; i < wanted.count; ++seed) {
        for (const Landscape &expected : expectedOf(seed, wanted.lightings)) {
            if (i == wanted.count)
                break;
            SCOPED_TRACE("seed " + std::to_string(seed) + ", lighting " + std::to_string(expected.facts.lighting));
            const Landscape &made = outcome.pictures[static_cast<std::size_t>(i++)];
            EXPECT_EQ(made.facts.seed, seed);
            EXPECT_EQ(made.facts.lighting, expected.facts.lighting);
            EXPECT_EQ(made.facts.light, expected.facts.light);
            const Likeness likeness = likenessOf(expected, made);
            EXPECT_GT(likeness.labels, .95);
            EXPECT_LT(likeness.color, 5);
        }
    }
}

// Does what a GPU does that stops working.
class FailingPainter : public HostPainter
{
public:
    FailingPainter(int beginsThatWork, int collectsThatWork)
        : HostPainter(kSide, kSide, 2)
        , m_begins(beginsThatWork)
        , m_collects(collectsThatWork)
    {}

    void begin(const std::vector<Picture> &pictures) override
    {
        if (m_begins-- == 0)
            throw PainterError("has gone");
        HostPainter::begin(pictures);
    }
    std::vector<Landscape> collect() override
    {
        if (m_collects-- == 0)
            throw PainterError("is lost");
        return HostPainter::collect();
    }

private:
    int m_begins;
    int m_collects;
};

// Paints everything in one colour.
class WrongPainter : public HostPainter
{
public:
    WrongPainter() : HostPainter(kSide, kSide, 2) {}

    std::vector<Landscape> collect() override
    {
        std::vector<Landscape> pictures = HostPainter::collect();
        for (Landscape &picture : pictures)
            picture.rgb.assign(picture.rgb.size(), 255);
        return pictures;
    }
};

} // namespace

TEST(BatchPainter, PicturesComeInOrderWhateverFitsIntoABatch)
{
    for (const int room : {1, 2, 64}) {
        SCOPED_TRACE("batches of " + std::to_string(room));
        const Outcome outcome = generate(hostPainter(room), {.count = 5});
        expectPictures(outcome, {.count = 5});
        EXPECT_TRUE(outcome.notes.empty());
    }
    EXPECT_EQ(generate(hostPainter(2), {.count = 0}).taken, 0);
}

TEST(BatchPainter, LightingsOfALandStayTogether)
{
    for (const int room : {3, 7}) {
        const Outcome outcome = generate(hostPainter(room), {.count = 7, .lightings = 3});
        expectPictures(outcome, {.count = 7, .lightings = 3});
        EXPECT_EQ(outcome.pictures[1].depth, outcome.pictures[0].depth);
        EXPECT_NE(outcome.pictures[1].rgb, outcome.pictures[0].rgb);
    }
}

TEST(BatchPainter, StoppingEndsTheRun)
{
    const Outcome outcome = generate(hostPainter(2), {.count = 1000, .stopAfter = 3});
    EXPECT_EQ(outcome.taken, 3);
    EXPECT_EQ(outcome.pictures.size(), 3u);
}

TEST(BatchPainter, TheProcessorGoesOnWhereThePainterFails)
{
    const std::pair<int, int> working[] = {{0, 9}, {2, 9}, {9, 1}};
    for (const auto &[begins, collects] : working) {
        SCOPED_TRACE(std::to_string(begins) + " begins and " + std::to_string(collects) + " collects work");
        const auto failing = [&] { return std::make_unique<FailingPainter>(begins, collects); };
        const Outcome outcome = generate(failing, {.count = 5});
        expectPictures(outcome, {.count = 5});
        ASSERT_EQ(outcome.notes.size(), 1u);
        EXPECT_EQ(outcome.notes[0], std::string("The GPU ") + (begins < 9 ? "has gone" : "is lost")
                                        + "; the processor makes the landscapes.");
    }
}

TEST(BatchPainter, APainterThatCannotBeMadeLeavesAllToTheProcessor)
{
    const auto none = []() -> std::unique_ptr<BatchPainter> { throw PainterError("is not there"); };
    const Outcome outcome = generate(none, {.count = 4, .lightings = 2});
    expectPictures(outcome, {.count = 4, .lightings = 2});
    ASSERT_EQ(outcome.notes.size(), 1u);
    EXPECT_EQ(outcome.notes[0], "The GPU is not there; the processor makes the landscapes.");
}

TEST(BatchPainter, AGpuThatIsNotThereLeavesAllToTheProcessor)
{
    constexpr int kNotThere = 99;
    Outcome outcome;
    outcome.taken = generateLandscapesOnGpu(
        kNotThere, kFirst, 2, kSide, kSide, 1, {},
        [&](std::uint32_t, Landscape &&picture) { outcome.pictures.push_back(std::move(picture)); }, 1,
        [&](const std::string &sentence) { outcome.notes.push_back(sentence); });
    expectPictures(outcome, {.count = 2});
    ASSERT_EQ(outcome.notes.size(), 1u);
    EXPECT_TRUE(outcome.notes[0].starts_with("The GPU cannot")) << outcome.notes[0];
}

TEST(BatchPainter, WrongPicturesAreNotHandedOver)
{
    const Outcome outcome = generate([] { return std::make_unique<WrongPainter>(); }, {.count = 3});
    expectPictures(outcome, {.count = 3});
    ASSERT_EQ(outcome.notes.size(), 1u);
    EXPECT_NE(outcome.notes[0].find("another picture"), std::string::npos) << outcome.notes[0];
}

TEST(BatchPainter, WhatTheTakerThrowsComesOut)
{
    const auto take = [](std::uint32_t seed, Landscape &&) {
        if (seed == kFirst + 3)
            throw std::runtime_error("full");
    };
    const auto note = [](const std::string &sentence) { ADD_FAILURE() << sentence; };
    EXPECT_THROW(generateBy(hostPainter(2), {kFirst, 50, kSide, kSide, 1, 1, {}, take, note}), std::runtime_error);
}

TEST(BatchPainter, ImpossibleRequestsAreRefused)
{
    const auto take = [](std::uint32_t, Landscape &&) {};
    const auto note = [](const std::string &sentence) { ADD_FAILURE() << sentence; };
    EXPECT_THROW(generateBy(hostPainter(2), {kFirst, 1, 0, kSide, 1, 1, {}, take, note}), std::invalid_argument);
    EXPECT_THROW(generateBy(hostPainter(2), {kFirst, 1, kSide, kSide, 1, 0, {}, take, note}), std::invalid_argument);
}

TEST(BatchPainter, LikenessCountsLabelsAndColours)
{
    const Landscape picture = renderLandscape(kFirst, 10, 10);
    Landscape other = picture;
    EXPECT_EQ(likenessOf(picture, other).labels, 1);
    EXPECT_EQ(likenessOf(picture, other).color, 0);
    other.object[0] ^= 1;
    other.material[0] ^= 1;
    other.material[7] ^= 1;
    other.rgb[5] = static_cast<std::uint8_t>(other.rgb[5] < 128 ? other.rgb[5] + 60 : other.rgb[5] - 60);
    EXPECT_DOUBLE_EQ(likenessOf(picture, other).labels, .98);
    EXPECT_DOUBLE_EQ(likenessOf(picture, other).color, .2);
    EXPECT_FALSE(likenessOf(picture, renderLandscape(kFirst, 10, 12)).isEnough());
    EXPECT_FALSE(likenessOf(picture, renderLandscape(kFirst + 1, 10, 10)).isEnough());
}

TEST(SceneStock, ScenesComeInOrder)
{
    SceneStock stock({kFirst, 5, 2, 100, 2, 3});
    for (std::uint32_t seed = kFirst; seed < kFirst + 5; ++seed) {
        const SceneStock::Land land = stock.next();
        ASSERT_EQ(land.size(), 2u);
        const auto scene = std::make_unique<Scene>(makeScene(seed));
        EXPECT_EQ(land[0]->seed, scene->seed);
        EXPECT_EQ(land[0]->camera.columns, 100);
        EXPECT_EQ(land[0]->sunElevation, scene->sunElevation);
        relight(*scene, seed, 1);
        EXPECT_EQ(land[1]->sunElevation, scene->sunElevation);
    }
}

TEST(SceneStock, WhatNobodyAsksForIsDropped)
{
    SceneStock stock({kFirst, 1000, 1, 100, 4, 2});
    EXPECT_EQ(stock.next()[0]->camera.columns, 100);
}

} // namespace tessera::core
