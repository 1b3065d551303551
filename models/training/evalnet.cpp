#include "models/training/evalnet.h"

#include <algorithm>

#include <ATen/ATen.h>

#include "models/error.h"
#include "models/safetensors.h"
#include "models/training/mapaugment.h"
#include "models/yaml.h"

namespace tessera::models
{

namespace
{

// Few: a group's mean goes, and with it colour unless other channels of the group tell it.
constexpr int64_t kGroups = 4;
constexpr int64_t kMultiple = 8; // widths are multiples of it
constexpr size_t kStages = 5;
constexpr int64_t kThumbnail = 4; // pixels per side
constexpr int64_t kHidden = 64;
const std::string kMetadataKey = "evalnet";

GroupNorm takeGroupNorm(ParameterSource &source, const std::string &name, int64_t channels)
{
    const Norm norm = takeNorm(source, name, channels);
    return {norm.weight, norm.bias, kGroups};
}

EvalNet::Stage takeStage(ParameterSource &source, const std::string &name, int64_t in, int64_t out)
{
    EvalNet::Stage stage;
    stage.first = takeConv(source, name + ".first", in, out, 3);
    stage.norm1 = takeGroupNorm(source, name + ".norm1", out);
    stage.second = takeConv(source, name + ".second", out, out, 3);
    stage.norm2 = takeGroupNorm(source, name + ".norm2", out);
    return stage;
}

at::Tensor throughStage(const EvalNet::Stage &stage, const at::Tensor &x, int64_t stride)
{
    const at::Tensor h = normalisedSilu(stage.norm1, at::conv2d(x, stage.first.weight, stage.first.bias, stride, 1));
    return normalisedSilu(stage.norm2, convolved(stage.second, h, 1));
}

at::Tensor applied(const Linear &layer, const at::Tensor &x)
{
    return at::linear(x, layer.weight, layer.bias);
}

// The stage at a quarter of the size.
size_t firstLateral(const EvalNetConfig &config)
{
    return config.stem == 1 ? 2 : 1;
}

at::Tensor twice(const at::Tensor &x)
{
    return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

} // namespace

int64_t judgedClass(std::span<const std::string_view> classes, std::string_view name)
{
    const auto found = std::ranges::find(classes, name);
    return found == classes.end() ? kNotJudged : found - classes.begin();
}

EvalNetConfig EvalNetConfig::fromJson(const nlohmann::json &json, const std::string &origin)
{
    EvalNetConfig config;
    try {
        config.widths = json.value("widths", config.widths);
        config.pyramid = json.value("pyramid", config.pyramid);
        config.side = json.value("side", config.side);
        config.stem = json.value("stem", config.stem);
        config.depth = json.value("depth", config.depth);
    } catch (const nlohmann::json::exception &) {
        throw Error(ErrorCode::InvalidArgument,
                    origin
                        + " describes no EvalNet: expected a list of numbers as 'widths', whole numbers as 'pyramid', "
                          "'side' and 'stem', and true or false as 'depth'.");
    }
    const auto odd = [](int64_t width) { return width < kMultiple || width % kMultiple != 0; };
    if (config.widths.size() != kStages || std::ranges::any_of(config.widths, odd) || odd(config.pyramid))
        throw Error(ErrorCode::InvalidArgument, origin + " has the widths " + nlohmann::json(config.widths).dump()
                                                    + " and the pyramid " + std::to_string(config.pyramid)
                                                    + "; expected five widths and a pyramid, each a multiple of "
                                                    + std::to_string(kMultiple) + ".");
    if (config.stem != 1 && config.stem != 2)
        throw Error(ErrorCode::InvalidArgument,
                    origin + " has the stem " + std::to_string(config.stem) + "; expected 1 or 2.");
    if (config.side < 32 || config.side > 1024 || config.side % config.multiple() != 0)
        throw Error(ErrorCode::InvalidArgument, origin + " has the side " + std::to_string(config.side)
                                                    + "; expected a multiple of " + std::to_string(config.multiple())
                                                    + " from 32 to 1024.");
    return config;
}

nlohmann::json EvalNetConfig::toJson() const
{
    return {{"widths", widths}, {"pyramid", pyramid}, {"side", side}, {"stem", stem}, {"depth", depth}};
}

EvalNet EvalNet::create(const EvalNetConfig &config, ParameterSource &source)
{
    EvalNet net;
    net.config = config;
    int64_t in = 3;
    for (size_t i = 0; i < config.widths.size(); ++i) {
        net.stages.push_back(takeStage(source, "stages." + std::to_string(i), in, config.widths[i]));
        in = config.widths[i];
    }
    const size_t first = firstLateral(config);
    for (size_t i = first; i < config.widths.size(); ++i)
        net.laterals.push_back(
            takeConv(source, "laterals." + std::to_string(i - first), config.widths[i], config.pyramid, 1));
    net.smooth = takeConv(source, "smooth", config.pyramid, config.pyramid, 3);
    net.smoothNorm = takeGroupNorm(source, "smooth_norm", config.pyramid);
    net.classify = takeConv(source, "classify", config.pyramid, kMapLabels, 1);
    if (config.depth)
        net.depth = takeConv(source, "depth", config.pyramid, 1, 1);
    net.hidden = takeLinear(source, "hidden", config.widths.back() + 3 * kThumbnail * kThumbnail, kHidden);
    net.light = takeLinear(source, "light", kHidden, int64_t(kJudgedLights.size()));
    net.biome = takeLinear(source, "biome", kHidden, int64_t(kJudgedBiomes.size()));
    return net;
}

EvalNet EvalNet::untrained(const EvalNetConfig &config, uint64_t seed)
{
    FreshSource source(seed);
    return create(config, source);
}

EvalNet EvalNet::load(const std::filesystem::path &path, c10::Device device)
{
    const SafetensorsIndex index = readSafetensorsIndex(path);
    const auto description = index.metadata.find(kMetadataKey);
    const nlohmann::json json =
        description == index.metadata.end() ? nlohmann::json() : parseJsonText(description->second, path);
    if (!json.is_object())
        throw Error(ErrorCode::FileFormat, path.string()
                                               + " holds no EvalNet: expected a file that `tessera-train "
                                                 "evalnet` made.");
    StateDict tensors = readSafetensors(index);
    for (auto &[name, tensor] : tensors)
        tensor = tensor.to(device);
    StateDictSource source(tensors, "", path.string());
    EvalNet net = create(EvalNetConfig::fromJson(json, path.string()), source);
    source.finish();
    return net;
}

void EvalNet::write(const std::filesystem::path &path, const EvalNetConfig &config, const StateDict &tensors,
                    const std::map<std::string, std::string> &notes)
{
    std::map<std::string, std::string> metadata = notes;
    metadata[kMetadataKey] = config.toJson().dump();
    writeSafetensors(path, tensors, metadata);
}

Judgement EvalNet::forward(const at::Tensor &x) const
{
    const int64_t multiple = config.multiple();
    TORCH_CHECK(x.dim() == 4 && x.size(1) == 3 && x.size(2) % multiple == 0 && x.size(3) % multiple == 0,
                "EvalNet: pictures of ", x.sizes(), ", expected [B, 3, H, W] with H and W multiples of ", multiple);
    std::vector<at::Tensor> maps; // each at half the size of the one before
    at::Tensor h = x.contiguous(at::MemoryFormat::ChannelsLast);
    for (size_t i = 0; i < stages.size(); ++i) {
        h = throughStage(stages[i], h, i == 0 ? config.stem : 2);
        maps.push_back(h);
    }
    at::Tensor pyramid = convolved(laterals.back(), maps.back(), 0);
    for (size_t i = laterals.size() - 1; i-- > 0;)
        pyramid = twice(pyramid) + convolved(laterals[i], maps[firstLateral(config) + i], 0);
    pyramid = normalisedSilu(smoothNorm, convolved(smooth, pyramid, 1)); // [B, pyramid, H / 4, W / 4]

    const at::Tensor deep = maps[4].to(at::kFloat).mean({2, 3});
    const at::Tensor thumbnail = at::_adaptive_avg_pool2d(x, {kThumbnail, kThumbnail}).reshape({x.size(0), -1});
    const at::Tensor seen = at::silu(applied(hidden, at::cat({deep, thumbnail}, 1)));
    Judgement judgement;
    judgement.labels = convolved(classify, pyramid, 0).to(at::kFloat);
    if (config.depth)
        judgement.depth = convolved(depth, pyramid, 0).to(at::kFloat);
    judgement.light = applied(light, seen).to(at::kFloat);
    judgement.biome = applied(biome, seen).to(at::kFloat);
    judgement.features = at::cat({maps[2].to(at::kFloat).mean({2, 3}), deep}, 1);
    return judgement;
}

} // namespace tessera::models
