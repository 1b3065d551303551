#include "models/bundle.h"

#include <array>
#include <cstdio>
#include <cstring>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/compression.h"
#include "models/modelfile.h"
#include "models/safetensors.h"

namespace tessera::models
{

namespace fs = std::filesystem;

namespace
{

const std::string kConfigKey = "config";
const std::string kFirstStage = "first_stage_model.";
const std::string kConditionStage = "cond_stage_model.";
const std::string kTransformer = "transformer.";

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
    std::string text() const
    {
        std::array<char, 17> digits{};
        std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(m_state));
        return digits.data();
    }

private:
    void mix(uint64_t word)
    {
        m_state = (m_state ^ word) * 0x100000001b3ULL;
        m_state ^= m_state >> 29;
    }
    uint64_t m_state = 0xcbf29ce484222325ULL;
};

std::string identityOf(const ModelConfig &config, const StateDict &tensors)
{
    IdentityHash hash;
    const std::string text = config.toJson().dump();
    hash.add(text.data(), text.size());
    for (const auto &[name, tensor] : tensors) {
        hash.add(name.data(), name.size());
        const at::Tensor plain = tensor.contiguous();
        hash.add(plain.data_ptr(), plain.nbytes());
    }
    return hash.text();
}

StateDict onDevice(StateDict tensors, c10::Device device)
{
    if (!device.is_cpu())
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

// Whether the networks take this tensor: optimisers, losses and masks are in published files, too.
bool belongsToNetworks(const std::string &name)
{
    return !name.ends_with(".scale") && !name.starts_with("loss.") && name.find(".loss.") == std::string::npos
           && !name.ends_with(".attn.mask");
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
    bundle.m_identity = identityOf(bundle.m_config, stored);
    const StateDict tensors = onDevice(decompressed(stored), device);

    const ModelConfig &config = bundle.m_config;
    StateDictSource source(tensors, "", file.path.string());
    PrefixedSource firstStage(source, config.transformer ? kFirstStage : "");
    bundle.m_firstStage = Autoencoder::create(config.firstStage, firstStage);
    if (config.condition.stage) {
        PrefixedSource conditionStage(source, kConditionStage);
        bundle.m_conditionStage = Autoencoder::create(*config.condition.stage, conditionStage);
    }
    if (config.transformer) {
        PrefixedSource transformer(source, kTransformer);
        bundle.m_transformer = Transformer::create(*config.transformer, transformer);
    }
    source.finish();
    return bundle;
}

ModelSummary ModelBundle::inspect(const fs::path &path)
{
    const ModelFile file = ModelFile::open(path);
    ModelSummary summary;
    summary.path = file.path;
    summary.config = file.config;
    summary.format = file.format;
    summary.dtype = storedType(file);
    summary.fileBytes = fs::file_size(file.path);
    for (const auto &[name, entry] : file.entries) {
        uint64_t count = 1;
        for (const int64_t side : entry.shape)
            count *= uint64_t(side);
        summary.parameters += belongsToNetworks(name) ? count : 0;
    }
    summary.memoryBytes = summary.parameters * 4;
    summary.notes = file.notes;
    return summary;
}

void ModelBundle::write(const fs::path &path, const ModelConfig &config, const StateDict &tensors,
                        const std::map<std::string, std::string> &notes)
{
    auto metadata = notes;
    metadata[kConfigKey] = config.toJson().dump();
    writeSafetensors(path, tensors, metadata);
}

} // namespace tessera::models
