#include "models/configinference.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "models/error.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kPublishedHeads = 16;
constexpr int64_t kImageNetHeads = 24;
constexpr int64_t kPublishedResolution = 256;
constexpr int64_t kPublishedGroups = 32;

[[noreturn]] void fail(const std::string &what)
{
    throw Error(ErrorCode::ModelMismatch, "What the model is cannot be read off its tensors: " + what + ".");
}

std::string shapeText(const std::vector<int64_t> &shape)
{
    std::string text;
    for (const int64_t side : shape)
        text += (text.empty() ? "[" : ", ") + std::to_string(side);
    return text + (shape.empty() ? "[]" : "]");
}

// The tensors below one prefix.
class Shapes
{
public:
    Shapes(const TensorShapes &all, std::string prefix) : m_all(all), m_prefix(std::move(prefix)) {}

    std::string fullName(const std::string &name) const { return m_prefix + name; }
    bool holds(const std::string &name) const { return m_all.contains(m_prefix + name); }

    // Side `axis` of a tensor with `sides` sides.
    int64_t side(const std::string &name, size_t sides, size_t axis) const
    {
        const auto found = m_all.find(m_prefix + name);
        if (found == m_all.end())
            fail("the tensor " + m_prefix + name + " is missing");
        const std::vector<int64_t> &shape = found->second;
        if (shape.size() != sides || std::ranges::any_of(shape, [](int64_t length) { return length < 1; }))
            fail("the tensor " + m_prefix + name + " has the shape " + shapeText(shape) + ", expected "
                 + std::to_string(sides) + " sides of at least 1");
        return shape[axis];
    }

    // One more than the highest number that follows `start` in a name: 3 for "down.0.", "down.1.", "down.2.".
    int64_t count(const std::string &start) const
    {
        const std::string whole = m_prefix + start;
        int64_t highest = -1;
        for (auto entry = m_all.lower_bound(whole); entry != m_all.end() && entry->first.starts_with(whole); ++entry) {
            int64_t number = -1;
            const char *digits = entry->first.data() + whole.size();
            std::from_chars(digits, entry->first.data() + entry->first.size(), number);
            highest = std::max(highest, number);
        }
        constexpr int64_t kMost = 1024; // beyond every network: a damaged name must not ask for a network of that size
        if (highest < 0 || highest >= kMost)
            fail("the tensors " + whole + "0... are missing or numbered beyond " + std::to_string(kMost));
        return highest + 1;
    }

private:
    const TensorShapes &m_all;
    std::string m_prefix;
};

bool holdsPrefix(const TensorShapes &shapes, const std::string &prefix)
{
    const auto first = shapes.lower_bound(prefix);
    return first != shapes.end() && first->first.starts_with(prefix);
}

// The resolution that a network was made for decides where attention sits and nothing else: with another one and the
// same levels the network is the same.
void inferLevels(const Shapes &shapes, AutoencoderConfig &config)
{
    constexpr int64_t kMostLevels = 10; // as in a configuration
    const int64_t levels = shapes.count("encoder.down.");
    if (levels > kMostLevels)
        fail("the tensors " + shapes.fullName("encoder.down.") + "0... make " + std::to_string(levels)
             + " levels, expected at most " + std::to_string(kMostLevels));
    config.multipliers.clear();
    config.attentionResolutions.clear();
    config.resolution = std::max(kPublishedResolution, int64_t(1) << levels) * config.patch;
    for (int64_t level = 0; level < levels; ++level) {
        const std::string name = "encoder.down." + std::to_string(level);
        const int64_t width = shapes.side(name + ".block.0.conv1.weight", 4, 0);
        if (width % config.width != 0)
            fail(name + " has " + std::to_string(width) + " channels, no multiple of the first layer's "
                 + std::to_string(config.width));
        config.multipliers.push_back(width / config.width);
        if (shapes.holds(name + ".attn.0.norm.weight"))
            config.attentionResolutions.push_back((config.resolution / config.patch) >> level);
    }
    config.resBlocks = shapes.count("encoder.down.0.block.");
}

// The side of the patches of a decoder with a pixel shuffle, whose features are those of decoder.patch_out.
int64_t inferPatch(const Shapes &shapes)
{
    if (!shapes.holds("decoder.patch_out.weight"))
        return 1;
    const int64_t features = shapes.side("decoder.patch_out.weight", 4, 1);
    const int64_t shuffled = shapes.side("decoder.conv_out.weight", 4, 0);
    const auto patch = int64_t(std::lround(std::sqrt(double(shuffled) / double(features))));
    if (patch < 2 || patch * patch * features != shuffled)
        fail("decoder.conv_out makes " + std::to_string(shuffled)
             + " channels, no square multiple of decoder.patch_out's " + std::to_string(features));
    return patch;
}

void inferCodebook(const Shapes &shapes, AutoencoderConfig &config)
{
    config.quantizer = shapes.holds("quantize.proj.weight") ? QuantizerKind::Gumbel : QuantizerKind::Nearest;
    const char *name =
        config.quantizer == QuantizerKind::Gumbel ? "quantize.embed.weight" : "quantize.embedding.weight";
    config.codes = shapes.side(name, 2, 0);
    config.embedDim = shapes.side(name, 2, 1);
    if (shapes.holds("quantize.used"))
        config.remap = RemapConfig{shapes.side("quantize.used", 1, 0), std::nullopt};
}

AutoencoderConfig inferAutoencoder(const Shapes &shapes)
{
    AutoencoderConfig config;
    config.patch = inferPatch(shapes);
    config.width = shapes.side("encoder.conv_in.weight", 4, 0);
    config.inChannels = shapes.side("encoder.conv_in.weight", 4, 1) / (config.patch * config.patch);
    config.outChannels = shapes.side(config.patch > 1 ? "decoder.patch_out.weight" : "decoder.conv_out.weight", 4, 0);
    config.zChannels = shapes.side("encoder.conv_out.weight", 4, 0);
    config.normGroups = kPublishedGroups;
    inferLevels(shapes, config);
    inferCodebook(shapes, config);
    return config;
}

class Inference
{
public:
    explicit Inference(const TensorShapes &shapes) : m_shapes(shapes) {}

    InferredConfig run()
    {
        const bool whole = holdsPrefix(m_shapes, "transformer.");
        m_config.firstStage = inferAutoencoder(Shapes(m_shapes, whole ? "first_stage_model." : ""));
        if (whole)
            inferTransformerModel();
        try {
            m_result.config = ModelConfig::fromJson(m_config.toJson()); // refuses what does not fit together
        } catch (const Error &error) {
            throw Error(error.code(),
                        std::string("The model has no configuration, and the one read off its tensors does "
                                    "not work. ")
                            + error.what());
        }
        return std::move(m_result);
    }

private:
    void inferTransformerModel()
    {
        if (holdsPrefix(m_shapes, "permuter."))
            fail("it draws its codes in an order of its own, which its configuration names");
        const Shapes shapes(m_shapes, "transformer.");
        TransformerConfig transformer;
        transformer.vocabSize = shapes.side("tok_emb.weight", 2, 0);
        transformer.embedding = shapes.side("tok_emb.weight", 2, 1);
        transformer.blockSize = shapes.side("pos_emb", 3, 1);
        transformer.layers = shapes.count("blocks.");
        transformer.heads = heads(transformer);
        m_config.transformer = transformer;
        m_config.imageTokens = {0, m_config.firstStage.drawnCodes()};
        if (holdsPrefix(m_shapes, "cond_stage_model.encoder."))
            inferMapCondition();
        else
            inferTokenCondition(transformer);
    }

    int64_t heads(const TransformerConfig &transformer)
    {
        const bool imageNet = isImageNet(transformer);
        assume(imageNet
                   ? "The number of attention heads cannot be seen in the tensors; 24 was taken, as configurations "
                     "made from that of the published ImageNet model have it."
                   : "The number of attention heads cannot be seen in the tensors; 16 was taken, as in nearly all "
                     "published models.",
               "n_head");
        return imageNet ? kImageNetHeads : kPublishedHeads;
    }

    void inferMapCondition()
    {
        ConditionConfig &condition = m_config.condition;
        condition.stage = inferAutoencoder(Shapes(m_shapes, "cond_stage_model."));
        condition.tokens = {0, condition.stage->drawnCodes()};
        const int64_t channels = condition.stage->inChannels;
        condition.kind = channels == 1 ? ConditionKind::Depth : ConditionKind::Labels;
        if (channels == 3)
            fail("its condition stage reads pictures of 3 channels, which may show edges or anything else");
        if (channels == 182 || channels == 183)
            condition.labelSet = "cocostuff";
        else if (channels == 151)
            condition.labelSet = "ade20k";
        assume("That it paints from " + (channels == 1 ? std::string("depth") : std::to_string(channels) + " labels")
                   + " was concluded from the channels of its condition stage.",
               "cond_stage_key");
    }

    // Half of the sequence is a condition that no network makes, which is a coordinate for each code; or some of it,
    // which is a layout; or all of it is picture, after one token.
    void inferTokenCondition(const TransformerConfig &transformer)
    {
        ConditionConfig &condition = m_config.condition;
        const int64_t window = m_config.window * m_config.window;
        if (transformer.blockSize >= 2 * window - 1) {
            condition.kind = ConditionKind::Coordinates;
            condition.tokens = {0, std::min<int64_t>(1024, transformer.vocabSize)};
            assume("That it paints from coordinates in 1024 steps was concluded from the length of its sequences.",
                   "cond_stage_config");
            return;
        }
        if (transformer.blockSize > window + 1) {
            condition.kind = ConditionKind::Objects;
            assume("That it paints from a layout of objects was concluded from the length of its sequences.",
                   "cond_stage_config");
            return;
        }
        const bool classes = isImageNet(transformer);
        condition.kind = classes ? ConditionKind::Class : ConditionKind::None;
        condition.tokens = {0, classes ? 1000 : 1};
        assume(classes
                   ? "That it paints from one of 1000 classes was concluded from its size, that of the published "
                     "ImageNet model."
                   : "Whether it paints from a class cannot be seen in the tensors; it is taken to paint from nothing.",
               "cond_stage_config");
    }

    // Of the published models the only one that paints from a class, and the only one whose heads are not known to be
    // 16: the paper says so of all, but what users made of its configuration has 24.
    static bool isImageNet(const TransformerConfig &transformer)
    {
        return transformer.layers == 48 && transformer.embedding == 1536 && transformer.vocabSize == 16384;
    }

    void assume(const std::string &sentence, const std::string &key)
    {
        m_result.assumptions.push_back(sentence + " '" + key + "' in a .yaml beside the checkpoint decides instead.");
    }

    const TensorShapes &m_shapes;
    ModelConfig m_config;
    InferredConfig m_result;
};

} // namespace

InferredConfig inferConfig(const TensorShapes &shapes)
{
    return Inference(shapes).run();
}

} // namespace tessera::models
