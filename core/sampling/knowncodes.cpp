#include "core/sampling/knowncodes.h"

#include <bit>

#include "core/sampling/noise.h"

namespace tessera::core
{

namespace
{

// Where the picture's codes begin, whatever stands before them.
constexpr uint64_t kPictureCodes = ~uint64_t(0);

} // namespace

// A hash of a block cipher's kind: the number is the key, the state goes through and is added (Davies and Meyer).
void Digest::add(uint64_t value)
{
    const auto through = philox4x32(m_state, {uint32_t(value), uint32_t(value >> 32)});
    for (size_t i = 0; i < m_state.size(); ++i) {
        m_state[i] ^= through[i];
    }
}

// The window policy only decides which window a code is drawn from, and what that window holds is part of the digest.
CodeDigests::CodeDigests(const SamplingParams &params, const WindowPrefix &prefix, const WindowPlan &plan)
    : m_prefix(prefix)
    , m_plan(plan)
{
    for (const uint64_t value :
         {params.seed, uint64_t(params.variation), std::bit_cast<uint64_t>(params.temperature), uint64_t(params.topK),
          std::bit_cast<uint64_t>(params.topP), std::bit_cast<uint64_t>(params.guidance), uint64_t(params.greedy)}) {
        m_start.add(value);
    }
}

Digest CodeDigests::of(const PlannedCode &code, const CodeGrid &codes) const
{
    Digest digest = m_start;
    for (const int64_t token : m_prefix.at(code.origin)) {
        digest.add(uint64_t(token));
    }
    digest.add(kPictureCodes);
    for (int position = 0; position < code.localPosition; ++position) {
        digest.add(uint64_t(codes.at(m_plan.cellAt(code.origin, position))));
    }
    return digest;
}

} // namespace tessera::core
