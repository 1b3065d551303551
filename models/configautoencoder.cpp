// The autoencoder's part of a configuration: `ddconfig`, embed_dim, n_embed.
#include <algorithm>
#include <array>
#include <tuple>

#include "models/configparts.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

// Limits are far beyond every model there is; they keep a damaged file from asking for more memory than exists.
constexpr int64_t kMostChannels = 4096, kMostCodes = 1 << 20, kMostBlocks = 64, kMostPixels = 1 << 16;

// The original ignores keys that it does not know. These change the arithmetic: what they ask for must not be ignored.
void refuseOtherArithmetic(const json &dd)
{
    for (const auto &[key, expected] : {std::pair{"double_z", false},
                                        {"resamp_with_conv", true},
                                        {"give_pre_end", false},
                                        {"tanh_out", false},
                                        {"use_linear_attn", false}})
        if (configValueOr<bool>(dd, key, expected) != expected)
            failConfig("'" + std::string(key) + "' is " + (expected ? "false" : "true") + ", which is not supported");
    if (const auto type = configValueOr<std::string>(dd, "attn_type", "vanilla"); type != "vanilla")
        failConfig("'attn_type' is '" + type + "', expected 'vanilla'");
}

// `used_codes` is not the original's, which reads the list from a file of its own: whoever opens the model's file
// counts the list there (models/modelfile).
std::optional<RemapConfig> readRemap(const json &params, int64_t codes)
{
    if (!configHas(params, "remap"))
        return std::nullopt;
    if (!configHas(params, "used_codes"))
        failConfig("'remap' is " + shownValue(params.at("remap"))
                   + ", but the list of used codes, the tensor quantize.used, is missing");
    RemapConfig remap{configValue<int64_t>(params, "used_codes"), std::nullopt};
    expectBetween("used_codes", remap.used, 1, codes);
    if (!configHas(params, "unknown_index") || params.at("unknown_index") == "random")
        return remap;
    if (params.at("unknown_index") == "extra") {
        remap.unknown = remap.used;
        return remap;
    }
    remap.unknown = configValue<int64_t>(params, "unknown_index");
    expectBetween("unknown_index", *remap.unknown, 0, remap.used - 1);
    return remap;
}

AutoencoderConfig readAutoencoder(const json &params, const json &dd)
{
    AutoencoderConfig config;
    config.inChannels = configValue<int64_t>(dd, "in_channels");
    config.outChannels = configValue<int64_t>(dd, "out_ch");
    config.width = configValue<int64_t>(dd, "ch");
    config.multipliers = configValue<std::vector<int64_t>>(dd, "ch_mult");
    config.resBlocks = configValue<int64_t>(dd, "num_res_blocks");
    config.attentionResolutions = configValue<std::vector<int64_t>>(dd, "attn_resolutions");
    config.resolution = configValue<int64_t>(dd, "resolution");
    config.zChannels = configValue<int64_t>(dd, "z_channels");
    config.embedDim = configValue<int64_t>(params, "embed_dim");
    config.codes = configValue<int64_t>(params, "n_embed");
    config.patch = configValueOr<int64_t>(dd, "patch_size", 1);
    config.normGroups = configValueOr<int64_t>(dd, "norm_groups", 32);
    config.encoderOnly = configValueOr<bool>(dd, "encoder_only", false);
    return config;
}

void checkAutoencoder(const AutoencoderConfig &config)
{
    for (const auto &[key, number, most] : {std::tuple{"in_channels", config.inChannels, kMostChannels},
                                            {"out_ch", config.outChannels, kMostChannels},
                                            {"ch", config.width, kMostChannels},
                                            {"num_res_blocks", config.resBlocks, kMostBlocks},
                                            {"z_channels", config.zChannels, kMostChannels},
                                            {"embed_dim", config.embedDim, kMostChannels},
                                            {"n_embed", config.codes, kMostCodes},
                                            {"patch_size", config.patch, kMostBlocks},
                                            {"norm_groups", config.normGroups, kMostChannels},
                                            {"resolution", config.resolution, kMostPixels}})
        expectBetween(key, number, 1, most);
    if (config.multipliers.empty() || config.multipliers.size() > 10)
        failConfig("'ch_mult' has " + std::to_string(config.multipliers.size()) + " levels, expected 1 to 10");
    for (const int64_t multiplier : config.multipliers) {
        expectBetween("ch_mult", multiplier, 1, kMostChannels);
        if (config.width * multiplier % config.normGroups != 0)
            failConfig("a width of " + std::to_string(config.width) + " * " + std::to_string(multiplier)
                       + " channels is not a multiple of the " + std::to_string(config.normGroups)
                       + " groups of the normalisation");
    }
    // The original feeds the logits' layer, made for z_channels, what quant_conv has turned into embed_dim.
    if (config.quantizer == QuantizerKind::Gumbel && config.zChannels != config.embedDim)
        failConfig("'z_channels' is " + std::to_string(config.zChannels) + " and 'embed_dim' "
                   + std::to_string(config.embedDim) + ", which a Gumbel quantizer needs to be equal");
}

constexpr std::array kNearestClasses{"VQModel", "VQSegmentationModel", "VQNoDiscModel", "VQModelInterface"};
constexpr const char *kGumbelClass = "GumbelVQ";

bool isNearestClass(const std::string &name)
{
    return std::find(kNearestClasses.begin(), kNearestClasses.end(), name) != kNearestClasses.end();
}

} // namespace

bool isAutoencoder(const json &node)
{
    const std::string name = targetClass(node);
    return name == kGumbelClass || isNearestClass(name);
}

AutoencoderConfig autoencoderFrom(const json &node)
{
    const std::string name = targetClass(node);
    if (!isAutoencoder(node))
        failConfig("the stage's target '" + name + "' is not known, expected VQModel, VQSegmentationModel or GumbelVQ");
    const json &params = configChild(node, "params");
    const json &dd = configChild(params, "ddconfig");
    AutoencoderConfig config = readAutoencoder(params, dd);
    config.quantizer = name == kGumbelClass ? QuantizerKind::Gumbel : QuantizerKind::Nearest;
    refuseOtherArithmetic(dd);
    checkAutoencoder(config);
    config.remap = readRemap(params, config.codes);
    return config;
}

json autoencoderJson(const AutoencoderConfig &config)
{
    json dd = {{"double_z", false},
               {"in_channels", config.inChannels},
               {"out_ch", config.outChannels},
               {"ch", config.width},
               {"ch_mult", config.multipliers},
               {"num_res_blocks", config.resBlocks},
               {"attn_resolutions", config.attentionResolutions},
               {"resolution", config.resolution},
               {"z_channels", config.zChannels},
               {"dropout", 0.0}};
    if (config.patch != 1)
        dd["patch_size"] = config.patch;
    if (config.normGroups != 32)
        dd["norm_groups"] = config.normGroups;
    if (config.encoderOnly)
        dd["encoder_only"] = true;
    const std::string name = config.quantizer == QuantizerKind::Gumbel ? kGumbelClass : kNearestClasses[0];
    json params = {{"embed_dim", config.embedDim}, {"n_embed", config.codes}, {"ddconfig", dd}};
    if (config.remap) {
        params["remap"] = "quantize.used";
        params["used_codes"] = config.remap->used;
        if (config.remap->unknown == config.remap->used)
            params["unknown_index"] = "extra";
        else if (config.remap->unknown)
            params["unknown_index"] = *config.remap->unknown;
    }
    return {{"target", "taming.models.vqgan." + name}, {"params", params}};
}

} // namespace tessera::models
