#include "models/bundle.h"

#include <array>
#include <cstdio>
#include <cstring>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/compression.h"
#include "models/error.h"
#include "models/resources.h"
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

ModelConfig configOf(const SafetensorsIndex &index)
{
    const auto text = index.metadata.find(kConfigKey);
    if (text == index.metadata.end())
        throw Error(ErrorCode::ModelMismatch, index.path.string()
                                                  + " holds tensors but no model configuration: its metadata "
                                                  + "has no entry '" + kConfigKey + "'.");
    const auto json = nlohmann::json::parse(text->second, nullptr, false);
    if (json.is_discarded())
        throw Error(ErrorCode::ModelMismatch,
                    index.path.string() + " has a model configuration that is not valid JSON.");
    try {
        return ModelConfig::fromJson(json);
    } catch (const Error &error) {
        throw Error(error.code(), index.path.string() + ": " + error.what());
    }
}

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
        hash.add(tensor.data_ptr(), tensor.nbytes());
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

std::string storedType(const SafetensorsIndex &index)
{
    std::map<std::string, uint64_t> bytes;
    for (const auto &[name, entry] : index.entries)
        bytes[entry.dtype] += entry.end - entry.begin;
    std::string most;
    for (const auto &[type, count] : bytes)
        if (most.empty() || count > bytes[most])
            most = type;
    static const std::map<std::string, std::string> kNames{{"F32", "float32"}, {"F16", "float16"}, {"I8", "int8"}};
    const auto name = kNames.find(most);
    return name == kNames.end() ? most : name->second;
}

} // namespace

fs::path ModelBundle::resolve(const fs::path &path)
{
    const fs::path place = path == "starter" ? resourceFolder() / "starter" : path;
    std::error_code ignored;
    if (fs::is_regular_file(place, ignored))
        return place;
    if (!fs::is_directory(place, ignored))
        throw Error(ErrorCode::ModelNotFound, "There is no model at " + place.string()
                                                  + ": expected a .safetensors file, a folder with one, or 'starter'.");
    const fs::path named = place / "model.safetensors"; // a training run keeps its checkpoint beside it
    if (fs::is_regular_file(named, ignored))
        return named;
    fs::path found;
    std::error_code failure;
    for (const auto &entry : fs::directory_iterator(place, failure))
        if (entry.path().extension() == ".safetensors" && (found.empty() || entry.path() < found))
            found = entry.path();
    if (failure)
        throw Error(ErrorCode::FileRead, "The folder " + place.string() + " cannot be read: " + failure.message() + ".");
    if (found.empty())
        throw Error(ErrorCode::ModelNotFound, "The folder " + place.string() + " holds no .safetensors model.");
    return found;
}

ModelBundle ModelBundle::open(const fs::path &path, c10::Device device)
{
    const SafetensorsIndex index = readSafetensorsIndex(resolve(path));
    ModelBundle bundle;
    bundle.m_path = index.path;
    bundle.m_device = device;
    bundle.m_config = configOf(index);
    const StateDict stored = readSafetensors(index);
    bundle.m_identity = identityOf(bundle.m_config, stored);
    const StateDict tensors = onDevice(decompressed(stored), device);

    const ModelConfig &config = bundle.m_config;
    StateDictSource source(tensors, "", index.path.string());
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
    const SafetensorsIndex index = readSafetensorsIndex(resolve(path));
    ModelSummary summary;
    summary.path = index.path;
    summary.config = configOf(index);
    summary.format = "safetensors";
    summary.dtype = storedType(index);
    summary.fileBytes = fs::file_size(index.path);
    for (const auto &[name, entry] : index.entries) {
        uint64_t count = 1;
        for (const int64_t side : entry.shape)
            count *= uint64_t(side);
        summary.parameters += name.ends_with(".scale") ? 0 : count;
    }
    summary.memoryBytes = summary.parameters * 4;
    summary.notes = index.metadata;
    summary.notes.erase(kConfigKey);
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
