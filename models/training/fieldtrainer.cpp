// A VQGAN over fields of one channel, judged by their differences, without an adversary: a field has no texture to
// invent (Esser et al. 2021, sec. 3.2, depth and edges). Fields are augmented to look painted.
#include "models/training/fieldtrainer.h"

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "models/error.h"
#include "models/training/fieldmaps.h"
#include "models/training/fieldscores.h"
#include "models/training/losses.h"
#include "models/training/sheet.h"
#include "models/training/stacked.h"
#include "models/training/stagetraining.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kValidated = 32;
constexpr double kPyramidWeight = 0.5;
constexpr uint64_t kFieldSeed = 0x6669656c64; // how a field is painted is drawn apart from its place

struct FieldSettings : StageSettings {
    FieldSettings(Recipe &recipe, ConditionKind kind) : StageSettings(recipe)
    {
        condition.kind = kind;
        condition.stage = network;
        expectChannels(1, conditionKindName(kind));
        if (kind == ConditionKind::Edges)
            condition.edgeReach = recipe.between<double>("edge_reach", 0.5, kFieldWindow, 6);
        views = readViews(recipe);
        if (kFieldWindow % views.side != 0)
            throw Error(ErrorCode::InvalidArgument, "'" + recipe.path() + ".views.size' is "
                                                        + std::to_string(views.side) + ", expected a divisor of "
                                                        + std::to_string(kFieldWindow) + ", a window's side.");
        recipe.finish();
    }

    ConditionConfig condition;
    TrainingViews views;
};

class FieldTraining : public StageTraining
{
public:
    FieldTraining(const TrainOptions &options, Recipe &recipe, const FieldSettings &settings)
        : StageTraining(options, recipe, settings)
        , m_pictures(options.data / "train")
        , m_validation(options.data / "val")
        , m_condition(settings.condition)
        , m_views(settings.views)
    {
        m_condition.stage.reset(); // it is the model's first stage
    }

protected:
    // Parts of whole windows, from anywhere in them: lengths, such as an edge's reach, are those of a window when
    // pictures are painted, and so must be what a code sees.
    Batch batch(uint64_t seed) override
    {
        const int64_t side = m_views.side, count = m_views.batch;
        const int64_t parts = kFieldWindow / side * (kFieldWindow / side);
        const auto window = [&](int64_t i) {
            const uint64_t sample = mixedSeed(seed, uint64_t(i));
            const View view = m_pictures.randomView(sample, m_views.cut);
            return trainingField(m_condition, m_pictures, view, kFieldWindow, sample ^ kFieldSeed);
        };
        const at::Tensor windows = stacked((count + parts - 1) / parts, window);
        const at::Tensor fields = windows.unfold(1, side, side).unfold(2, side, side); // [W, n, n, side, side]
        const at::Tensor all = fields.reshape({-1, 1, side, side});
        const auto random = at::make_generator<at::CPUGeneratorImpl>(mixedSeed(seed, uint64_t(count)));
        const at::Tensor chosen = at::randperm(all.size(0), random).slice(0, 0, count);
        const at::Tensor input = all.index_select(0, chosen).to(device());
        return {input, input};
    }

    at::Tensor reconstructionLoss(const at::Tensor &output, const at::Tensor &target, Values &values) override
    {
        const at::Tensor error = l1Loss(output, target);
        values["mean_error"] = error.item<double>();
        return error + kPyramidWeight * laplacianPyramidLoss(output, target);
    }

    Values validate(const Autoencoder &model) override
    {
        const auto figures = evaluateFields(model, m_condition, m_validation, kFieldWindow, kValidated);
        writeSheet(m_run.file("samples.png"), figures.shown, 8);
        return {{"psnr", *figures.psnr}, {"mean_error", *figures.meanError}, {"codes_used", double(figures.codesUsed)}};
    }

    std::string pictures() const override { return m_pictures.origin(); }

    ModelConfig modelConfig() const override
    {
        ModelConfig config;
        config.name = m_settings.name;
        config.firstStage = m_model.config;
        config.imageTokens = {0, m_model.config.codes};
        config.condition = m_condition;
        return config;
    }

private:
    PictureSet m_pictures, m_validation;
    ConditionConfig m_condition; // kind and reach alone
    const TrainingViews m_views;
};

} // namespace

void trainFieldStage(const TrainOptions &options, Recipe &recipe, ConditionKind kind)
{
    const FieldSettings settings(recipe, kind);
    FieldTraining(options, recipe, settings).train();
}

ConditionConfig checkFieldStage(Recipe &recipe, ConditionKind kind)
{
    return FieldSettings(recipe, kind).condition;
}

} // namespace tessera::models
