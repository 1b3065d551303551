#include "app/cli/progress.h"

#include <cmath>
#include <cstdio>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "app/common/terminalline.h"

namespace tessera::cli
{

namespace
{

std::string durationText(double seconds)
{
    const long whole = std::lround(std::ceil(seconds));
    if (whole < 60)
        return std::to_string(whole) + " s";
    return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
}

std::string speedText(double codesPerSecond)
{
    char text[64];
    std::snprintf(text, sizeof text, "%.1f codes/s", codesPerSecond);
    return text;
}

void writeLine(const nlohmann::json &line)
{
    std::fprintf(stderr, "%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    std::fflush(stderr);
}

} // namespace

Progress::Progress(const std::string &mode)
    : m_mode(mode == "json"            ? Mode::Json
             : ::isatty(STDERR_FILENO) ? Mode::Bar
                                       : Mode::None)
{}

Progress::~Progress()
{
    end();
}

void Progress::phase(const std::string &name)
{
    if (m_mode == Mode::Bar)
        draw(name + " ...");
    if (m_mode == Mode::Json)
        writeLine({{"event", "phase"}, {"phase", name}});
}

void Progress::begin(const std::string &title)
{
    m_title = title;
}

void Progress::update(const core::RenderProgress &progress)
{
    if (m_mode == Mode::Bar)
        drawBar(progress);
    if (m_mode != Mode::Json)
        return;
    const core::PixelRect &window = progress.windowRect;
    nlohmann::json line = {
        {"event", "progress"},
        {"codes_done", progress.codesDone},
        {"codes_total", progress.codesTotal},
        {"codes_per_second", progress.codesPerSecond},
        {"seconds_left", progress.codesDone > 0 ? nlohmann::json(progress.secondsLeft) : nlohmann::json()},
        {"window", {window.x, window.y, window.width, window.height}}};
    if (!m_title.empty())
        line["title"] = m_title;
    writeLine(line);
}

void Progress::previewWritten(const std::filesystem::path &path, int codesDone)
{
    if (m_mode == Mode::Json)
        writeLine({{"event", "preview"}, {"path", path.string()}, {"codes_done", codesDone}});
}

void Progress::end()
{
    if (m_drawn)
        std::fputs("\r\x1b[K", stderr);
    m_drawn = false;
}

void Progress::note(const std::string &sentence)
{
    end();
    if (m_mode != Mode::Json)
        std::fprintf(stderr, "tessera-cli: %s\n", sentence.c_str());
}

void Progress::failed(const std::filesystem::path &path, const std::string &sentence)
{
    if (m_mode == Mode::Json)
        writeLine({{"event", "failed"}, {"path", path.string()}, {"error", sentence}});
    else
        note(sentence);
}

void Progress::draw(const std::string &line)
{
    app::drawTerminalLine(line);
    m_drawn = true;
}

void Progress::drawBar(const core::RenderProgress &progress)
{
    constexpr int kWidth = 30;
    const int full = progress.codesTotal > 0 ? kWidth * progress.codesDone / progress.codesTotal : kWidth;
    const std::string bar = std::string(size_t(full), '#') + std::string(size_t(kWidth - full), '.');
    std::string line =
        "[" + bar + "] " + std::to_string(progress.codesDone) + "/" + std::to_string(progress.codesTotal) + " codes, ";
    if (progress.codesDone == 0)
        line += "starting";
    else
        line += speedText(progress.codesPerSecond) + ", " + durationText(progress.secondsLeft) + " left";
    draw(line + (m_title.empty() ? "" : ", ") + m_title);
}

} // namespace tessera::cli
