// A few threads for one caller. They wait for work by spinning very briefly and then parking in the kernel, so that an
// idle pool takes no time from anyone, and they give way to the user's windows by a lower priority.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

namespace tessera::core::cpu
{

class ThreadPool
{
public:
    // `threads`: the caller's included; at least 1. Fewer when the system gives no more.
    explicit ThreadPool(int threads);
    ~ThreadPool();
    ThreadPool(const ThreadPool &) = delete;
    ThreadPool &operator=(const ThreadPool &) = delete;

    int threads() const { return int(m_workers.size()) + 1; }

    // Calls work(index, thread) for every index in [0, count), on several threads, in no particular order, and returns
    // when all are done. `thread` is in [0, threads()), 0 being the caller: for memory of a thread's own. Allocates
    // nothing. One caller at a time; `work` must not throw.
    template<typename Work>
    void run(int64_t count, Work &&work)
    {
        using Target = std::remove_reference_t<Work>;
        runErased(
            count, [](void *context, int64_t index, int thread) { (*static_cast<Target *>(context))(index, thread); },
            const_cast<void *>(static_cast<const void *>(&work)));
    }

    // Whether the workers are left alone for a while because the machine gave one of them no time in the midst of work.
    bool resting() const { return Clock::now() < m_restUntil; }

private:
    using Clock = std::chrono::steady_clock;
    using Call = void (*)(void *context, int64_t index, int thread);

    // The ticket: number of the job, its count and the next index, in one word, so that taking an index and finding
    // that the job is still the one it was are one step. A job's fields stand still from its publishing until all its
    // indices are done, so they may be read by whoever holds an index.
    static constexpr int kIndexBits = 20;
    static constexpr uint64_t kIndexMask = (uint64_t(1) << kIndexBits) - 1;
    static uint64_t ticket(uint64_t job, uint64_t count) { return job << (2 * kIndexBits) | count << kIndexBits; }

    void runErased(int64_t count, Call call, void *context);
    void runBatch(int64_t first, int64_t count, Call call, void *context);
    void workUntilNoneIsLeft(int thread);
    void waitUntilDone(uint32_t count);
    void workerLoop(std::stop_token stop, int thread);
    void waitForSignal(uint32_t seen) const;

    // Written by the caller between jobs.
    Call m_call = nullptr;
    void *m_context = nullptr;
    int64_t m_first = 0;
    uint64_t m_job = 0;
    Clock::time_point m_restUntil{};

    alignas(64) std::atomic<uint64_t> m_ticket{0};
    alignas(64) std::atomic<uint32_t> m_done{0};
    alignas(64) std::atomic<uint32_t> m_signal{0}; // changes with every job, and to end
    std::vector<std::jthread> m_workers;
};

} // namespace tessera::core::cpu
