#include "core/sampling/cpu/threadpool.h"

#include <algorithm>
#include <mutex>
#include <numeric>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "core/sampling/threadpriority.h"
#include "tests/unit/core/sampling/allocations.h"
#include "tests/unit/core/sampling/nomorethreads.h"

namespace tessera::core::cpu
{

namespace
{

TEST(ThreadPool, DoesEveryIndexOnce)
{
    for (const int threads : {1, 2, 5}) {
        ThreadPool pool(threads);
        EXPECT_EQ(pool.threads(), threads);
        for (const int64_t count : {0, 1, 2, 3, 100}) {
            std::vector<std::atomic<int>> calls(static_cast<size_t>(count));
            pool.run(count, [&](int64_t index, int thread) {
                EXPECT_GE(thread, 0);
                EXPECT_LT(thread, threads);
                calls[size_t(index)] += 1;
            });
            for (const std::atomic<int> &call : calls)
                EXPECT_EQ(call.load(), 1);
        }
    }
}

TEST(ThreadPool, TakesMoreIndicesThanATicketHolds)
{
    ThreadPool pool(3);
    constexpr int64_t kCount = (int64_t(1) << 20) + 5;
    std::vector<uint8_t> calls(kCount);
    pool.run(kCount, [&](int64_t index, int) { calls[size_t(index)] += 1; });
    EXPECT_EQ(std::accumulate(calls.begin(), calls.end(), int64_t(0)), kCount);
    EXPECT_EQ(calls.back(), 1);
}

// What a job wrote is seen by the next one, whoever does it, and by the caller.
TEST(ThreadPool, JobsFollowEachOther)
{
    ThreadPool pool(3);
    std::vector<int64_t> values(7);
    for (int64_t job = 0; job < 5000; ++job)
        pool.run(7, [&](int64_t index, int) {
            EXPECT_EQ(values[size_t(index)], job);
            values[size_t(index)] = job + 1;
        });
    EXPECT_EQ(values, std::vector<int64_t>(7, 5000));
}

TEST(ThreadPool, WakesWorkersThatHaveParked)
{
    ThreadPool pool(2);
    std::set<int> threads;
    for (int attempt = 0; attempt < 200 && threads.size() < 2; ++attempt) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2)); // longer than they spin
        std::atomic<int> arrived = 0;
        std::mutex mutex;
        pool.run(2, [&](int64_t, int thread) {
            ++arrived;
            const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20);
            while (arrived < 2 && std::chrono::steady_clock::now() < end)
                std::this_thread::yield();
            const std::scoped_lock lock(mutex);
            threads.insert(thread);
        });
    }
    EXPECT_EQ(threads, (std::set{0, 1}));
}

#ifdef __linux__
TEST(ThreadPriority, IsBelowThatOfWindowsHoweverOftenItIsAsked)
{
    const int windows = getpriority(PRIO_PROCESS, id_t(getpid()));
    int first = 0, again = 0, own = 0;
    std::thread([&] {
        yieldToWindows();
        first = getpriority(PRIO_PROCESS, 0);
        yieldToWindows();
        again = getpriority(PRIO_PROCESS, 0);
        std::thread([&] { own = getpriority(PRIO_PROCESS, 0); }).join();
    }).join();
    EXPECT_EQ(first, std::min(windows + 5, 19));
    EXPECT_EQ(again, first);
    EXPECT_EQ(own, first) << "of a thread that it made";
    EXPECT_EQ(getpriority(PRIO_PROCESS, id_t(getpid())), windows);
}
#endif

int64_t sumOfIndices(ThreadPool &pool, int64_t count)
{
    std::atomic<int64_t> sum = 0;
    pool.run(count, [&](int64_t index, int) { sum += index; });
    return sum;
}

TEST(ThreadPool, WorksWithTheThreadsThatThereIsMemoryFor)
{
    std::set<int> threads;
    for (int64_t granted = 0; granted < 40; ++granted) {
        std::optional<ThreadPool> pool;
        {
            const tests::ScarceMemory scarce(granted);
            pool.emplace(3);
        }
        EXPECT_EQ(sumOfIndices(*pool, 100), 4950) << granted << " allocations";
        threads.insert(pool->threads());
    }
    EXPECT_EQ(threads, (std::set{1, 2, 3}));
}

#ifdef __GLIBC__
TEST(ThreadPool, WorksAloneWhereThereAreNoThreads)
{
    const tests::NoMoreThreads none;
    ThreadPool pool(3);
    EXPECT_EQ(pool.threads(), 1);
    EXPECT_EQ(sumOfIndices(pool, 100), 4950);
}
#endif

TEST(ThreadPool, EndsWithoutHavingWorked)
{
    for (int i = 0; i < 20; ++i)
        ThreadPool pool(4);
}

} // namespace

} // namespace tessera::core::cpu
