#include "models/parameters.h"

#include <cmath>
#include <sstream>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "models/digest.h"
#include "models/error.h"
#include "models/layers.h"

namespace tessera::models
{

namespace
{

std::string shapeText(const std::vector<int64_t> &shape)
{
    std::ostringstream text;
    text << '[';
    for (size_t i = 0; i < shape.size(); ++i)
        text << (i ? ", " : "") << shape[i];
    text << ']';
    return text.str();
}

} // namespace

StateDictSource::StateDictSource(const StateDict &tensors, std::string prefix, std::string fileName)
    : m_tensors(tensors)
    , m_prefix(std::move(prefix))
    , m_fileName(std::move(fileName))
{}

at::Tensor StateDictSource::take(const std::string &name, const std::vector<int64_t> &shape, Init, int64_t)
{
    const auto found = m_tensors.find(m_prefix + name);
    if (found == m_tensors.end()) {
        m_problems.push_back(m_prefix + name + " is missing, expected " + shapeText(shape));
        return {};
    }
    if (found->second.sizes() != at::IntArrayRef(shape))
        m_problems.push_back(m_prefix + name + " has shape " + shapeText(found->second.sizes().vec()) + ", expected "
                             + shapeText(shape));
    return found->second;
}

void StateDictSource::finish() const
{
    if (m_problems.empty())
        return;
    constexpr size_t kListed = 10;
    std::ostringstream text;
    text << (m_fileName.empty() ? "The model" : m_fileName) << " does not fit its configuration: ";
    for (size_t i = 0; i < std::min(kListed, m_problems.size()); ++i)
        text << (i ? "; " : "") << m_problems[i];
    if (m_problems.size() > kListed)
        text << "; and " << m_problems.size() - kListed << " more";
    throw Error(ErrorCode::ModelMismatch, text.str() + ".");
}

at::Tensor FreshSource::take(const std::string &name, const std::vector<int64_t> &shape, Init init, int64_t fanIn)
{
    auto generator = at::make_generator<at::CPUGeneratorImpl>(m_seed ^ digestOf(name));
    at::Tensor tensor = at::zeros(shape, at::kFloat);
    switch (init) {
    case Init::Zero:
        break;
    case Init::One:
        tensor.fill_(1);
        break;
    case Init::KaimingUniform: {
        const double bound = 1.0 / std::sqrt(double(fanIn));
        tensor.uniform_(-bound, bound, generator);
        break;
    }
    case Init::Normal002:
        tensor.normal_(0, 0.02, generator);
        break;
    case Init::CodebookUniform:
        tensor.uniform_(-1.0 / double(shape[0]), 1.0 / double(shape[0]), generator);
        break;
    }
    m_tensors[name] = tensor;
    return tensor;
}

StateDict withPrefixRemoved(const StateDict &tensors, const std::string &prefix)
{
    StateDict result;
    for (auto it = tensors.lower_bound(prefix); it != tensors.end() && it->first.starts_with(prefix); ++it)
        result[it->first.substr(prefix.size())] = it->second;
    return result;
}

StateDict withPrefixAdded(const StateDict &tensors, const std::string &prefix)
{
    StateDict result;
    for (const auto &[name, tensor] : tensors)
        result[prefix + name] = tensor;
    return result;
}

Conv takeConv(ParameterSource &source, const std::string &name, int64_t in, int64_t out, int64_t kernel)
{
    const int64_t fanIn = in * kernel * kernel;
    return {source.take(name + ".weight", {out, in, kernel, kernel}, Init::KaimingUniform, fanIn),
            source.take(name + ".bias", {out}, Init::KaimingUniform, fanIn)};
}

Linear takeLinear(ParameterSource &source, const std::string &name, int64_t in, int64_t out)
{
    return {source.take(name + ".weight", {out, in}, Init::Normal002), source.take(name + ".bias", {out}, Init::Zero)};
}

Norm takeNorm(ParameterSource &source, const std::string &name, int64_t channels)
{
    return {source.take(name + ".weight", {channels}, Init::One), source.take(name + ".bias", {channels}, Init::Zero)};
}

} // namespace tessera::models
