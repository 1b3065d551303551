// What a model is: sizes of its networks, what it paints from, how its vocabulary is laid out.
// One JSON form serves every source: it is the layout of the original's project files
// ("model": {"target", "params"}), with a "tessera" object for what the original does not have.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "models/permuter.h"

namespace tessera::models
{

// How a latent becomes a code: the nearest codebook vector, or the likeliest by a layer of its own (GumbelVQ; the noise
// that it is trained with is left out, so that equal pictures have equal codes).
enum class QuantizerKind { Nearest, Gumbel };

// The list of codes that a model uses, its own number for each (the original's `remap`): a transformer over 973 of
// 16384 codes learns 973 tokens. The list itself is the tensor quantize.used.
struct RemapConfig {
    int64_t used = 0; // length of the list
    // What a code outside the list becomes (unknown_index): a place in the list, or, being `used` itself, a number of
    // its own that is decoded as the first of the list ("extra"). Absent ("random"): the nearest code of the list,
    // where the original draws one, so that equal pictures have equal codes.
    std::optional<int64_t> unknown;

    int64_t codes() const { return used + (unknown == used ? 1 : 0); }
    bool operator==(const RemapConfig &) const = default;
};

// A VQGAN: encoder, codebook, decoder (Esser et al. 2021, sec. 3.1; names of the original's `ddconfig` in comments).
struct AutoencoderConfig {
    int64_t inChannels = 3;                          // in_channels
    int64_t outChannels = 3;                         // out_ch
    int64_t width = 128;                             // ch
    std::vector<int64_t> multipliers{1, 1, 2, 2, 4}; // ch_mult, one per level
    int64_t resBlocks = 2;                           // num_res_blocks
    std::vector<int64_t> attentionResolutions{16};   // attn_resolutions, nominal, counted from `resolution`
    int64_t resolution = 256;                        // resolution, decides where attention sits, never the input size
    int64_t zChannels = 256;                         // z_channels
    int64_t embedDim = 256;                          // embed_dim
    int64_t codes = 1024;                            // n_embed: vectors of the codebook
    int64_t patch = 1;       // patch_size: side of a space-to-depth stem before the encoder; 1 is the published layout
    int64_t normGroups = 32; // norm_groups: 32 in every published model; fewer suit narrow networks, where a group of
                             // one or two channels forgets what is constant over the picture
    QuantizerKind quantizer = QuantizerKind::Nearest; // by the model's class
    std::optional<RemapConfig> remap = std::nullopt;  // remap
    bool encoderOnly =
        false; // encoder_only: a shipped condition stage, whose codes nobody decodes, leaves its decoder out

    // How many codes there are to draw: all of the codebook, or those of the list.
    int64_t drawnCodes() const { return remap ? remap->codes() : codes; }
    // Pixels per code and side: patch * 2^(levels - 1).
    int64_t factor() const;
    // Whether the blocks of a level, 0 being the highest resolution, have attention.
    bool attends(size_t level) const;
    // How many of a side's pixels the encoder looks at. Beyond whole codes there is no code, but a published encoder
    // sees those pixels, as the original's; a patch stem takes whole codes alone.
    int64_t seenPixels(int64_t side) const;
    bool operator==(const AutoencoderConfig &) const = default;
};

// The code transformer (minGPT lineage).
struct TransformerConfig {
    int64_t vocabSize = 1024; // vocab_size
    int64_t blockSize = 512;  // block_size: longest sequence, prefix and picture codes together
    int64_t layers = 24;      // n_layer
    int64_t heads = 16;       // n_head
    int64_t embedding = 1024; // n_embd
    int64_t unmasked = 0;     // n_unmasked: leading tokens that see each other in both directions

    int64_t headDim() const { return embedding / heads; }
    bool operator==(const TransformerConfig &) const = default;
};

// Objects: boxes of objects as ready-made tokens (scene layouts). Such a model is known, but nothing here makes its
// tokens.
enum class ConditionKind { Labels, Depth, Edges, Coordinates, Class, None, Objects };

// A run of token ids in the transformer's vocabulary.
struct TokenRange {
    int64_t first = 0;
    int64_t count = 0;
    bool operator==(const TokenRange &) const = default;
};

// What the transformer is conditioned on. For Labels, Depth and Edges `stage` is a VQGAN whose codes, shifted by
// `tokens.first`, fill the condition part of the sequence. Coordinates fill it with as many steps as there are tokens,
// Class has a token for each class, and None the start token alone.
struct ConditionConfig {
    ConditionKind kind = ConditionKind::None;
    std::string labelSet; // name of a label set ("landscape", "cocostuff", "ade20k"); Labels only
    std::optional<AutoencoderConfig> stage;
    TokenRange tokens;
    int64_t length = 0;   // tokens in front of the picture's codes; Objects only
    double edgeReach = 0; // edge_reach: Edges only. Above 0 the stage reads how near the next line is: 1 on it,
        // falling by e in so many pixels of a window of 256 (edgefield.h); 0: the lines themselves, as published:
        // 1 on one, else 0
    bool sharesFirstStage = false; // the stage is the first stage itself, tensors and all ("__is_first_stage__")
    bool operator==(const ConditionConfig &) const = default;
};

// Who says what a control is: the artist, or the place of the window in its canvas. Row: where the window's middle is
// between the canvas' top and bottom, in as many equal parts as there are values behind "any". Height: how high the
// canvas is; values are numbers of windows, the nearest is taken.
enum class ControlSource { Artist, Row, Height };

// One control in front of the condition, such as "light". values[0] is always "any"; value v of this control is the
// token `first + v`.
struct ControlConfig {
    std::string key;
    std::vector<std::string> values;
    int64_t first = 0;
    ControlSource source = ControlSource::Artist;
    bool guided = false; // guidance weighs it like the condition: it is "any" in the half without
    bool operator==(const ControlConfig &) const = default;
};

// What sampling uses when the request does not say.
struct SamplingDefaults {
    double temperature = 1.0;
    int64_t topK = 100; // 0: off
    double topP = 1.0;  // 1: off
    double guidance = 1.0;
    bool operator==(const SamplingDefaults &) const = default;
};

struct ModelConfig {
    std::string name; // shown to people
    AutoencoderConfig firstStage;
    std::optional<TransformerConfig> transformer; // absent: a first stage alone
    ConditionConfig condition;
    // Other maps that the same transformer paints from, Depth or Edges, each with a stage and tokens of its own. A
    // map's codes say by their range what it is a map of.
    std::vector<ConditionConfig> otherConditions;
    // Trained to fill regions: the codes of a picture that stay stand, as picture tokens, in the condition's place, so
    // that what is right of and below a region counts, too.
    bool seesKept = false;
    std::vector<ControlConfig> controls; // order of the control tokens, which come first in every sequence
    std::optional<int64_t> nullToken;    // stands at every condition position when the condition is dropped; present
                                         // exactly when the model was trained for guidance
    TokenRange imageTokens;              // count is firstStage.drawnCodes()
    SamplingDefaults sampling;
    int64_t window = 16;                            // codes per side of the attention window
    PermuterKind permuter = PermuterKind::Identity; // the order of a window's codes
    // By how much codes are less likely, in percent of their nats, when the window moves in steps of so many codes, as
    // measured; window_prices, with keys such as "block:8". No part of what a model is: two models that differ here
    // alone make the same pictures and have the same identity.
    std::map<int, double> windowPrices;

    // Tokens before the first picture code of a window: controls, then condition.
    int64_t prefixLength() const;
    // The condition of this kind, `condition` or one of the others; null: none.
    const ConditionConfig *conditionOf(ConditionKind kind) const;
    bool operator==(const ModelConfig &) const = default;

    // Throws Error (ModelMismatch) naming the key, what was found and what was expected.
    static ModelConfig fromJson(const nlohmann::json &json);
    nlohmann::json toJson() const;
};

// The keys of a document that fromJson neither uses nor knows to matter for training alone, as paths such as
// "model.params.lossconfig". What they ask for has no effect.
std::vector<std::string> ignoredKeys(const nlohmann::json &document);

// "labels", "depth", "edges", "coordinates", "class", "nothing", "objects".
std::string conditionKindName(ConditionKind kind);

// "artist", "row", "height".
std::optional<ControlSource> controlSourceNamed(const std::string &name);

// The value of a control whose source is the canvas, for a window whose middle is at `middle` (0: top, 1: bottom) of a
// canvas that is `height` windows high: an index into its values. REQUIRES: source is not Artist.
int64_t placedValue(const ControlConfig &control, double middle, double height);

} // namespace tessera::models
