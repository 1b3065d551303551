// Networks of finished models, to train on top of or to go on from: files of one stage alone, and whole models such as
// the starter.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "models/bundle.h"

namespace tessera::models
{

enum class Part { FirstStage, Transformer };

// The tensors of one network by its own names, decompressed to float32. A file of one stage alone gives its tensors for
// FirstStage. Throws Error: what ModelFile::open throws, and ModelMismatch when the model has no such part.
StateDict partTensors(const std::filesystem::path &path, Part part);

// The same of the stage that reads maps of this kind: in a whole model, or alone in its file.
StateDict stageTensors(const std::filesystem::path &path, ConditionKind kind);

// A frozen stage: that of a model with this stage, or a stage alone in its file.
class TrainedStage
{
public:
    // A first stage. Throws what ModelBundle::open throws.
    TrainedStage(const std::filesystem::path &path, c10::Device device);
    // A stage that reads maps of this kind. Throws also Error (ModelMismatch) where the file has none.
    TrainedStage(const std::filesystem::path &path, ConditionKind kind, c10::Device device);

    const Autoencoder &network() const;
    const AutoencoderConfig &config() const { return network().config; }
    // What it says of its maps: the label set, the reach of edges.
    const ConditionConfig &condition() const;
    // As they were in the file at construction, by the network's own names.
    const StateDict &tensors() const { return m_tensors; }
    // Of layout and tensors: equal stages, equal text, whatever else is in their files.
    const std::string &identity() const { return m_identity; }

private:
    void readTensors();

    ModelBundle m_bundle;
    std::optional<ConditionKind> m_kind;
    StateDict m_tensors;
    std::string m_identity;
};

} // namespace tessera::models
