// The seam between sampling and arithmetic: something that runs the transformer over tokens with a key/value
// cache. The LibTorch engine is the reference; faster engines implement the same interface.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

namespace tessera::models
{
struct Transformer;
}

namespace tessera::core
{

// Keys and values of the tokens one window has seen, in order. Append-only. Made by the engine that uses it;
// may outlive it.
class WindowCache
{
public:
    virtual ~WindowCache() = default;
    virtual int64_t length() const = 0; // tokens seen
};

// One row of a batch: tokens to append to a cache. No two rows of a batch name the same cache.
struct EngineInput {
    WindowCache *cache = nullptr;
    std::span<const int64_t> tokens; // at least one; vocabulary ids
};

// One thread at a time.
class TransformerEngine
{
public:
    virtual ~TransformerEngine() = default;

    virtual std::unique_ptr<WindowCache> makeCache() = 0;
    virtual uint64_t cacheBytes() const = 0; // of one full cache

    // Appends each input's tokens to its cache and writes the logits of its last token: float32 [inputs,
    // count] for the vocabulary ids [first, first + count). An empty cache must first be given at least
    // `unmasked` tokens. Results of a row do not depend on the other rows. Throws Error (OutOfMemory); the
    // caches of that batch are then of no further use.
    virtual void append(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits) = 0;

    // Whether a batch costs clearly less than its inputs one by one, so that plans should make large steps.
    virtual bool gainsFromBatches() const { return false; }

    // Tokens that went through the transformer since construction.
    int64_t tokenForwards() const { return m_tokenForwards; }

protected:
    int64_t m_tokenForwards = 0;
};

// Plain LibTorch, in the weights' data type and on their device. `model` must outlive the engine.
std::unique_ptr<TransformerEngine> makeTorchEngine(const models::Transformer &model);

} // namespace tessera::core
