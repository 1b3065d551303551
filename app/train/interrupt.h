// Ctrl+C, SIGTERM and a terminal that closes as a stop token.
#pragma once

#include <csignal>
#include <stop_token>
#include <thread>

namespace tessera::train
{

// While it lives, SIGINT, SIGTERM and, unless it is ignored, SIGHUP request a stop instead of ending the program; the
// second one ends it at once. Make it before any other thread is started: threads inherit that the signals are blocked.
class Interrupt
{
public:
    Interrupt();

    std::stop_token token() const { return m_stop.get_token(); }
    bool happened() const { return m_stop.stop_requested(); }

private:
    void wait(std::stop_token ended);

    sigset_t m_signals{};
    std::stop_source m_stop;
    std::jthread m_thread;
};

} // namespace tessera::train
