#include "models/modelfit.h"

#include <algorithm>
#include <set>

#include <ATen/ATen.h>

#include "models/checkpoint/checkpoint.h"
#include "models/error.h"
#include "models/networks.h"

namespace tessera::models
{

namespace
{

constexpr size_t kListed = 3;

// What belongs to the network below a prefix, whether it takes it or not.
struct Part {
    std::string prefix;
    std::vector<std::string> names; // beginnings of names behind the prefix
};

Part partOf(const std::string &prefix, const AutoencoderConfig &stage)
{
    Part part{prefix, {"encoder.", "quant_conv."}};
    if (!stage.encoderOnly)
        part.names.insert(part.names.end(), {"decoder.", "post_quant_conv."});
    return part;
}

std::vector<Part> partsOf(const ModelConfig &config)
{
    std::vector<Part> parts{partOf(config.transformer ? "first_stage_model." : "", config.firstStage)};
    if (config.condition.stage && !config.condition.sharesFirstStage)
        parts.push_back(partOf("cond_stage_model.", *config.condition.stage));
    for (const ConditionConfig &other : config.otherConditions)
        parts.push_back(partOf(otherStagePrefix(other.kind), *other.stage));
    if (config.transformer)
        parts.push_back({"transformer.", {""}});
    return parts;
}

bool belongsTo(const Part &part, const std::string &name)
{
    return name.starts_with(part.prefix) && !name.ends_with(".attn.mask")
           && std::ranges::any_of(part.names,
                                  [&](const std::string &start) { return name.starts_with(part.prefix + start); });
}

} // namespace

void checkLeftovers(const ModelFile &file)
{
    const std::vector<Part> parts = partsOf(file.config);
    std::vector<std::string> left;
    for (const std::string &name : file.ignoredTensors())
        if (std::ranges::any_of(parts, [&](const Part &part) { return belongsTo(part, name); }))
            left.push_back(name);
    if (left.empty())
        return;
    std::string text = file.path.string() + " does not fit its configuration, which has no place for ";
    for (size_t i = 0; i < std::min(kListed, left.size()); ++i)
        text += (i ? ", " : "") + left[i];
    if (left.size() > kListed)
        text += " and " + std::to_string(left.size() - kListed) + " more";
    throw Error(ErrorCode::ModelMismatch, text + ".");
}

void checkTypes(const ModelFile &file)
{
    static const std::set<std::string> kFloating{"F64", "F32", "F16", "BF16"};
    for (const std::string &name : networkTensors(file.config)) {
        const auto entry = file.entries.find(name);
        if (entry == file.entries.end() || name.ends_with("quantize.used") || kFloating.contains(entry->second.dtype))
            continue;
        if (entry->second.dtype != "I8" || !file.entries.contains(name + ".scale"))
            throw Error(ErrorCode::FileFormat, file.path.string() + ": the tensor " + name + " holds numbers of type "
                                                   + entry->second.dtype + ", expected floating-point weights.");
    }
}

void adoptMask(ModelFile &file)
{
    const auto *checkpoint = std::get_if<CheckpointIndex>(&file.index);
    const std::string name = "transformer.blocks.0.attn.mask";
    const auto entry = file.entries.find(name);
    if (!checkpoint || !file.config.transformer || entry == file.entries.end())
        return;
    TransformerConfig &transformer = *file.config.transformer;
    const std::vector<int64_t> whole{1, 1, transformer.blockSize, transformer.blockSize};
    if (entry->second.shape != whole)
        return;
    const at::Tensor mask = readCheckpoint(*checkpoint, name).at(name);
    const auto seen = mask[0][0][0].ne(0).sum().item<int64_t>(); // by the first token: itself, or all of them
    const int64_t unmasked = seen > 1 ? seen : 0;
    if (unmasked > file.config.prefixLength()) // as ModelConfig::fromJson has it of n_unmasked
        throw Error(ErrorCode::ModelMismatch, file.path.string() + ": by the tensor " + name + " the first "
                                                  + std::to_string(unmasked) + " tokens see each other, but only "
                                                  + std::to_string(file.config.prefixLength())
                                                  + " tokens come before the picture's.");
    if (unmasked == transformer.unmasked)
        return;
    std::string &notices = file.notes["notices"];
    notices += (notices.empty() ? "" : "; ") + ("The first " + std::to_string(unmasked))
               + " tokens see each other, as the file's attention mask has it; its configuration has "
               + std::to_string(transformer.unmasked) + ".";
    transformer.unmasked = unmasked;
}

} // namespace tessera::models
