// The batches of the next steps, made on threads of their own while a GPU learns from this one.
#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <utility>

#include <c10/core/Device.h>

#include "models/training/run.h"

namespace tessera::models
{

// A processor that learns has no time to spare: there, and for the first step, batches are made when they are asked
// for.
template<typename Batch>
class Ahead
{
public:
    // `depth`: batches at work at once.
    Ahead(c10::Device device, int64_t depth) : m_depth(device.is_cpu() ? 0 : depth) {}

    // make(seed of the run's step); goes on with the steps behind it on other threads, so that `make` is called by
    // several at once, and what it reads must stay as it is until the next drop() or the end of this object. Throws
    // what `make` threw for this step.
    template<typename Make>
    Batch take(const TrainRun &run, const Make &make)
    {
        while (!m_next.empty() && m_next.front().first != run.stepSeed())
            m_next.pop_front();
        Batch batch = m_next.empty() ? make(run.stepSeed()) : m_next.front().second.get();
        if (!m_next.empty())
            m_next.pop_front();
        while (int64_t(m_next.size()) < m_depth) {
            const uint64_t seed = run.stepSeed(int64_t(m_next.size()) + 1);
            m_next.emplace_back(seed, std::async(std::launch::async, make, seed));
        }
        return batch;
    }

    // Waits until nothing is read any more.
    void drop() { m_next.clear(); }

private:
    const int64_t m_depth;
    std::deque<std::pair<uint64_t, std::future<Batch>>> m_next; // by step; each waits when it goes
};

} // namespace tessera::models
