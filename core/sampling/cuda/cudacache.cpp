#include "core/sampling/cuda/cudacache.h"

#include <utility>

#include <ATen/ATen.h>

namespace tessera::core::cuda
{

CudaCacheStore::CudaCacheStore(std::vector<int64_t> shape, at::TensorOptions options)
    : m_shape(std::move(shape))
    , m_options(std::move(options))
{}

at::Tensor CudaCacheStore::take()
{
    const std::scoped_lock lock(m_mutex);
    if (m_kept.empty()) {
        return at::empty(m_shape, m_options);
    }
    at::Tensor tensor = std::move(m_kept.back());
    m_kept.pop_back();
    return tensor;
}

void CudaCacheStore::giveBack(at::Tensor tensor)
{
    const std::scoped_lock lock(m_mutex);
    if (tensor.defined() && m_kept.size() < kKept) {
        m_kept.push_back(std::move(tensor));
    }
}

uint64_t CudaCacheStore::bytes() const
{
    uint64_t count = c10::elementSize(c10::typeMetaToScalarType(m_options.dtype()));
    for (const int64_t side : m_shape) {
        count *= uint64_t(side);
    }
    return count;
}

void *CudaCache::memory()
{
    if (!m_tensor.defined()) {
        m_tensor = m_store->take();
    }
    return m_tensor.mutable_data_ptr();
}

void CudaCache::copyFrom(const CudaCache &from, int64_t tokens)
{
    TORCH_CHECK(length() == 0 && tokens <= from.length(), "copy of ", tokens, " tokens out of ", from.length(),
                " into a cache of ", length());
    m_tensor = m_store->take();
    m_tensor.narrow(3, 0, tokens).copy_(from.m_tensor.narrow(3, 0, tokens));
    grow(tokens);
}

} // namespace tessera::core::cuda
