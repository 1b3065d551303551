// What the files with benchmarks share. Needs Google Benchmark.
#pragma once

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <utility>

#include <benchmark/benchmark.h>

namespace tessera::train
{

using BenchmarkBody = std::function<void(benchmark::State &)>;

// Registers a benchmark that is skipped once `stop` is requested.
inline void addBenchmark(const std::string &name, std::stop_token stop, BenchmarkBody body)
{
    benchmark::RegisterBenchmark(name.c_str(),
                                 [stop, body = std::move(body)](benchmark::State &state) {
                                     if (stop.stop_requested()) {
                                         state.SkipWithError("interrupted");
                                         return;
                                     }
                                     body(state);
                                 })
        ->Unit(benchmark::kMillisecond)
        ->UseRealTime();
}

// Made when first needed, kept for the repeated calls of a benchmark.
template<typename T>
class Lazy
{
public:
    explicit Lazy(std::function<T()> make) : m_make(std::move(make)) {}
    const T &get()
    {
        if (!m_value)
            m_value = std::make_unique<T>(m_make());
        return *m_value;
    }

private:
    std::function<T()> m_make;
    std::unique_ptr<T> m_value;
};

} // namespace tessera::train
