// Progress of a command on stderr: a bar on a terminal, JSON lines when asked for, else nothing. None: never anything.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace tessera::train
{

enum class ProgressStyle { Auto, Json, None };

struct ProgressState {
    std::string label; // what is going on, may be empty
    int64_t done = 0;
    int64_t total = 0;                    // 0: unknown, then `fraction` alone says how far it is
    double fraction = 0;                  // 0 to 1
    std::map<std::string, double> values; // shown after the bar, such as losses
};

// One thread at a time.
class ProgressBar
{
public:
    // `unit`: what is counted, in the plural.
    ProgressBar(ProgressStyle style, std::string unit);
    ~ProgressBar(); // finishes

    // Draws at most ten times a second, and always when all is done.
    void show(const ProgressState &state);
    void finish(); // ends the line

private:
    void drawBar(const ProgressState &state, double seconds);
    void writeJson(const ProgressState &state, double seconds) const;

    std::string m_unit;
    bool m_json;
    bool m_bar;
    bool m_drawn = false;
    int64_t m_first = -1; // `done` at the first call: what an earlier run did does not count as speed
    double m_firstFraction = 0;
    std::chrono::steady_clock::time_point m_start;
    std::chrono::steady_clock::time_point m_last;
};

} // namespace tessera::train
