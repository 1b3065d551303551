// How well labels that were found agree with those that were meant.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Counts pairs of labels over any number of pictures.
class LabelScores
{
public:
    explicit LabelScores(int64_t labels);

    // int64, of equal shapes. Places where `meant` is 0, the void label, do not count.
    void add(const at::Tensor &meant, const at::Tensor &found);

    // Intersection over union, mean over the labels that were meant somewhere; 0 when nothing was added.
    double meanIou() const;
    double accuracy() const; // share of places

private:
    at::Tensor m_counts; // int64 [meant, found]
};

// The commonest label of each cell x cell square: int64 [h, w] -> [h / cell, w / cell]; the lowest of equally common
// ones. REQUIRES: sides are multiples of `cell`, labels below `count`.
at::Tensor labelsOfCells(const at::Tensor &labels, int64_t cell, int64_t count);

} // namespace tessera::models
