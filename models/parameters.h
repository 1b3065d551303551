// Where networks take their tensors from, by the original's names: a checkpoint, or fresh initial values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Tensors by name, in name order. Names are the original's module paths, e.g. "decoder.up.1.block.0.conv1.weight".
using StateDict = std::map<std::string, at::Tensor>;

// How a fresh tensor starts.
enum class Init {
    Zero,
    One,
    KaimingUniform, // U(-1/sqrt(fan in), 1/sqrt(fan in)): the original's default for convolutions and their biases
    Normal002,      // N(0, 0.02): transformer weights and embeddings, discriminator convolutions
    CodebookUniform // U(-1/rows, 1/rows)
};

// A network asks for each of its tensors exactly once while it is constructed.
class ParameterSource
{
public:
    virtual ~ParameterSource() = default;
    // `fanIn` is used by KaimingUniform alone.
    virtual at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init init,
                            int64_t fanIn = 0) = 0;
};

// Reads from a state dict, below `prefix`. Collects what is missing or misshapen instead of failing at once, so that
// the error can list it: call finish() when all networks are constructed.
class StateDictSource : public ParameterSource
{
public:
    StateDictSource(const StateDict &tensors, std::string prefix = "", std::string fileName = "");
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init init, int64_t fanIn = 0) override;
    // Throws Error (ModelMismatch) with the first ten problems: name, found shape, expected shape.
    void finish() const;

private:
    const StateDict &m_tensors;
    std::string m_prefix;
    std::string m_fileName;
    std::vector<std::string> m_problems;
};

// Makes initial float32 tensors from a seed; each depends on the seed and its own name alone. Keeps them in tensors().
class FreshSource : public ParameterSource
{
public:
    explicit FreshSource(uint64_t seed) : m_seed(seed) {}
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init init, int64_t fanIn = 0) override;
    const StateDict &tensors() const { return m_tensors; }

private:
    uint64_t m_seed;
    StateDict m_tensors;
};

// Puts another name in front of every request.
class PrefixedSource : public ParameterSource
{
public:
    PrefixedSource(ParameterSource &source, std::string prefix) : m_source(source), m_prefix(std::move(prefix)) {}
    at::Tensor take(const std::string &name, const std::vector<int64_t> &shape, Init init, int64_t fanIn = 0) override
    {
        return m_source.take(m_prefix + name, shape, init, fanIn);
    }

private:
    ParameterSource &m_source;
    std::string m_prefix;
};

// The tensors below `prefix`, with the prefix taken off.
StateDict withPrefixRemoved(const StateDict &tensors, const std::string &prefix);
// All tensors, with `prefix` put in front.
StateDict withPrefixAdded(const StateDict &tensors, const std::string &prefix);

} // namespace tessera::models
