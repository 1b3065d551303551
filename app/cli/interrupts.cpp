#include "app/cli/interrupts.h"

#include <csignal>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

#include <unistd.h>

#include "app/common/exitcodes.h"
#include "app/common/interruptsignals.h"

namespace tessera::cli
{

namespace
{

enum class Mode { AtOnce, Ask, Wait, Never };

// Never destroyed: the waiting thread uses it until the process ends.
struct State {
    std::mutex mutex;
    Mode mode = Mode::AtOnce;
    std::stop_source stop;
    std::list<std::function<void()>> undo;
};

State &state()
{
    static State *const instance = new State;
    return *instance;
}

void writeSentence()
{
    std::string_view text = "\ntessera-cli: Interrupted; no unfinished file was left.\n";
    if (!::isatty(STDERR_FILENO)) // behind "^C" or a bar a line begins
        text.remove_prefix(1);
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void endNow()
{
    for (const auto &undo : state().undo)
        undo();
    writeSentence();
    ::_exit(app::kExitInterrupted);
}

// The lock is held while the program ends, so that no file is begun meanwhile.
void onSignal()
{
    const std::scoped_lock lock(state().mutex);
    const Mode mode = state().mode;
    const bool asked = (mode == Mode::Ask || mode == Mode::Wait) && state().stop.request_stop();
    if (!asked && (mode == Mode::AtOnce || mode == Mode::Ask))
        endNow();
}

// Returns what it was; there is no way back from Never.
int setMode(Mode mode)
{
    const std::scoped_lock lock(state().mutex);
    return int(state().mode == Mode::Never ? Mode::Never : std::exchange(state().mode, mode));
}

} // namespace

void holdInterrupts()
{
    const sigset_t signals = app::interruptSignals();
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void installInterrupts()
{
    std::signal(SIGPIPE, SIG_IGN); // whoever stops reading the progress does not end the work
    std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow further is an error to tell and clean up after
    holdInterrupts();
    std::thread([signals = app::interruptSignals()] {
        int signal = 0;
        while (sigwait(&signals, &signal) == 0)
            onSignal();
    }).detach();
}

void finishUndisturbed()
{
    setMode(Mode::Never);
}

void tellInterrupted()
{
    finishUndisturbed();
    writeSentence();
}

InterruptibleScope::InterruptibleScope() : m_before(setMode(Mode::Ask)) {}

InterruptibleScope::~InterruptibleScope()
{
    setMode(Mode(m_before));
}

std::stop_token InterruptibleScope::token() const
{
    return state().stop.get_token();
}

void InterruptibleScope::check() const
{
    if (token().stop_requested())
        throw Interrupted{};
}

WritingScope::WritingScope() : m_before(setMode(Mode::Wait)) {}

WritingScope::~WritingScope()
{
    setMode(Mode(m_before));
}

ForcedEndGuard::ForcedEndGuard(std::function<void()> undo)
{
    const std::scoped_lock lock(state().mutex);
    m_place = state().undo.insert(state().undo.end(), std::move(undo));
}

ForcedEndGuard::~ForcedEndGuard()
{
    const std::scoped_lock lock(state().mutex);
    state().undo.erase(m_place);
}

} // namespace tessera::cli
