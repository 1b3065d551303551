#include "core/sampling/cpu/threadpool.h"

#include <algorithm>
#include <new>
#include <system_error>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "core/sampling/threadpriority.h"

namespace tessera::core::cpu
{

namespace
{

using namespace std::chrono_literals;

// About as long as codes are chosen between two passes: to be woken takes a worker half as long again.
constexpr auto kSpin = 200us;
// A worker that the machine interrupts in the midst of work holds up everybody. A caller that waited longer than
// kPatience goes on alone for kRestFactor times as long as it waited: with one core of two busy elsewhere it takes the
// time of one thread and a sixteenth, not that of the foreign program's turns.
constexpr auto kPatience = 500us;
constexpr int kRestFactor = 16;

void pause()
{
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Spins until `ready` or the time is over; returns whether it is ready.
template<typename Ready>
bool spin(Ready ready)
{
    const auto end = std::chrono::steady_clock::now() + kSpin;
    do {
        for (int i = 0; i < 32; ++i) {
            if (ready())
                return true;
            pause();
        }
    } while (std::chrono::steady_clock::now() < end);
    return ready();
}

} // namespace

ThreadPool::ThreadPool(int threads)
{
    try {
        for (int thread = 1; thread < threads; ++thread)
            m_workers.emplace_back([this, thread](std::stop_token stop) { workerLoop(std::move(stop), thread); });
    } catch (const std::system_error &) { // no more threads; those there are do the work
    } catch (const std::bad_alloc &) {    // nor memory for them
    }
}

ThreadPool::~ThreadPool()
{
    for (std::jthread &worker : m_workers)
        worker.request_stop();
    m_signal.fetch_add(1, std::memory_order_release);
    m_signal.notify_all();
}

void ThreadPool::runErased(int64_t count, Call call, void *context)
{
    if (count <= 1 || m_workers.empty() || resting()) {
        for (int64_t index = 0; index < count; ++index)
            call(context, index, 0);
        return;
    }
    for (int64_t first = 0; first < count; first += int64_t(kIndexMask))
        runBatch(first, std::min(count - first, int64_t(kIndexMask)), call, context);
}

void ThreadPool::runBatch(int64_t first, int64_t count, Call call, void *context)
{
    m_call = call;
    m_context = context;
    m_first = first;
    m_done.store(0, std::memory_order_relaxed);
    m_ticket.store(ticket(++m_job, uint64_t(count)), std::memory_order_release);
    m_signal.fetch_add(1, std::memory_order_release);
    m_signal.notify_all(); // a system call only when someone is parked
    workUntilNoneIsLeft(0);
    waitUntilDone(uint32_t(count));
}

void ThreadPool::workUntilNoneIsLeft(int thread)
{
    uint64_t seen = m_ticket.load(std::memory_order_acquire);
    for (;;) {
        const uint64_t count = seen >> kIndexBits & kIndexMask, index = seen & kIndexMask;
        if (index >= count)
            return;
        if (!m_ticket.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_acquire))
            continue;
        m_call(m_context, m_first + int64_t(index), thread);
        if (m_done.fetch_add(1, std::memory_order_acq_rel) + 1 == count)
            m_done.notify_all();
        seen = m_ticket.load(std::memory_order_acquire);
    }
}

void ThreadPool::waitUntilDone(uint32_t count)
{
    const auto done = [&] { return m_done.load(std::memory_order_acquire) == count; };
    if (spin(done))
        return;
    const Clock::time_point start = Clock::now();
    for (uint32_t now = m_done.load(std::memory_order_acquire); now != count;
         now = m_done.load(std::memory_order_acquire))
        m_done.wait(now, std::memory_order_acquire);
    if (const Clock::time_point end = Clock::now(); end - start > kPatience)
        m_restUntil = end + kRestFactor * (end - start);
}

void ThreadPool::workerLoop(std::stop_token stop, int thread)
{
    yieldToWindows();
    uint32_t seen = 0;
    while (!stop.stop_requested()) {
        waitForSignal(seen);
        seen = m_signal.load(std::memory_order_acquire);
        workUntilNoneIsLeft(thread);
    }
}

void ThreadPool::waitForSignal(uint32_t seen) const
{
    const auto signalled = [&] { return m_signal.load(std::memory_order_acquire) != seen; };
    if (!spin(signalled))
        m_signal.wait(seen, std::memory_order_acquire);
}

} // namespace tessera::core::cpu
