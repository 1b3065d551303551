// The seam between sampling and arithmetic: something that runs the transformer over tokens with a key/value
// cache. The LibTorch engine is the reference; faster engines implement the same interface.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

namespace tessera::models
{
struct Transformer;
}

namespace tessera::core
{

// Keys and values of the tokens one window has seen, in order. Made by the engine that uses it; may outlive it.
class WindowCache
{
public:
    virtual ~WindowCache() = default;
    int64_t length() const { return m_length; } // tokens seen
    // Forgets the tokens from `length` on. Tokens among the transformer's first `unmasked` have seen each other, so if some of
    // them go, equal ones must come in their place. REQUIRES: 0 <= length <= length().
    void truncate(int64_t length);
    // For engines: so many tokens more have their keys and values here.
    void grow(int64_t tokens) { m_length += tokens; }

private:
    int64_t m_length = 0;
};

// One row of a batch: tokens to append to a cache. No two rows of a batch name the same cache.
struct EngineInput {
    WindowCache *cache = nullptr;
    std::span<const int64_t> tokens; // at least one; vocabulary ids
    int64_t logitRows = 1;           // of the last so many tokens logits are wanted; 1 .. tokens.size()
};

// Whether to give up. Asked often; cheap.
using StopFn = std::function<bool()>;

// One thread at a time.
class TransformerEngine
{
public:
    virtual ~TransformerEngine() = default;

    virtual std::unique_ptr<WindowCache> makeCache() = 0;
    // With the first `tokens` tokens of another cache of this engine. REQUIRES: that one has as many.
    virtual std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) = 0;
    virtual uint64_t cacheBytes() const = 0; // of one full cache

    // Appends each input's tokens to its cache and writes the logits of its last tokens: float32 [logitRows of all inputs,
    // count], input by input, for the vocabulary ids [first, first + count). An empty cache must first be given at least
    // `unmasked` tokens. Results of an input do not depend on the others. `stopped` is asked before each layer: true ends
    // the call within about the time of one layer, and the answer is false. Throws Error (OutOfMemory). After an error or
    // a stop the logits are undefined and the caches hold what they held before.
    bool append(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
                const StopFn &stopped = {});

    // Whether a batch costs clearly less than its inputs one by one, so that plans should make large steps.
    virtual bool gainsFromBatches() const { return false; }
    // Whether an input's results have the same bits however its tokens were divided between appends, so that several
    // guessed tokens may be checked at once, and a prefix computed before may be used again.
    virtual bool keepsBitsInChunks() const { return false; }
    // What a further token adds to a pass, as a part of what a pass costs at least. A rough figure: it decides how many
    // tokens it pays to guess.
    virtual double tokenCost() const { return 1.0 / 8; }

    // Since construction: tokens that went through the transformer, and batches (passes over the weights).
    int64_t tokenForwards() const { return m_tokenForwards; }
    int64_t passes() const { return m_passes; }

protected:
    // append() without the counting.
    virtual bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
                     const StopFn &stopped) = 0;

private:
    int64_t m_tokenForwards = 0;
    int64_t m_passes = 0;
};

// Plain LibTorch, in the weights' data type and on their device. `model` must outlive the engine.
std::unique_ptr<TransformerEngine> makeTorchEngine(const models::Transformer &model);

} // namespace tessera::core
