// Training pictures that are made beside other work.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <stop_token>
#include <thread>

#include "app/train/landscapes.h"

namespace tessera::train
{

// Throws Error (InvalidArgument) when the folder holds a shard that making these landscapes would not leave there:
// another name, or pictures of another size. A folder that is not there holds none.
void expectOwnShards(const LandscapesOptions &options);

// Of the shards that are not there yet, on the disk. REQUIRES: expectOwnShards().
uint64_t bytesToMake(const LandscapesOptions &options);

// Makes landscapes on a thread of its own from construction to destruction. One thread at a time may ask.
class LandscapeStock
{
public:
    explicit LandscapeStock(const LandscapesOptions &options);

    int made() const; // pictures in whole files of its own
    bool done() const { return m_done; }
    // Throws what ended the making, if anything did.
    void expectSound() const;
    // Ends the making and waits for it; what was made stays. Throws what it threw.
    void finish();

private:
    LandscapesOptions m_options;
    std::exception_ptr m_failure;
    std::atomic<bool> m_done = false;
    std::jthread m_thread;
};

} // namespace tessera::train
