#include "core/sampling/windowpass.h"

#include "core/sampling/distribution.h"
#include "core/sampling/planwalk.h"

namespace tessera::core
{

WindowPass::WindowPass(const models::ModelConfig &config, TransformerEngine &engine, const ScoreRequest &request)
    : m_config(config)
    , m_engine(engine)
    , m_request(request)
    , m_prefix(config, request)
    , m_layout{request.codes.size, int(config.window), {}, 0, codeOrder(config), {}}
{}

bool WindowPass::run(Cell origin, int first, int last, const StopFn &stopped)
{
    m_first = first;
    m_logits.resize(size_t(last - first + 1) * size_t(m_config.imageTokens.count));
    if (!append(m_prefix.at(origin), origin, last, m_logits, stopped)) {
        return false;
    }
    if (m_request.guidance != 1) {
        m_unguided.resize(m_logits.size());
        if (!append(m_prefix.withoutCondition(origin), origin, last, m_unguided, stopped)) {
            return false;
        }
        guide(m_logits, m_unguided, m_request.guidance);
    }
    for (int position = first; position <= last; ++position) {
        expectDistribution(row(position), cellAt(origin, position));
    }
    return true;
}

std::span<const float> WindowPass::row(int position) const
{
    const auto count = size_t(m_config.imageTokens.count);
    return {m_logits.data() + size_t(position - m_first) * count, count};
}

// What stands before the picture's codes, and all of those but the last, which is only asked for.
bool WindowPass::append(std::vector<int64_t> tokens, Cell origin, int last, std::vector<float> &logits,
                        const StopFn &stopped)
{
    const models::TokenRange &picture = m_config.imageTokens;
    for (int position = 0; position < last; ++position) {
        tokens.push_back(picture.first + m_request.codes.at(cellAt(origin, position)));
    }
    const auto cache = m_engine.makeCache();
    const EngineInput input{cache.get(), tokens, int64_t(logits.size()) / picture.count};
    return m_engine.append({&input, 1}, picture.first, picture.count, logits.data(), stopped);
}

} // namespace tessera::core
