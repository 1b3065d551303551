#include "app/train/interrupt.h"

#include <ctime>
#include <unistd.h>

#include "app/common/exitcodes.h"
#include "app/common/interruptsignals.h"

namespace tessera::train
{

Interrupt::Interrupt() : m_signals(app::interruptSignals())
{
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
            _exit(app::kExitInterrupted);
        }
        m_stop.request_stop();
    }
}

} // namespace tessera::train
