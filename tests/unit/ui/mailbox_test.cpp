#include "ui/mailbox.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <memory>
#include <semaphore>
#include <thread>
#include <vector>

#include <QEventLoop>
#include <QTest>
#include <QThread>

namespace tessera::ui
{

namespace
{

constexpr int kWaitMs = 10000;

TEST(Mailbox, CallsAreMadeOnItsThreadInTheOrderOfTheirPosting)
{
    QThread home;
    Mailbox mailbox;
    mailbox.moveToThread(&home);
    std::vector<int> made;
    std::vector<QThread *> threads;
    std::binary_semaphore done(0);
    for (int i = 0; i < 100; ++i) // also before the thread runs
        mailbox.post([&, i] {
            made.push_back(i);
            threads.push_back(QThread::currentThread());
        });
    home.start();
    mailbox.post([&] { done.release(); });
    ASSERT_TRUE(done.try_acquire_for(std::chrono::milliseconds(kWaitMs)));
    home.quit();
    home.wait();
    ASSERT_EQ(made.size(), 100U);
    EXPECT_TRUE(std::ranges::is_sorted(made));
    EXPECT_EQ(std::ranges::count(threads, &home), 100);
}

TEST(Mailbox, ManyThreadsMayPost)
{
    Mailbox mailbox;
    std::map<int, std::vector<int>> made; // by poster
    {
        std::vector<std::jthread> posters;
        for (int poster = 0; poster < 4; ++poster)
            posters.emplace_back([&mailbox, &made, poster] {
                for (int i = 0; i < 250; ++i)
                    mailbox.post([&made, poster, i] { made[poster].push_back(i); });
            });
    }
    EXPECT_TRUE(made.empty()); // no event loop has run
    ASSERT_TRUE(QTest::qWaitFor(
        [&] {
            return std::ranges::all_of(std::array{0, 1, 2, 3}, [&](int p) { return made[p].size() == 250; });
        },
        kWaitMs));
    for (const auto &[poster, calls] : made)
        EXPECT_TRUE(std::ranges::is_sorted(calls)) << poster;
}

TEST(Mailbox, ACallThatWaitsLetsThoseAfterItHaveTheirTurn)
{
    Mailbox mailbox;
    QEventLoop loop;
    bool waited = false;
    mailbox.post([&] {
        mailbox.post([&] { loop.exit(7); });
        waited = loop.exec() == 7;
    });
    EXPECT_TRUE(QTest::qWaitFor([&] { return waited; }, kWaitMs));
}

TEST(Mailbox, WhatWasNotCalledGoesWithIt)
{
    const auto carried = std::make_shared<int>(1);
    {
        Mailbox mailbox;
        mailbox.post([carried] { ++*carried; });
        EXPECT_EQ(carried.use_count(), 2);
    }
    QTest::qWait(0);
    EXPECT_EQ(*carried, 1);
    EXPECT_EQ(carried.use_count(), 1);
}

} // namespace

} // namespace tessera::ui
