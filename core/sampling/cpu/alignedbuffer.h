// Memory for vectors: aligned to a cache line, large ones on large pages; grows and never shrinks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>

namespace tessera::core::cpu
{

// Aligned to 64 bytes, contents undefined. Large blocks ask the system for large pages: reading weights once from end
// to end would otherwise spend its time looking up small ones. Throws std::bad_alloc.
void *allocate(size_t bytes);
void deallocate(void *memory, size_t bytes);

// Of plain numbers. Movable; throws std::bad_alloc.
template<typename T>
class AlignedBuffer
{
public:
    AlignedBuffer() = default;
    explicit AlignedBuffer(int64_t count) { reserve(count); }
    AlignedBuffer(AlignedBuffer &&other) noexcept
        : m_data(std::exchange(other.m_data, nullptr))
        , m_count(std::exchange(other.m_count, 0))
    {}
    AlignedBuffer &operator=(AlignedBuffer &&other) noexcept
    {
        std::swap(m_data, other.m_data);
        std::swap(m_count, other.m_count);
        return *this;
    }
    ~AlignedBuffer() { release(); }

    // Makes room for at least so many values. When it has to grow, all of them become zero.
    void reserve(int64_t count)
    {
        if (count > m_count) {
            reserveUndefined(count);
            std::memset(m_data, 0, size_t(count) * sizeof(T));
        }
    }

    // The same, but the values are undefined when it has to grow.
    void reserveUndefined(int64_t count)
    {
        if (count <= m_count)
            return;
        release();
        m_data = static_cast<T *>(allocate(size_t(count) * sizeof(T)));
        m_count = count;
    }

    T *data() { return m_data; }
    const T *data() const { return m_data; }
    int64_t size() const { return m_count; }

private:
    void release()
    {
        if (m_data)
            deallocate(std::exchange(m_data, nullptr), size_t(std::exchange(m_count, 0)) * sizeof(T));
    }

    T *m_data = nullptr;
    int64_t m_count = 0;
};

constexpr int64_t roundedUp(int64_t value, int64_t step)
{
    return (value + step - 1) / step * step;
}

} // namespace tessera::core::cpu
