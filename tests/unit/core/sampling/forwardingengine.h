// An engine that passes everything on to another one; tests change a thing or two about it.
#pragma once

#include <memory>
#include <utility>

#include "core/sampling/engine.h"

namespace tessera::core
{

class ForwardingEngine : public TransformerEngine
{
public:
    explicit ForwardingEngine(std::unique_ptr<TransformerEngine> engine) : m_engine(std::move(engine)) {}

    std::unique_ptr<WindowCache> makeCache() override { return m_engine->makeCache(); }
    std::unique_ptr<WindowCache> copyCache(const WindowCache &from, int64_t tokens) override
    {
        return m_engine->copyCache(from, tokens);
    }
    uint64_t cacheBytes() const override { return m_engine->cacheBytes(); }
    bool gainsFromBatches() const override { return m_engine->gainsFromBatches(); }
    bool keepsBitsInChunks() const override { return m_engine->keepsBitsInChunks(); }
    void freeCaches() override { m_engine->freeCaches(); }
    double tokenCost() const override { return m_engine->tokenCost(); }

protected:
    bool run(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
             const StopFn &stopped) override
    {
        return m_engine->append(inputs, first, count, logits, stopped);
    }

private:
    const std::unique_ptr<TransformerEngine> m_engine;
};

// So dear that no guess pays.
class DearEngine : public ForwardingEngine
{
public:
    using ForwardingEngine::ForwardingEngine;
    double tokenCost() const override { return 1000; }
};

// As if weights took long to read, so that many guesses pay.
class CheapTokensEngine : public ForwardingEngine
{
public:
    using ForwardingEngine::ForwardingEngine;
    double tokenCost() const override { return 1.0 / 25; }
};

} // namespace tessera::core
