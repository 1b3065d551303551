// The training of condition stages. Depth and edges are fieldtrainer.cpp's; here it is labels': a VQGAN over one-hot maps,
// judged by cross-entropy, without an adversary (Esser et al. 2021, sec. 3.2, segmentation). Maps are augmented to look
// painted, so its codes speak of blobs.
#include <ATen/ATen.h>

#include "models/error.h"
#include "models/training/evaluate.h"
#include "models/training/fieldtrainer.h"
#include "models/training/onehot.h"
#include "models/training/pictureset.h"
#include "models/training/sheet.h"
#include "models/training/stacked.h"
#include "models/training/stagetraining.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kValidationSide = 256;
constexpr int64_t kValidated = 32;

class ConditionTraining : public StageTraining
{
public:
    ConditionTraining(const TrainOptions &options, Recipe &recipe)
        : StageTraining(options, recipe)
        , m_pictures(options.data / "train")
        , m_validation(options.data / "val")
        , m_labels(m_model.config.inChannels)
    {
        if (m_labels != kMapLabels)
            throw Error(ErrorCode::InvalidArgument, "The network has " + std::to_string(m_labels)
                                                        + " input channels, expected " + std::to_string(kMapLabels)
                                                        + ", one for each label.");
        Recipe views = recipe.child("views");
        m_side = views.atLeast<int64_t>("size", 2 * m_model.config.factor(), 128);
        m_views.whole = views.atLeast<double>("whole", 0, 0.5);
        m_views.least = views.atLeast<double>("least", 0.1, 0.5);
        m_batch = views.atLeast<int64_t>("batch", 1, 16);
        views.finish();
        m_labelSet = recipe.value<std::string>("label_set");
        m_name = recipe.valueOr<std::string>("name", "");
        recipe.finish();
    }

protected:
    Batch batch(uint64_t seed) override
    {
        const auto painted = [&](int64_t i) {
            const uint64_t sample = mixedSeed(seed, uint64_t(i));
            return m_pictures.paintedLabels(m_pictures.randomView(sample, m_views), m_side, sample, {});
        };
        const at::Tensor labels = stacked(m_batch, painted).to(device());
        return {oneHot(labels, m_labels), labels};
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

    ModelConfig modelConfig() const override
    {
        ModelConfig config;
        config.name = m_name;
        config.firstStage = m_model.config;
        config.imageTokens = {0, m_model.config.codes};
        config.condition.labelSet = m_labelSet;
        return config;
    }

private:
    PictureSet m_pictures, m_validation;
    int64_t m_labels;
    ViewSettings m_views;
    int64_t m_side = 0, m_batch = 0;
    std::string m_labelSet, m_name;
};

} // namespace

void trainCondition(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    const auto kind = recipe.valueOr<std::string>("kind", conditionKindName(ConditionKind::Labels));
    for (const ConditionKind field : {ConditionKind::Depth, ConditionKind::Edges})
        if (kind == conditionKindName(field))
            return trainFieldStage(options, recipe, field);
    if (kind != conditionKindName(ConditionKind::Labels))
        throw Error(ErrorCode::InvalidArgument, "'recipe.kind' is '" + kind + "', expected labels, depth or edges.");
    ConditionTraining(options, recipe).train();
}

} // namespace tessera::models
