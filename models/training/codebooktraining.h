// Keeps a codebook alive in short trainings. A codebook with random start collapses to a few codes; one that starts
// from k-means over latents of a network that already reconstructs, and whose dead codes are put where latents are,
// does not. None of this shows in the checkpoint.
#pragma once

#include <cstdint>

#include <ATen/core/Tensor.h>

#include "models/parameters.h"

namespace tessera::models
{

class CodebookTraining
{
public:
    static constexpr int64_t kMostLatents = 30'000; // that are remembered; no more codes can begin from them

    // More codes than kMostLatents never have latents enough: such a codebook is for what is initialised already.
    CodebookTraining(int64_t codes, int64_t embedDim);

    // Latents float [B, embedDim, h, w] of the warm start, kept in a ring.
    void remember(const at::Tensor &latents);
    int64_t latents() const { return m_filled; }
    bool hasLatents() const { return m_filled >= m_codes; }
    // k-means++ seeds and Lloyd iterations over the remembered latents, into `codebook` [codes, embedDim].
    void initialise(at::Tensor codebook, uint64_t seed) const;

    // Counts which codes are in use, as a moving average.
    void count(const at::Tensor &codes);
    // Gives every code used less than `below` times the mean a random latent of this batch. Returns the rows changed.
    at::Tensor restart(at::Tensor codebook, const at::Tensor &latents, double below, uint64_t seed);

    // exp(entropy) of the moving average: how many codes are in even use.
    double perplexity() const;

    // For the checkpoint. restore() throws Error (ModelMismatch) for what is of another codebook.
    StateDict state() const;
    void restore(const StateDict &state);

private:
    int64_t m_codes;
    at::Tensor m_ring; // [kMostLatents, embedDim]
    int64_t m_filled = 0;
    int64_t m_next = 0;
    at::Tensor m_usage; // float [codes]
};

} // namespace tessera::models
