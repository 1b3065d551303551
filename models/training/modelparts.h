// Networks of finished models, to train on top of or to go on from: files of one stage alone, and whole models such as the
// starter.
#pragma once

#include <filesystem>
#include <string>

#include "models/bundle.h"

namespace tessera::models
{

enum class Part { FirstStage, ConditionStage, Transformer };

// The tensors of one network by its own names, decompressed to float32. A file of one stage alone gives its tensors for
// FirstStage. Throws Error: what ModelFile::open throws, and ModelMismatch when the model has no such part.
StateDict partTensors(const std::filesystem::path &path, Part part);

// A frozen stage: that of a model with this stage, or a stage alone in its file.
class TrainedStage
{
public:
    TrainedStage(const std::filesystem::path &path, Part part, c10::Device device = c10::kCPU);

    const Autoencoder &network() const { return m_part == Part::FirstStage ? m_bundle.firstStage() : alone(); }
    const AutoencoderConfig &config() const { return network().config; }
    const std::string &labelSet() const { return m_bundle.config().condition.labelSet; }
    const std::string &identity() const { return m_bundle.identity(); }
    StateDict tensors() const { return partTensors(m_bundle.path(), partInFile()); }

private:
    const Autoencoder &alone() const
    {
        return m_bundle.conditionStage() ? *m_bundle.conditionStage() : m_bundle.firstStage();
    }
    Part partInFile() const
    {
        return m_part == Part::ConditionStage && m_bundle.conditionStage() ? Part::ConditionStage : Part::FirstStage;
    }

    ModelBundle m_bundle;
    Part m_part;
};

} // namespace tessera::models
