// How a command tells its progress, on stderr: a bar on a terminal, JSON lines on request, else nothing.
#pragma once

#include <filesystem>
#include <string>

#include "core/render/render.h"

namespace tessera::cli
{

class Progress
{
public:
    // `mode`: "auto" or "json".
    explicit Progress(const std::string &mode);
    ~Progress();
    Progress(const Progress &) = delete;
    Progress &operator=(const Progress &) = delete;

    // What goes on where no codes are counted: "load", "encode", "decode", "condition".
    void phase(const std::string &name);
    // What the next codes belong to: "variation 2 of 4", a file's name; may be empty.
    void begin(const std::string &title);
    void update(const core::RenderProgress &progress);
    void previewWritten(const std::filesystem::path &path, int codesDone);
    // One of several inputs that the work goes on without.
    void failed(const std::filesystem::path &path, const std::string &sentence);
    // Takes the bar away.
    void end();
    // A remark for people; kept back where it would break JSON lines.
    void note(const std::string &sentence);

private:
    enum class Mode { None, Bar, Json };

    void draw(const std::string &line);
    void drawBar(const core::RenderProgress &progress);

    Mode m_mode;
    bool m_drawn = false;
    std::string m_title;
};

} // namespace tessera::cli
