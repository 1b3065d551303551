// A model as a whole: configuration and networks, opened from a file.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include "models/autoencoder.h"
#include "models/config.h"
#include "models/transformer.h"

namespace tessera::models
{

// What `inspect` shows without loading weights.
struct ModelSummary {
    std::filesystem::path path;
    std::string title; // shown to people (ModelFile::title)
    ModelConfig config;
    std::string format; // "safetensors", "torch zip", "torch legacy"
    std::string dtype;  // of the stored weights: "float32", "float16", "int8"
    uint64_t fileBytes = 0;
    uint64_t parameters = 0;
    uint64_t memoryBytes = 0;                 // weights as float32
    std::map<std::string, std::string> notes; // everything else in the file's metadata: training figures, recipe, ...
};

// 16 hex digits over a configuration and weights as stored: equal models, equal identity, wherever the file lies.
std::string identityOf(const ModelConfig &config, const StateDict &tensors);

// Constant after opening but for takeTransformer(); may be read by several threads, although its networks run on one
// thread at a time.
class ModelBundle
{
public:
    // Anything that ModelFile::open finds, on any of its makes. Throws what it throws, ModelMismatch for tensors that
    // do not fit the configuration, and NonFinite naming a tensor with a weight that is NaN or infinite.
    static ModelBundle open(const std::filesystem::path &path, c10::Device device = c10::kCPU);
    // Opens without reading any tensor; their shapes are checked. Throws what `open` throws, but NonFinite. Tensors
    // that no network takes are in the notes, as "ignored tensors".
    static ModelSummary inspect(const std::filesystem::path &path);
    // The file that `open` would read.
    static std::filesystem::path resolve(const std::filesystem::path &path);
    // Writes configuration and tensors (prefixes of the original: first_stage_model., cond_stage_model., transformer.;
    // a first stage alone has none). The name holds its old model or all of the new. A path that ends in
    // .safetensors.index.json becomes an index and files of at most 15 MiB beside it (safetensorsset.h).
    static void write(const std::filesystem::path &path, const ModelConfig &config, const StateDict &tensors,
                      const std::map<std::string, std::string> &notes);

    const ModelConfig &config() const { return m_config; }
    const std::filesystem::path &path() const { return m_path; }
    // identityOf() of the file's configuration and tensors.
    const std::string &identity() const { return m_identity; }
    const Autoencoder &firstStage() const { return m_firstStage; }
    const Autoencoder *conditionStage() const { return m_conditionStage ? &*m_conditionStage : nullptr; }
    // The stage that reads maps of this kind; null: the model paints from none.
    const Autoencoder *stageOf(ConditionKind kind) const;
    const Transformer *transformer() const { return m_transformer ? &*m_transformer : nullptr; }
    c10::Device device() const { return m_device; }

    // For who keeps the transformer's weights in another form. transformer() is null from then on. REQUIRES: it was
    // not.
    Transformer takeTransformer();

private:
    ModelBundle() = default;

    std::filesystem::path m_path;
    std::string m_identity;
    c10::Device m_device = c10::kCPU;
    ModelConfig m_config;
    Autoencoder m_firstStage;
    std::optional<Autoencoder> m_conditionStage;
    std::vector<Autoencoder> m_otherStages;
    std::optional<Transformer> m_transformer;
};

} // namespace tessera::models
