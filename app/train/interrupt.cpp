#include "app/train/interrupt.h"

#include <ctime>
#include <unistd.h>

#include "app/train/exitcodes.h"

namespace tessera::train
{

namespace
{

// `nohup` asks that the end of the terminal be ignored.
bool isIgnored(int signal)
{
    struct sigaction action;
    return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

} // namespace

Interrupt::Interrupt()
{
    sigemptyset(&m_signals);
    sigaddset(&m_signals, SIGINT);
    sigaddset(&m_signals, SIGTERM);
    if (!isIgnored(SIGHUP))
        sigaddset(&m_signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &m_signals, nullptr);
    m_thread = std::jthread([this](std::stop_token ended) { wait(ended); });
}

// A thread that takes the signals, because requesting a stop is more than a signal handler may do.
void Interrupt::wait(std::stop_token ended)
{
    const timespec pause{0, 100'000'000};
    while (!ended.stop_requested()) {
        if (sigtimedwait(&m_signals, nullptr, &pause) < 0) {
            continue;
        }
        if (m_stop.stop_requested()) {
            _exit(kExitInterrupted);
        }
        m_stop.request_stop();
    }
}

} // namespace tessera::train
