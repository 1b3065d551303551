// The training of condition stages. Depth and edges are fieldtrainer.cpp's; here it is labels': a VQGAN over one-hot
// maps, judged by cross-entropy, without an adversary (Esser et al. 2021, sec. 3.2, segmentation). Maps are augmented
// to look painted, so its codes speak of blobs.
#include <ATen/ATen.h>

#include "models/training/evaluate.h"
#include "models/training/fieldtrainer.h"
#include "models/training/onehot.h"
#include "models/training/pictureset.h"
#include "models/training/recipechecks.h"
#include "models/training/sheet.h"
#include "models/training/stacked.h"
#include "models/training/stagetraining.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kValidationSide = 256;
constexpr int64_t kValidated = 32;

struct LabelSettings : StageSettings {
    explicit LabelSettings(Recipe &recipe) : StageSettings(recipe)
    {
        expectChannels(kMapLabels, conditionKindName(ConditionKind::Labels));
        views = readViews(recipe);
        if (recipe.value<std::string>("label_set") != kMapLabelSet)
            recipe.refuse("label_set", "'" + std::string(kMapLabelSet) + "', the labels that training pictures have");
        recipe.finish();
    }

    TrainingViews views;
};

class ConditionTraining : public StageTraining
{
public:
    ConditionTraining(const TrainOptions &options, Recipe &recipe, const LabelSettings &settings)
        : StageTraining(options, recipe, settings)
        , m_pictures(options.data / "train")
        , m_validation(options.data / "val")
        , m_views(settings.views)
    {}

protected:
    Batch batch(uint64_t seed) override
    {
        const auto painted = [&](int64_t i) {
            const uint64_t sample = mixedSeed(seed, uint64_t(i));
            return m_pictures.paintedLabels(m_pictures.randomView(sample, m_views.cut), m_views.side, sample, {});
        };
        const at::Tensor labels = stacked(m_views.batch, painted).to(device());
        return {oneHot(labels, kMapLabels), labels};
    }

    at::Tensor reconstructionLoss(const at::Tensor &output, const at::Tensor &target, Values &values) override
    {
        values["accuracy"] = (output.argmax(1) == target).to(at::kFloat).mean().item<double>();
        return at::cross_entropy_loss(output, target);
    }

    Values validate(const Autoencoder &model) override
    {
        const auto figures = evaluateMaps(model, m_validation, kValidationSide, kValidated);
        writeSheet(m_run.file("samples.png"), figures.shown, 8);
        return {
            {"accuracy", *figures.accuracy}, {"mean_iou", *figures.meanIou}, {"codes_used", double(figures.codesUsed)}};
    }

    std::string pictures() const override { return m_pictures.origin(); }

    ModelConfig modelConfig() const override
    {
        ModelConfig config;
        config.name = m_settings.name;
        config.firstStage = m_model.config;
        config.imageTokens = {0, m_model.config.codes};
        config.condition.labelSet = kMapLabelSet;
        return config;
    }

private:
    PictureSet m_pictures, m_validation;
    const TrainingViews m_views;
};

// Of the recipe's `kind`; labels where it names none.
ConditionKind kindOf(Recipe &recipe)
{
    const auto name = recipe.valueOr<std::string>("kind", conditionKindName(ConditionKind::Labels));
    for (const ConditionKind kind : {ConditionKind::Labels, ConditionKind::Depth, ConditionKind::Edges})
        if (name == conditionKindName(kind))
            return kind;
    recipe.refuse("kind", "labels, depth or edges");
}

} // namespace

void trainCondition(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    const ConditionKind kind = kindOf(recipe);
    if (kind != ConditionKind::Labels)
        return trainFieldStage(options, recipe, kind);
    const LabelSettings settings(recipe);
    ConditionTraining(options, recipe, settings).train();
}

ConditionConfig checkCondition(Recipe recipe)
{
    const ConditionKind kind = kindOf(recipe);
    if (kind != ConditionKind::Labels)
        return checkFieldStage(recipe, kind);
    ConditionConfig condition;
    condition.kind = kind;
    condition.labelSet = kMapLabelSet;
    condition.stage = LabelSettings(recipe).network;
    return condition;
}

} // namespace tessera::models
