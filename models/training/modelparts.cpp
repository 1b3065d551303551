#include "models/training/modelparts.h"

#include <algorithm>

#include "models/compression.h"
#include "models/error.h"
#include "models/modelfile.h"
#include "models/networks.h"

namespace tessera::models
{

namespace
{

bool hasPrefix(const StateDict &tensors, const std::string &prefix)
{
    const auto first = tensors.lower_bound(prefix);
    return first != tensors.end() && first->first.starts_with(prefix);
}

StateDict tensorsBelow(const ModelFile &file, const std::string &prefix, bool orAlone)
{
    const StateDict all = decompressed(file.readTensors());
    if (hasPrefix(all, prefix))
        return withPrefixRemoved(all, prefix);
    if (orAlone && !file.config.transformer)
        return all;
    throw Error(ErrorCode::ModelMismatch, file.path.string() + " has no tensors that begin with '" + prefix + "'.");
}

// Files of label stages do not name what they read.
bool readsAlone(const ModelConfig &config, ConditionKind kind)
{
    const ConditionKind found =
        config.condition.kind == ConditionKind::None ? ConditionKind::Labels : config.condition.kind;
    return !config.transformer && found == kind;
}

} // namespace

StateDict partTensors(const std::filesystem::path &path, Part part)
{
    return part == Part::FirstStage ? tensorsBelow(ModelFile::open(path), "first_stage_model.", true)
                                    : tensorsBelow(ModelFile::open(path), "transformer.", false);
}

StateDict stageTensors(const std::filesystem::path &path, ConditionKind kind)
{
    const ModelFile file = ModelFile::open(path);
    const bool first = file.config.condition.kind == kind || !file.config.transformer;
    return tensorsBelow(file, first ? "cond_stage_model." : otherStagePrefix(kind), true);
}

TrainedStage::TrainedStage(const std::filesystem::path &path, c10::Device device)
    : m_bundle(ModelBundle::open(path, device))
{
    readTensors();
}

TrainedStage::TrainedStage(const std::filesystem::path &path, ConditionKind kind, c10::Device device)
    : m_bundle(ModelBundle::open(path, device))
    , m_kind(kind)
{
    if (!m_bundle.stageOf(kind) && !readsAlone(m_bundle.config(), kind))
        throw Error(ErrorCode::ModelMismatch,
                    m_bundle.path().string() + " has no stage that reads maps of " + conditionKindName(kind) + ".");
    readTensors();
}

void TrainedStage::readTensors()
{
    m_tensors = m_kind ? stageTensors(m_bundle.path(), *m_kind) : partTensors(m_bundle.path(), Part::FirstStage);
    ModelConfig alone;
    alone.firstStage = config();
    if (m_kind) {
        alone.condition.labelSet = condition().labelSet;
        alone.condition.edgeReach = condition().edgeReach;
    }
    m_identity = identityOf(alone, m_tensors);
}

const Autoencoder &TrainedStage::network() const
{
    const Autoencoder *stage = m_kind ? m_bundle.stageOf(*m_kind) : nullptr;
    return stage ? *stage : m_bundle.firstStage();
}

const ConditionConfig &TrainedStage::condition() const
{
    const ConditionConfig *condition = m_bundle.config().conditionOf(m_kind.value_or(ConditionKind::None));
    return condition ? *condition : m_bundle.config().condition;
}

} // namespace tessera::models
