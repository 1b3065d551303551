// Keys and values of windows as tensors, for the engines that compute with LibTorch's memory.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/sampling/engine.h"

namespace tessera::core
{

// Makes the tensors of caches and keeps a few of closed windows for the next ones: inside a large canvas windows open
// and close at every step, and fresh memory is slow at first. On a GPU all use of the tensors is on the stream that was
// current when they were made.
class TensorCacheStore
{
public:
    // [layers, keys and values, heads, blockSize, headDim]; at most `kept` tensors wait for the next windows.
    TensorCacheStore(std::vector<int64_t> shape, at::TensorOptions options, size_t kept);

    at::Tensor take(); // values undefined. Throws Error (OutOfMemory).
    void giveBack(at::Tensor tensor) noexcept;
    void free();            // those that wait
    uint64_t bytes() const; // of one

private:
    at::Tensor allocate() const;

    const std::vector<int64_t> m_shape;
    const at::TensorOptions m_options;
    const size_t m_most;
    std::mutex m_mutex; // caches may be dropped on another thread than the engine's
    std::vector<at::Tensor> m_kept;
};

class TensorCache : public WindowCache
{
public:
    explicit TensorCache(std::shared_ptr<TensorCacheStore> store) : m_store(std::move(store)) {}
    ~TensorCache() override { m_store->giveBack(std::move(m_tensor)); }

    // Taken at the first use. Throws Error (OutOfMemory).
    const at::Tensor &tensor();
    // Into an empty cache: the first `tokens` tokens of one of the same store. Throws Error (OutOfMemory).
    void copyFrom(const TensorCache &from, int64_t tokens);

private:
    std::shared_ptr<TensorCacheStore> m_store;
    at::Tensor m_tensor;
};

} // namespace tessera::core
