#pragma once

#include "core/landscape/scene.h"

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace tessera::core
{

// Makes the scenes of consecutive seeds ahead of who asks for them, on threads of its own from construction to
// destruction.
class SceneStock
{
public:
    using Land = std::vector<std::unique_ptr<Scene>>; // the same land under several suns and weathers

    struct Order {
        std::uint32_t firstSeed;
        int lands;
        int lightings;
        int columns; // of the pictures
        int ahead;   // lands that are held at most
        int threads;
    };

    explicit SceneStock(const Order &order);
    ~SceneStock();

    // Waits for the next land, in the order of the seeds. Throws what making it threw. REQUIRES: there is one left. One
    // thread.
    Land next();

private:
    void end();
    void work();
    Land make(int land) const;

    const Order m_order;
    int m_begun = 0;
    int m_given = 0;
    bool m_ended = false;
    std::exception_ptr m_failure;
    std::vector<std::optional<Land>> m_slots; // by the land's number, modulo their own
    std::mutex m_mutex;
    std::condition_variable m_changed;
    std::vector<std::jthread> m_threads;
};

} // namespace tessera::core
