#include "models/training/modelparts.h"

#include <algorithm>

#include "models/compression.h"
#include "models/error.h"
#include "models/modelfile.h"

namespace tessera::models
{

namespace
{

std::string prefixOf(Part part)
{
    switch (part) {
    case Part::FirstStage:
        return "first_stage_model.";
    case Part::ConditionStage:
        return "cond_stage_model.";
    case Part::Transformer:
        break;
    }
    return "transformer.";
}

bool hasPrefix(const StateDict &tensors, const std::string &prefix)
{
    const auto first = tensors.lower_bound(prefix);
    return first != tensors.end() && first->first.starts_with(prefix);
}

} // namespace

StateDict partTensors(const std::filesystem::path &path, Part part)
{
    const ModelFile file = ModelFile::open(path);
    const StateDict all = decompressed(file.readTensors());
    if (hasPrefix(all, prefixOf(part)))
        return withPrefixRemoved(all, prefixOf(part));
    if (part == Part::FirstStage && !file.config.transformer)
        return all;
    throw Error(ErrorCode::ModelMismatch,
                file.path.string() + " has no tensors that begin with '" + prefixOf(part) + "'.");
}

TrainedStage::TrainedStage(const std::filesystem::path &path, Part part, c10::Device device)
    : m_bundle(ModelBundle::open(path, device))
    , m_part(part)
{}

} // namespace tessera::models
