#include "ui/landscapemaker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <stdexcept>

#include <QSignalSpy>
#include <QTest>

namespace tessera::ui
{

namespace
{

TEST(LandscapeMaker, EqualSeedsGiveEqualPartsOfTheWantedSize)
{
    const MadeLandscape made = makeLandscape(5, {160, 96});
    EXPECT_EQ(made.picture.size(), QSize(160, 96));
    EXPECT_EQ(made.labels.rect(), (core::PixelRect{0, 0, 160, 96}));
    EXPECT_EQ(made.depth.rect(), made.labels.rect());
    EXPECT_EQ(made.edges.rect(), made.labels.rect());
    EXPECT_EQ(std::count(made.labels.labels.begin(), made.labels.labels.end(), 0), 0); // nothing is left unpainted
    const auto [far, near] = std::minmax_element(made.depth.values.begin(), made.depth.values.end());
    EXPECT_EQ(*far, -1.0f);
    EXPECT_EQ(*near, 1.0f);
    EXPECT_EQ(makeLandscape(5, {160, 96}).labels, made.labels);
    EXPECT_NE(makeLandscape(6, {160, 96}).labels, made.labels);
    for (const char *control : {"light", "biome", "weather"})
        EXPECT_NE(made.controls.at(control), "") << control;
}

TEST(LandscapeMaker, WorksOffTheWindowsThread)
{
    LandscapeMaker maker;
    QSignalSpy made(&maker, &LandscapeMaker::made);
    maker.make(5, {160, 96});
    EXPECT_TRUE(maker.busy());
    EXPECT_EQ(made.count(), 0); // returned at once
    maker.make(6, {160, 96});   // one at a time
    ASSERT_TRUE(QTest::qWaitFor([&] { return made.count() == 1; }, 60'000));
    EXPECT_FALSE(maker.busy());
}

TEST(LandscapeMaker, AFailureKeepsItsCodeAndSentence)
{
    const auto failureOf = [](const LandscapeMaker::Make &make) {
        LandscapeMaker maker(make);
        QSignalSpy failed(&maker, &LandscapeMaker::failed);
        maker.make(5, {160, 96});
        EXPECT_TRUE(QTest::qWaitFor([&] { return failed.count() == 1; }, 60'000));
        EXPECT_FALSE(maker.busy());
        return std::pair(failed.at(0).at(0).value<ErrorCode>(), failed.at(0).at(1).toString());
    };
    EXPECT_EQ(failureOf([](uint32_t, const QSize &) -> MadeLandscape {
                  throw Error(ErrorCode::FileRead, "The file trees.json cannot be read.");
              }),
              std::pair(ErrorCode::FileRead, QString("The file trees.json cannot be read.")));
    EXPECT_EQ(failureOf([](uint32_t, const QSize &) -> MadeLandscape { throw std::bad_alloc(); }),
              std::pair(ErrorCode::OutOfMemory, QString("The landscape did not fit into main memory.")));
    EXPECT_EQ(failureOf([](uint32_t, const QSize &) -> MadeLandscape { throw std::runtime_error("no ground"); }),
              std::pair(ErrorCode::InvalidArgument, QString("The landscape could not be made: no ground.")));
}

} // namespace

} // namespace tessera::ui
