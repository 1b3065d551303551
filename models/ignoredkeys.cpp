// Which keys of a configuration have no effect here.
#include <map>
#include <set>

#include "models/configparts.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

using Keys = std::set<std::string>;

// What fromJson reads, and what the original reads for training alone: it cannot change a picture.
const Keys kModel{"target", "params", "tessera", "base_learning_rate"};
const Keys kStage{"target", "params"};
const Keys kWholeModel{"transformer_config",
                       "first_stage_config",
                       "cond_stage_config",
                       "permuter_config",
                       "first_stage_key",
                       "cond_stage_key",
                       "unconditional",
                       "sos_token",
                       "ckpt_path",
                       "ignore_keys",
                       "pkeep",
                       "downsample_cond_size"};
const Keys kAutoencoder{"ddconfig",   "n_embed",          "embed_dim",   "remap",     "unknown_index",
                        "used_codes", "ckpt_path",        "ignore_keys", "image_key", "colorize_nlabels",
                        "monitor",    "sane_index_shape", "n_labels",    "kl_weight", "temperature_scheduler_config"};
const Keys kEncoder{"in_channels", "out_ch",     "ch",         "ch_mult",      "num_res_blocks",   "attn_resolutions",
                    "resolution",  "z_channels", "patch_size", "norm_groups",  "encoder_only",     "double_z",
                    "dropout",     "attn_type",  "tanh_out",   "give_pre_end", "resamp_with_conv", "use_linear_attn"};
const Keys kTransformer{"vocab_size", "block_size", "n_layer",     "n_head",    "n_embd",
                        "n_unmasked", "embd_pdrop", "resid_pdrop", "attn_pdrop"};
const Keys kTokenStage{"n_embed", "down_factor", "n_classes", "sos_token", "conditional_key"};
const Keys kPermuter{"H", "W"};
const Keys kOwn{"name",      "window",     "sampling",  "image_tokens",  "condition_tokens",
                "label_set", "null_token", "controls",  "window_prices", "other_conditions",
                "sees_kept", "map",        "edge_reach"};

class Walk
{
public:
    std::vector<std::string> take(const json &document)
    {
        unknown(document, "", {"model"});
        if (!configHas(document, "model"))
            return m_found;
        const json &model = document.at("model");
        unknown(model, "model.", kModel);
        if (configHas(model, "tessera"))
            unknown(model.at("tessera"), "model.tessera.", kOwn);
        if (configHas(model, "params")) {
            if (model.at("params").contains("first_stage_config"))
                wholeModel(model.at("params"), "model.params.");
            else
                autoencoder(model.at("params"), "model.params.");
        }
        return m_found;
    }

private:
    void unknown(const json &node, const std::string &path, const Keys &known)
    {
        if (node.is_object())
            for (const auto &[key, value] : node.items())
                if (!known.contains(key))
                    m_found.push_back(path + key);
    }

    void wholeModel(const json &params, const std::string &path)
    {
        unknown(params, path, kWholeModel);
        for (const char *key : {"first_stage_config", "cond_stage_config", "transformer_config", "permuter_config"}) {
            if (!configHas(params, key))
                continue;
            const json &node = params.at(key);
            const std::string below = path + key + ".";
            unknown(node, below, kStage);
            if (!configHas(node, "params"))
                continue;
            if (node.at("params").contains("ddconfig"))
                autoencoder(node.at("params"), below + "params.");
            else
                unknown(node.at("params"), below + "params.", keysOf(key));
        }
    }

    static const Keys &keysOf(const std::string &part)
    {
        return part == "transformer_config" ? kTransformer : part == "permuter_config" ? kPermuter : kTokenStage;
    }

    void autoencoder(const json &params, const std::string &path)
    {
        unknown(params, path, kAutoencoder);
        if (configHas(params, "ddconfig"))
            unknown(params.at("ddconfig"), path + "ddconfig.", kEncoder);
    }

    std::vector<std::string> m_found;
};

} // namespace

std::vector<std::string> ignoredKeys(const json &document)
{
    return Walk().take(document);
}

} // namespace tessera::models
