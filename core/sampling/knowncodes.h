// Codes by what decided them. A code follows from its prefix, the codes before it in its window, its place's noise and
// the sampling parameters; where all of that is as it was, so is the code, and nothing needs to be computed. In a large
// canvas an edit leaves most windows as they were.
#pragma once

#include <array>
#include <cstdint>

#include "core/sampling/grid.h"
#include "core/sampling/samplingparams.h"
#include "core/sampling/windowplan.h"
#include "core/sampling/windowprefix.h"

namespace tessera::core
{

// Stands for a sequence of numbers: a hash of 128 bits, so that no two that ever meet are equal by chance.
class Digest
{
public:
    void add(uint64_t value);
    bool operator==(const Digest &) const = default;

private:
    std::array<uint32_t, 4> m_state{};
};

// A code as it was drawn, with what SampleResult reports of it.
struct KnownCode {
    Digest from; // what decided it, but for the model, the engine and the place
    int64_t code = kNoCode;
    float logProbability = 0;
    float entropy = 0;
    bool operator==(const KnownCode &) const = default;
};

// Of a canvas, one model and one engine.
using KnownCodes = Grid<KnownCode>;

// Makes the digests of one request's codes. All arguments must outlive it.
class CodeDigests
{
public:
    CodeDigests(const SamplingParams &params, const WindowPrefix &prefix, const WindowPlan &plan);

    // REQUIRES: `codes` holds every code before this one in its window.
    Digest of(const PlannedCode &code, const CodeGrid &codes) const;

private:
    const WindowPrefix &m_prefix;
    const WindowPlan &m_plan;
    Digest m_start; // of what all codes share
};

} // namespace tessera::core
