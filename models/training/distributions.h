// How alike two sets of pictures are, judged by features of theirs: float or double [N, d], one row a picture.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Heusel et al. 2017: |m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^1/2) of Gaussians with the sets' means and covariances
// (divided by N - 1). Sets smaller than d make it large: compare only figures of equal N. REQUIRES: two rows or more in
// each.
double frechetDistance(const at::Tensor &a, const at::Tensor &b);

// Squared maximum mean discrepancy (Gretton et al. 2012, eq. 3: unbiased, so that it may be below 0) with the kernel
// exp(-|x - y|^2 / (2 w^2)), w the median distance between rows of the reference: sets that are held against one
// reference are measured by one kernel. REQUIRES: as above, most rows of the reference differ.
double mmdSquared(const at::Tensor &set, const at::Tensor &reference);

struct Manifold {
    double density = 0;  // how many real neighbourhoods a generated picture lies in, as a part of k; may exceed 1
    double coverage = 0; // share of the real pictures with a generated one in their neighbourhood
};

// Naeem et al. 2020: a real picture's neighbourhood reaches to its k-th nearest real neighbour.
// REQUIRES: more than k rows in `real`.
Manifold densityAndCoverage(const at::Tensor &real, const at::Tensor &generated, int64_t k = 5);

} // namespace tessera::models
