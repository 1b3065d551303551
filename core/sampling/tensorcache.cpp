#include "core/sampling/tensorcache.h"

#include <exception>
#include <string>
#include <utility>

#include <ATen/ATen.h>

#include "models/error.h"
#include "models/memoryfailure.h"

namespace tessera::core
{

TensorCacheStore::TensorCacheStore(std::vector<int64_t> shape, at::TensorOptions options, size_t kept)
    : m_shape(std::move(shape))
    , m_options(std::move(options))
    , m_most(kept)
{
    m_kept.reserve(m_most);
}

at::Tensor TensorCacheStore::take()
{
    const std::scoped_lock lock(m_mutex);
    if (m_kept.empty())
        return allocate();
    at::Tensor tensor = std::move(m_kept.back());
    m_kept.pop_back();
    return tensor;
}

void TensorCacheStore::giveBack(at::Tensor tensor) noexcept
{
    const std::scoped_lock lock(m_mutex);
    if (tensor.defined() && m_kept.size() < m_most)
        m_kept.push_back(std::move(tensor)); // has room
}

void TensorCacheStore::free()
{
    const std::scoped_lock lock(m_mutex);
    m_kept.clear();
}

uint64_t TensorCacheStore::bytes() const
{
    uint64_t count = c10::elementSize(c10::typeMetaToScalarType(m_options.dtype()));
    for (const int64_t side : m_shape)
        count *= uint64_t(side);
    return count;
}

at::Tensor TensorCacheStore::allocate() const
{
    try {
        return at::empty(m_shape, m_options);
    } catch (const std::exception &failure) {
        if (!models::isWantOfMemory(failure))
            throw;
        throw Error(ErrorCode::OutOfMemory,
                    "There is no memory for another attention window: " + std::to_string(bytes() >> 20)
                        + " MiB were asked for; a smaller canvas or larger window steps need less");
    }
}

const at::Tensor &TensorCache::tensor()
{
    if (!m_tensor.defined())
        m_tensor = m_store->take();
    return m_tensor;
}

void TensorCache::copyFrom(const TensorCache &from, int64_t tokens)
{
    TORCH_CHECK(length() == 0 && tokens <= from.length(), "copy of ", tokens, " tokens out of ", from.length(),
                " into a cache of ", length());
    tensor().narrow(3, 0, tokens).copy_(from.m_tensor.narrow(3, 0, tokens));
    grow(tokens);
}

} // namespace tessera::core
