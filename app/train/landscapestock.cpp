#include "app/train/landscapestock.h"

#include <system_error>
#include <utility>

#include <sys/resource.h>

namespace tessera::train
{

LandscapeStock::LandscapeStock(const LandscapesOptions &options) : m_options(options)
{
    m_thread = std::jthread([this](std::stop_token stop) {
        ::setpriority(PRIO_PROCESS, 0, 10); // of this thread and those it makes: whoever waits for a step goes first
        try {
            makeLandscapes(m_options, std::move(stop));
        } catch (...) {
            m_failure = std::current_exception();
        }
        m_done = true;
    });
}

int LandscapeStock::made() const
{
    std::error_code ignored;
    int files = 0;
    for (const auto &entry : std::filesystem::directory_iterator(m_options.output, ignored))
        files += entry.path().extension() == ".tlds" ? 1 : 0;
    return files * m_options.shard;
}

void LandscapeStock::finish()
{
    m_thread.request_stop();
    if (m_thread.joinable())
        m_thread.join();
    if (m_failure)
        std::rethrow_exception(std::exchange(m_failure, nullptr));
}

} // namespace tessera::train
