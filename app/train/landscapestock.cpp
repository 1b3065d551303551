#include "app/train/landscapestock.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <system_error>
#include <utility>

#include <sys/resource.h>

#include "models/error.h"
#include "models/training/shard.h"

namespace tessera::train
{

namespace
{

// How many pictures a shard of this name holds, 0 where it is none of these landscapes'.
int picturesIn(const std::filesystem::path &shard, const LandscapesOptions &options)
{
    unsigned seed = 0;
    if (std::sscanf(shard.filename().c_str(), "landscapes-%10u.tlds", &seed) != 1)
        return 0;
    char name[64];
    std::snprintf(name, sizeof name, "landscapes-%010u.tlds", seed);
    const int64_t first = int64_t(seed) - int64_t(options.seed);
    if (shard.filename() != name || first < 0 || first >= options.count || first % options.shard != 0)
        return 0;
    return std::min(options.shard, options.count - int(first));
}

int picturesThere(const LandscapesOptions &options)
{
    std::error_code ignored;
    int pictures = 0;
    for (const auto &entry : std::filesystem::directory_iterator(options.output, ignored))
        pictures += picturesIn(entry.path(), options);
    return pictures;
}

} // namespace

void expectOwnShards(const LandscapesOptions &options)
{
    std::error_code ignored;
    if (!std::filesystem::exists(options.output, ignored))
        return;
    for (const std::filesystem::path &path : models::listShards(options.output)) {
        const models::ShardReader reader(path);
        const int expected = picturesIn(path, options);
        if (int(reader.size()) == expected && reader.width() == options.width && reader.height() == options.height)
            continue;
        throw Error(ErrorCode::InvalidArgument,
                    "'" + path.string() + "' is not of this plan, which makes files of " + std::to_string(options.shard)
                        + " pictures of " + std::to_string(options.width) + " x " + std::to_string(options.height)
                        + " there, named by seeds from " + std::to_string(options.seed)
                        + " on: take it away, or name another data folder.");
    }
}

uint64_t bytesToMake(const LandscapesOptions &options)
{
    constexpr uint64_t kBytesAPixel = 7; // models/training/shard.h; facts take next to nothing
    const int missing = std::max(0, options.count - picturesThere(options));
    return uint64_t(missing) * uint64_t(options.width) * uint64_t(options.height) * kBytesAPixel;
}

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
    return picturesThere(m_options);
}

void LandscapeStock::expectSound() const
{
    if (m_done && m_failure) // it is written before m_done is
        std::rethrow_exception(m_failure);
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
