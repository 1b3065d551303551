#include "tests/unit/app/process.h"

#include <array>
#include <csignal>
#include <cstdlib>

#include <fcntl.h>
#include <pty.h>
#include <spawn.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

extern char **environ;

namespace tessera::tests
{

namespace
{

// What is written to one end is read from the other.
struct Channel {
    int readEnd = -1;
    int writeEnd = -1;
};

Channel makePipe()
{
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0)
        std::abort();
    return {ends[0], ends[1]};
}

Channel makeTerminal()
{
    const winsize size{.ws_row = 24, .ws_col = 200, .ws_xpixel = 0, .ws_ypixel = 0};
    Channel terminal;
    if (::openpty(&terminal.readEnd, &terminal.writeEnd, nullptr, nullptr, &size) != 0)
        std::abort();
    for (const int end : {terminal.readEnd, terminal.writeEnd})
        ::fcntl(end, F_SETFD, FD_CLOEXEC);
    return terminal;
}

// Appends what there is; false at the end.
bool readSome(int descriptor, std::string &text)
{
    std::array<char, 4096> buffer{};
    const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
    if (count > 0)
        text.append(buffer.data(), size_t(count));
    return count > 0;
}

} // namespace

Process::Process(const std::vector<std::string> &arguments, ErrorOutput errors)
{
    const Channel out = makePipe(), err = errors == ErrorOutput::Terminal ? makeTerminal() : makePipe();
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, out.writeEnd, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, err.writeEnd, STDERR_FILENO);
    std::vector<char *> argv;
    for (const std::string &argument : arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    if (::posix_spawn(&m_pid, argv[0], &actions, nullptr, argv.data(), environ) != 0)
        std::abort();
    posix_spawn_file_actions_destroy(&actions);
    ::close(out.writeEnd);
    ::close(err.writeEnd);
    m_out = out.readEnd;
    m_err = err.readEnd;
}

Process::~Process()
{
    if (m_pid > 0) {
        ::kill(m_pid, SIGKILL);
        finish();
    }
    ::close(m_out);
    ::close(m_err);
}

bool Process::waitForError(const std::string &text)
{
    while (m_errText.find(text) == std::string::npos)
        if (!readSome(m_err, m_errText))
            return false;
    return true;
}

void Process::sendSignal(int signal)
{
    ::kill(m_pid, signal);
}

Outcome Process::finish()
{
    Outcome outcome;
    {
        const std::jthread errors([&] {
            while (readSome(m_err, m_errText)) {
            }
        });
        while (readSome(m_out, outcome.out)) {
        }
    }
    int status = 0;
    ::waitpid(m_pid, &status, 0);
    m_pid = -1;
    outcome.exitCode = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    outcome.err = m_errText;
    return outcome;
}

} // namespace tessera::tests
