#include "core/sampling/engine.h"

#include <c10/util/Exception.h>

namespace tessera::core
{

void WindowCache::truncate(int64_t length)
{
    TORCH_CHECK(length >= 0 && length <= m_length, "a cache of ", m_length, " tokens cut to ", length);
    m_length = length;
}

bool TransformerEngine::append(std::span<const EngineInput> inputs, int64_t first, int64_t count, float *logits,
                               const StopFn &stopped)
{
    for (const EngineInput &input : inputs) {
        TORCH_CHECK(input.logitRows >= 1 && input.logitRows <= int64_t(input.tokens.size()), "logits of ",
                    input.logitRows, " tokens out of ", input.tokens.size());
    }
    if (!run(inputs, first, count, logits, stopped)) {
        return false;
    }
    for (const EngineInput &input : inputs) {
        m_tokenForwards += int64_t(input.tokens.size());
    }
    ++m_passes;
    return true;
}

bool TransformerEngine::draw(const DrawTask &task, const StopFn &stopped)
{
    TORCH_CHECK(task.codes >= 1 && !task.streams.empty() && task.streams.size() <= 2, "a drawing of ", task.codes,
                " codes from ", task.streams.size(), " streams");
    if (!runDraw(task, stopped)) {
        return false;
    }
    for (const EngineInput &stream : task.streams) {
        m_tokenForwards += int64_t(stream.tokens.size()) + task.codes - 1;
    }
    m_passes += task.codes;
    return true;
}

bool TransformerEngine::runDraw(const DrawTask &, const StopFn &)
{
    TORCH_CHECK(false, "this engine does not draw codes by itself");
}

} // namespace tessera::core
