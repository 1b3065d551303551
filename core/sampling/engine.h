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

struct SamplingParams;

// Keys and values of the tokens one window has seen, in order. Made by the engine that uses it; may outlive it.
class WindowCache
{
public:
    virtual ~WindowCache() = default;
    int64_t length() const { return m_length; } // tokens seen
    // Forgets the tokens from `length` on. Tokens among the transformer's first `unmasked` have seen each other, so if
    // some of them go, equal ones must come in their place. REQUIRES: 0 <= length <= length().
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

// Codes of one window that follow each other, for an engine to draw by itself. Pointers and references stay the
// caller's.
struct DrawTask {
    // What to append first; the last token's logits give the first code. One input, or with guidance two: the
    // conditional one and the unconditional one.
    std::span<const EngineInput> streams;
    int64_t first = 0, count = 0; // vocabulary ids of the picture codes
    const SamplingParams *params = nullptr;
    int64_t codes = 0; // to draw, at least one
    // Writes the noise of the codes [index, index + codes): float [codes, count]. Not asked for where params->greedy.
    std::function<void(int64_t index, int64_t codes, float *noise)> noise;
    // Takes the next codes, some at a time, with the guided logits that they were drawn from: float [codes, count].
    // False: enough. May throw.
    std::function<bool(std::span<const int64_t> codes, const float *logits)> drawn;
};

// How far windows may be fed before their turn (core/sampling/feedahead.h).
struct AheadLimits {
    int steps = 1;      // that one pass serves, its own included; 1: nothing is fed ahead
    uint64_t bytes = 0; // of the caches that are open for it
};

// One thread at a time.
class TransformerEngine
{
public:
    virtual ~TransformerEngine() = default;

    virtual std::unique_ptr<WindowCache> makeCache() = 0;
    // With the first `tokens` tokens of another cache of this engine. REQUIRES: that one has as many.
    virtual std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) = 0;
    virtual uint64_t cacheBytes() const = 0; // of one full cache
    // Lets go of memory that is kept for later: of dropped caches, and for batches of the largest size so far.
    virtual void freeCaches() {}

    // Appends each input's tokens to its cache and writes the logits of its last tokens: float32 [logitRows of all
    // inputs, count], input by input, for the vocabulary ids [first, first + count). An empty cache must first be given
    // at least `unmasked` tokens. Results of an input do not depend on the others. `stopped` is asked before each
    // layer: true ends the call within about the time of one layer, and the answer is false. Throws Error
    // (OutOfMemory). After an error or a stop the logits are undefined and the caches hold what they held before.
    bool append(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
                const StopFn &stopped = {});

    // Whether the engine draws codes by itself, out of so many.
    virtual bool drawsCodes(int64_t /*count*/) const { return false; }
    // Draws codes as distribution.h does it from the same logits, and appends each but the last to every stream's
    // cache. `stopped` is asked now and then. False: it or the task's `drawn` said so; the streams' caches are of no
    // use then, nor after an error. Throws Error (OutOfMemory). REQUIRES: drawsCodes(task.count).
    bool draw(const DrawTask &task, const StopFn &stopped = {});

    // Whether a batch costs clearly less than its inputs one by one, so that plans should make large steps.
    virtual bool gainsFromBatches() const { return false; }
    // Whether an input's results have the same bits however its tokens were divided between appends, so that several
    // guessed tokens may be checked at once, and a prefix computed before may be used again.
    virtual bool keepsBitsInChunks() const { return false; }
    // The same at all times, so that equal requests make equal batches. Of use where a large batch is much cheaper than
    // several small ones, and only to an engine that does not keepsBitsInChunks().
    virtual AheadLimits feedsAhead() const { return {}; }
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
    // draw() without the counting.
    virtual bool runDraw(const DrawTask &task, const StopFn &stopped);

private:
    int64_t m_tokenForwards = 0;
    int64_t m_passes = 0;
};

// Plain LibTorch, in the weights' data type and on their device. `model` must outlive the engine.
std::unique_ptr<TransformerEngine> makeTorchEngine(const models::Transformer &model);

} // namespace tessera::core
