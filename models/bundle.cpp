#include "models/bundle.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <numeric>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/compression.h"
#include "models/digest.h"
#include "models/error.h"
#include "models/modelfile.h"
#include "models/networks.h"
#include "models/safetensorsset.h"

namespace tessera::models
{

namespace fs = std::filesystem;

namespace
{

const std::string kConfigKey = "config";
constexpr uint64_t kSetFileBytes = 15 << 20; // small enough for repositories and mails

// FNV-1a on words: quick, and equal for equal models. It guards against mistakes, not against forgery.
class IdentityHash
{
public:
    void add(const void *data, size_t bytes)
    {
        const auto *from = static_cast<const char *>(data);
        for (; bytes >= 8; bytes -= 8, from += 8) {
            uint64_t word = 0;
            std::memcpy(&word, from, 8);
            mix(word);
        }
        uint64_t rest = 0;
        std::memcpy(&rest, from, bytes);
        mix(rest ^ uint64_t(bytes) << 56);
    }
    std::string text() const { return digestText(m_state); }

private:
    void mix(uint64_t word)
    {
        m_state = (m_state ^ word) * 0x100000001b3ULL;
        m_state ^= m_state >> 29;
    }
    uint64_t m_state = 0xcbf29ce484222325ULL;
};

// A model's name need not be UTF-8.
std::string textOf(const ModelConfig &config)
{
    return config.toJson().dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

std::string identityOf(const ModelConfig &config, const StateDict &tensors)
{
    IdentityHash hash;
    ModelConfig named = config;
    named.windowPrices.clear();
    const std::string text = textOf(named);
    hash.add(text.data(), text.size());
    for (const auto &[name, tensor] : tensors) {
        hash.add(name.data(), name.size());
        const at::Tensor plain = tensor.contiguous();
        hash.add(plain.data_ptr(), plain.nbytes());
    }
    return hash.text();
}

namespace
{

StateDict onDevice(StateDict tensors, c10::Device device)
{
    if (device.is_cpu())
        return tensors;
    at::globalContext().setAllowTF32CuDNN(false); // fp32 means fp32: codes are those of the CPU
    at::globalContext().setAllowTF32CuBLAS(false);
    at::globalContext().setAllowFP16ReductionCuBLAS(false); // sums of 16-bit products stay float32
    at::globalContext().setAllowBF16ReductionCuBLAS(false);
    for (auto &[name, tensor] : tensors)
        tensor = tensor.to(device);
    return tensors;
}

std::string storedType(const ModelFile &file)
{
    std::map<std::string, uint64_t> bytes;
    for (const auto &[name, entry] : file.entries)
        bytes[entry.dtype] += entry.bytes;
    std::string most;
    for (const auto &[type, count] : bytes)
        if (most.empty() || count > bytes[most])
            most = type;
    static const std::map<std::string, std::string> kNames{{"F32", "float32"}, {"F16", "float16"}, {"I8", "int8"}};
    const auto name = kNames.find(most);
    return name == kNames.end() ? most : name->second;
}

// A weight that is not finite makes every picture black or noise. The sum of a tensor is not finite when one of its
// values is not; sums that overflow by themselves are looked at again.
void checkFinite(const StateDict &tensors, const std::string &fileName)
{
    for (const auto &[name, tensor] : tensors) {
        if (!tensor.is_floating_point() || at::isfinite(tensor.sum()).item<bool>())
            continue;
        const int64_t wrong = at::isfinite(tensor).logical_not().sum().item<int64_t>();
        if (wrong > 0)
            throw Error(ErrorCode::NonFinite, fileName + ": the tensor " + name + " holds " + std::to_string(wrong)
                                                  + " values that are NaN or infinite; expected finite weights.");
    }
}

// A list of used codes that points beside the codebook would read what is not there.
void checkUsedCodes(Autoencoder &stage, const std::string &fileName)
{
    if (!stage.used.defined())
        return;
    stage.used = stage.used.to(at::kLong);
    const int64_t least = stage.used.min().item<int64_t>(), greatest = stage.used.max().item<int64_t>();
    if (least < 0 || greatest >= stage.config.codes)
        throw Error(ErrorCode::ModelMismatch, fileName + ": the list of used codes, quantize.used, holds "
                                                  + std::to_string(least < 0 ? least : greatest) + ", expected 0 to "
                                                  + std::to_string(stage.config.codes - 1) + ".");
}

// Shapes without values.
StateDict shapesOf(const ModelFile &file)
{
    StateDict shapes;
    for (const auto &[name, entry] : file.entries)
        shapes[name] = at::empty(entry.shape, at::device(at::kMeta).dtype(at::kFloat));
    return shapes;
}

uint64_t elementCount(const std::vector<int64_t> &shape)
{
    return std::accumulate(shape.begin(), shape.end(), uint64_t(1), std::multiplies<uint64_t>());
}

std::string listed(const std::vector<std::string> &names)
{
    constexpr size_t kListed = 10;
    std::string text;
    for (size_t i = 0; i < std::min(kListed, names.size()); ++i)
        text += (i ? ", " : "") + names[i];
    return names.size() > kListed ? text + " and " + std::to_string(names.size() - kListed) + " more" : text;
}

} // namespace

fs::path ModelBundle::resolve(const fs::path &path)
{
    return ModelFile::resolve(path);
}

ModelBundle ModelBundle::open(const fs::path &path, c10::Device device)
{
    const ModelFile file = ModelFile::open(path);
    ModelBundle bundle;
    bundle.m_path = file.path;
    bundle.m_device = device;
    bundle.m_config = file.config;
    const StateDict stored = file.readTensors();
    checkFinite(stored, file.path.string());
    bundle.m_identity = identityOf(bundle.m_config, stored);
    const StateDict tensors = onDevice(decompressed(stored), device);

    StateDictSource source(tensors, "", file.path.string());
    Networks networks = Networks::create(bundle.m_config, source);
    source.finish();
    checkUsedCodes(networks.firstStage, file.path.string());
    if (networks.conditionStage)
        checkUsedCodes(*networks.conditionStage, file.path.string());
    for (Autoencoder &stage : networks.otherStages)
        checkUsedCodes(stage, file.path.string());
    bundle.m_firstStage = std::move(networks.firstStage);
    bundle.m_conditionStage = std::move(networks.conditionStage);
    bundle.m_otherStages = std::move(networks.otherStages);
    bundle.m_transformer = std::move(networks.transformer);
    return bundle;
}

const Autoencoder *ModelBundle::stageOf(ConditionKind kind) const
{
    if (kind == m_config.condition.kind)
        return conditionStage();
    const auto other = std::ranges::find(m_config.otherConditions, kind, &ConditionConfig::kind);
    if (other == m_config.otherConditions.end())
        return nullptr;
    return &m_otherStages[size_t(other - m_config.otherConditions.begin())];
}

Transformer ModelBundle::takeTransformer()
{
    Transformer taken = std::move(*m_transformer);
    m_transformer.reset();
    return taken;
}

ModelSummary ModelBundle::inspect(const fs::path &path)
{
    const ModelFile file = ModelFile::open(path);
    const StateDict shapes = shapesOf(file);
    StateDictSource source(shapes, "", file.path.string());
    Networks::create(file.config, source);
    source.finish();

    ModelSummary summary;
    summary.path = file.path;
    summary.title = file.title;
    summary.config = file.config;
    summary.format = file.format;
    summary.dtype = storedType(file);
    summary.fileBytes = file.bytes();
    for (const std::string &name : networkTensors(file.config))
        summary.parameters += elementCount(file.entries.at(name).shape);
    summary.memoryBytes = summary.parameters * 4;
    summary.notes = file.notes;
    if (const std::vector<std::string> ignored = file.ignoredTensors(); !ignored.empty())
        summary.notes["ignored tensors"] = std::to_string(ignored.size()) + ": " + listed(ignored);
    return summary;
}

void ModelBundle::write(const fs::path &path, const ModelConfig &config, const StateDict &tensors,
                        const std::map<std::string, std::string> &notes)
{
    auto metadata = notes;
    metadata[kConfigKey] = textOf(config);
    if (namesSafetensorsSet(path))
        writeSafetensorsSet(path, tensors, metadata, kSetFileBytes);
    else
        writeSafetensors(path, tensors, metadata);
}

} // namespace tessera::models
