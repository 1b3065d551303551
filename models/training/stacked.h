// Batches of samples that are made one by one on the processor.
#pragma once

#include <functional>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>

namespace tessera::models
{

// [count, ...]: what `make` gives for 0 .. count - 1. It is called on several threads at once and must give tensors of
// one shape.
inline at::Tensor stacked(int64_t count, const std::function<at::Tensor(int64_t)> &make)
{
    std::vector<at::Tensor> samples(static_cast<size_t>(count));
    at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i)
            samples[size_t(i)] = make(i);
    });
    return at::stack(samples);
}

} // namespace tessera::models
