// Keys and values of windows in device memory.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include <ATen/core/Tensor.h>

#include "core/sampling/engine.h"

namespace tessera::core::cuda
{

// Makes the tensors of caches and keeps a few of closed windows for the next ones: inside a large canvas windows open and
// close at every step. All use of the tensors is on the stream that was current when they were made.
class CudaCacheStore
{
public:
    // [layers, keys and values, heads, blockSize, headDim]
    CudaCacheStore(std::vector<int64_t> shape, at::TensorOptions options);

    at::Tensor take(); // values undefined
    void giveBack(at::Tensor tensor);
    uint64_t bytes() const;

private:
    static constexpr size_t kKept = 8; // windows of a step

    const std::vector<int64_t> m_shape;
    const at::TensorOptions m_options;
    std::mutex m_mutex; // caches may be dropped on another thread than the engine's
    std::vector<at::Tensor> m_kept;
};

class CudaCache : public WindowCache
{
public:
    explicit CudaCache(std::shared_ptr<CudaCacheStore> store) : m_store(std::move(store)) {}
    ~CudaCache() override { m_store->giveBack(std::move(m_tensor)); }

    // Device memory; taken at the first use.
    void *memory();
    // Into an empty cache.
    void copyFrom(const CudaCache &from, int64_t tokens);

private:
    std::shared_ptr<CudaCacheStore> m_store;
    at::Tensor m_tensor;
};

} // namespace tessera::core::cuda
