#include "models/training/transformersettings.h"

#include <algorithm>
#include <set>

#include "models/error.h"
#include "models/training/modelparts.h"
#include "models/training/recipechecks.h"
#include "models/training/trainedconditions.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kMostMaps = 64; // a view: more of one picture teach little, and are painted at once

WeightFormat readFormat(Recipe &recipe)
{
    const auto word = recipe.valueOr<std::string>("format", "int8");
    if (word == "fp32")
        return WeightFormat::Float32;
    if (word == "fp16")
        return WeightFormat::Float16;
    if (word != "int8")
        recipe.refuse("format", "fp32, fp16 or int8");
    return WeightFormat::Int8;
}

// A recipe's entry is a control of a configuration but for its first token.
ControlConfig controlOf(Recipe &keys, int64_t first)
{
    ControlConfig control{keys.value<std::string>("key"), keys.value<std::vector<std::string>>("values"), first};
    const auto source = keys.valueOr<std::string>("source", "artist");
    control.guided = keys.valueOr<bool>("guided", false);
    keys.finish();
    if (control.key.empty())
        keys.refuse("key", "a name");
    if (control.values.empty() || control.values[0] != "any"
        || std::set(control.values.begin(), control.values.end()).size() != control.values.size())
        keys.refuse("values", "different texts of which the first is 'any'");
    const auto known = controlSourceNamed(source);
    if (!known)
        keys.refuse("source", "artist, row or height");
    control.source = *known;
    if (control.guided && control.source != ControlSource::Artist)
        keys.refuse("guided", "false where the control follows the canvas");
    return control;
}

} // namespace

TransformerSettings::TransformerSettings(Recipe &recipe, const AutoencoderConfig &firstStage,
                                         const std::vector<ConditionConfig> &conditions)
{
    readRunKeys(recipe);
    checkStages(firstStage, conditions);
    readConfig(recipe, firstStage, conditions);
    readTraining(recipe);
    start = recipe.valueOr<std::string>("start", "");
    recipe.finish();
}

void TransformerSettings::readConfig(Recipe &recipe, const AutoencoderConfig &firstStage,
                                     const std::vector<ConditionConfig> &conditions)
{
    config.name = recipe.valueOr<std::string>("name", "");
    config.firstStage = firstStage;
    config.window = recipe.between<int64_t>("window", 2, 64, 16);
    readNetwork(recipe.child("transformer"), layVocabulary(recipe, conditions));
    Recipe sampling = recipe.child("sampling");
    config.sampling = {sampling.between<double>("temperature", 0.01, 100, 1.0),
                       sampling.atLeast<int64_t>("top_k", 0, 0), sampling.between<double>("top_p", 0.01, 1, 1.0),
                       sampling.between<double>("guidance", 0, 100, 1.0)};
    sampling.finish();
    config = ModelConfig::fromJson(config.toJson()); // refuses what does not fit together
    batches.tasks = TaskMix::from(recipe.child("tasks"), config);
    config.seesKept = batches.tasks.filling > 0;
}

void TransformerSettings::readNetwork(Recipe network, int64_t vocabulary)
{
    TransformerConfig transformer;
    transformer.layers = network.between<int64_t>("n_layer", 1, 96, 8);
    transformer.heads = network.between<int64_t>("n_head", 1, 128, 4);
    transformer.embedding = network.between<int64_t>("n_embd", 8, 8192, 256);
    network.finish();
    if (transformer.embedding % transformer.heads != 0)
        network.refuse("n_embd", "a multiple of the " + std::to_string(transformer.heads) + " heads of n_head",
                       std::to_string(transformer.embedding));
    transformer.vocabSize = vocabulary;
    transformer.unmasked = config.prefixLength();
    transformer.blockSize = config.prefixLength() + config.window * config.window;
    config.transformer = transformer;
}

// picture codes | codes of each kind of map | values of each control | the null token
int64_t TransformerSettings::layVocabulary(Recipe &recipe, const std::vector<ConditionConfig> &conditions)
{
    config.imageTokens = {0, config.firstStage.drawnCodes()};
    int64_t next = config.imageTokens.count;
    for (ConditionConfig condition : conditions) {
        AutoencoderConfig &stage = condition.stage.value();
        stage.encoderOnly = true; // nobody decodes its codes
        condition.tokens = {next, stage.drawnCodes()};
        next += condition.tokens.count;
        if (condition.kind == ConditionKind::Labels)
            config.condition = std::move(condition);
        else
            config.otherConditions.push_back(std::move(condition));
    }
    readControls(recipe, next);
    for (const ControlConfig &control : config.controls)
        next += int64_t(control.values.size());
    config.nullToken = next;
    return next + 1;
}

void TransformerSettings::readControls(Recipe &recipe, int64_t firstToken)
{
    for (Recipe &entry : recipe.children("controls")) {
        ControlConfig control = controlOf(entry, firstToken);
        if (std::ranges::find(config.controls, control.key, &ControlConfig::key) != config.controls.end())
            entry.refuse("key", "a name that no control before it has");
        firstToken += int64_t(control.values.size());
        config.controls.push_back(std::move(control));
    }
}

void TransformerSettings::readTraining(Recipe &recipe)
{
    batches.batch = recipe.between<int64_t>("batch", 1, 4096, 16);
    schedule = readSchedule(recipe, {1.5e-3, 0.05, 0.03});
    dropout = recipe.below("dropout", 0, 1, 0.1);
    batches.conditionDropout = recipe.share("condition_dropout", 0.1);
    batches.controlDropout = recipe.share("control_dropout", 0.3);
    keep = recipe.share("pkeep", 0.95);
    lastKeep = recipe.share("last_pkeep", keep);
    optimizer.weightDecay = recipe.atLeast<double>("weight_decay", 0, 0.05);
    optimizer.averageDecay = readAverage(recipe, 0.998);
    optimizer.beta2 = 0.95;
    format = readFormat(recipe);
    Recipe cut = recipe.child("views");
    viewsPerPicture = cut.between<int64_t>("per_picture", 1, 1024, 4);
    mapsPerView = cut.between<int64_t>("maps", 1, kMostMaps, 3);
    fieldsPerView = cut.between<int64_t>("fields", 1, kMostMaps, 1);
    views = readViewSettings(cut, {0.2, 0.55});
    cut.finish();
    readCanvases(recipe.child("canvases"));
}

// Windows of larger pictures, whose codes come from the whole of them.
void TransformerSettings::readCanvases(Recipe canvases)
{
    canvasFolder = canvases.valueOr<std::string>("folder", "");
    batches.canvasShare = canvases.share("share", 0);
    canvases.finish();
    if (canvasFolder.empty() != (batches.canvasShare == 0))
        throw Error(ErrorCode::InvalidArgument,
                    "'" + canvases.path() + "' names "
                        + (canvasFolder.empty() ? "no folder" : "the folder '" + canvasFolder + "'")
                        + " and a share of " + std::to_string(batches.canvasShare) + ": both are needed, or neither.");
}

int64_t checkTransformer(Recipe recipe, const AutoencoderConfig &firstStage,
                         const std::vector<ConditionConfig> &conditions)
{
    const TransformerSettings settings(recipe, firstStage, conditions);
    if (!settings.start.empty())
        partTensors(settings.start, Part::Transformer);
    return settings.side();
}

} // namespace tessera::models
