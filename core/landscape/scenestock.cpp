#include "core/landscape/scenestock.h"

#include <algorithm>
#include <utility>

namespace tessera::core
{

SceneStock::SceneStock(const Order &order) : m_order(order), m_slots(static_cast<std::size_t>(order.ahead))
{
    try {
        for (int i = 0; i < std::min(order.threads, order.lands); ++i)
            m_threads.emplace_back([this] { work(); });
    } catch (...) { // no more threads: those that there are must not wait for ever
        end();
        throw;
    }
}

SceneStock::~SceneStock()
{
    end();
}

void SceneStock::end()
{
    const std::lock_guard lock(m_mutex);
    m_ended = true;
    m_changed.notify_all();
}

SceneStock::Land SceneStock::next()
{
    std::unique_lock lock(m_mutex);
    std::optional<Land> &slot = m_slots[static_cast<std::size_t>(m_given) % m_slots.size()];
    m_changed.wait(lock, [&] { return slot || m_failure; });
    if (m_failure)
        std::rethrow_exception(m_failure);
    Land land = std::move(*std::exchange(slot, std::nullopt));
    ++m_given;
    m_changed.notify_all();
    return land;
}

void SceneStock::work()
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_changed.wait(lock, [this] {
            return m_ended || m_begun == m_order.lands || m_begun < m_given + static_cast<int>(m_slots.size());
        });
        if (m_ended || m_begun == m_order.lands)
            return;
        const int number = m_begun++;
        lock.unlock();
        std::optional<Land> land;
        std::exception_ptr failure;
        try {
            land = make(number);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        m_slots[static_cast<std::size_t>(number) % m_slots.size()] = std::move(land);
        if (failure) {
            m_failure = failure;
            m_ended = true;
        }
        m_changed.notify_all();
    }
}

SceneStock::Land SceneStock::make(int number) const
{
    const std::uint32_t seed = m_order.firstSeed + static_cast<std::uint32_t>(number);
    Land land;
    land.push_back(std::make_unique<Scene>(makeScene(seed)));
    land.front()->camera.columns = static_cast<float>(m_order.columns);
    for (int i = 1; i < m_order.lightings; ++i) {
        land.push_back(std::make_unique<Scene>(*land.back()));
        relight(*land.back(), seed, i);
    }
    return land;
}

} // namespace tessera::core
