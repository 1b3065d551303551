#include "app/train/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "app/common/terminalline.h"

namespace tessera::train
{

namespace
{

using std::chrono::steady_clock;

constexpr int kBarWidth = 24;

std::string number(const char *format, double value)
{
    char text[64];
    std::snprintf(text, sizeof text, format, value);
    return text;
}

std::string duration(double seconds)
{
    if (seconds < 90) {
        return number("%.0f s", seconds);
    }
    return seconds < 5400 ? number("%.0f min", seconds / 60) : number("%.1f h", seconds / 3600);
}

} // namespace

ProgressBar::ProgressBar(ProgressStyle style, std::string unit)
    : m_unit(std::move(unit))
    , m_json(style == ProgressStyle::Json)
    , m_bar(style == ProgressStyle::Auto && isatty(STDERR_FILENO))
    , m_start(steady_clock::now())
{}

ProgressBar::~ProgressBar()
{
    finish();
}

void ProgressBar::finish()
{
    if (m_drawn) {
        std::fputc('\n', stderr);
        m_drawn = false;
    }
}

void ProgressBar::show(const ProgressState &state)
{
    if (!m_json && !m_bar) {
        return;
    }
    const auto now = steady_clock::now();
    if (m_first < 0) {
        m_first = state.done;
        m_firstFraction = state.fraction;
        m_start = now;
    } else if (now - m_last < std::chrono::milliseconds(100) && state.fraction < 1) {
        return;
    }
    m_last = now;
    const double seconds = std::chrono::duration<double>(now - m_start).count();
    if (m_json) {
        writeJson(state, seconds);
    } else {
        drawBar(state, seconds);
    }
}

void ProgressBar::drawBar(const ProgressState &state, double seconds)
{
    const double fraction = std::clamp(state.fraction, 0.0, 1.0);
    const int filled = int(std::lround(fraction * kBarWidth));
    std::string line = (state.label.empty() ? "" : state.label + " ") + "[" + std::string(size_t(filled), '#')
                       + std::string(size_t(kBarWidth - filled), ' ') + "] " + std::to_string(state.done);
    line += (state.total > 0 ? "/" + std::to_string(state.total) : std::string()) + " " + m_unit;
    const double made = double(state.done - m_first);
    if (made > 0 && seconds > 0) {
        line += made >= seconds ? number(", %.1f/s", made / seconds) : number(", %.2f s each", seconds / made);
    }
    if (fraction > m_firstFraction && fraction < 1) {
        line += ", ETA " + duration(seconds * (1 - fraction) / (fraction - m_firstFraction));
    }
    for (const auto &[name, value] : state.values) {
        line += ", " + name + number(" %.4g", value);
    }
    app::drawTerminalLine(line);
    m_drawn = true;
}

void ProgressBar::writeJson(const ProgressState &state, double seconds) const
{
    nlohmann::json json = {{"unit", m_unit}, {"done", state.done}, {"fraction", state.fraction}, {"seconds", seconds}};
    if (!state.label.empty()) {
        json["phase"] = state.label;
    }
    if (state.total > 0) {
        json["total"] = state.total;
    }
    for (const auto &[name, value] : state.values) {
        json["values"][name] = value;
    }
    std::fprintf(stderr, "%s\n", json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

} // namespace tessera::train
