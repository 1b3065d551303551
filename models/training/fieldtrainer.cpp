// A VQGAN over fields of one channel, judged by their differences, without an adversary: a field has no texture to invent
// (Esser et al. 2021, sec. 3.2, depth and edges). Fields are augmented to look painted.
#include "models/training/fieldtrainer.h"

#include <ATen/ATen.h>

#include "models/error.h"
#include "models/training/fieldmaps.h"
#include "models/training/fieldscores.h"
#include "models/training/losses.h"
#include "models/training/mapshapes.h"
#include "models/training/sheet.h"
#include "models/training/stacked.h"
#include "models/training/stagetraining.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kValidated = 32;
constexpr double kPyramidWeight = 0.5;
constexpr double kExactShare = 0.2;           // of the fields seen in training
constexpr uint64_t kFieldSeed = 0x6669656c64; // how a field is painted is drawn apart from its place

class FieldTraining : public StageTraining
{
public:
    FieldTraining(const TrainOptions &options, Recipe &recipe, ConditionKind kind)
        : StageTraining(options, recipe)
        , m_pictures(options.data / "train")
        , m_validation(options.data / "val")
    {
        m_condition.kind = kind;
        expectOneChannel("input", m_model.config.inChannels);
        expectOneChannel("output", m_model.config.outChannels);
        if (kind == ConditionKind::Edges)
            m_condition.edgeReach = recipe.atLeast<double>("edge_reach", 0.5, 6);
        Recipe views = recipe.child("views");
        m_side = views.atLeast<int64_t>("size", 2 * m_model.config.factor(), 128);
        if (kFieldWindow % m_side != 0)
            throw Error(ErrorCode::InvalidArgument, "'recipe.views.size' is " + std::to_string(m_side)
                                                        + ", expected a divisor of " + std::to_string(kFieldWindow)
                                                        + ", a window's side.");
        m_views.whole = views.atLeast<double>("whole", 0, 0.5);
        m_views.least = views.atLeast<double>("least", 0.1, 0.5);
        m_batch = views.atLeast<int64_t>("batch", 1, 16);
        views.finish();
        m_name = recipe.valueOr<std::string>("name", "");
        recipe.finish();
    }

protected:
    // Parts of whole windows: lengths, such as an edge's reach, are those of a window when pictures are painted, and so
    // must be what a code sees.
    Batch batch(uint64_t seed) override
    {
        const int64_t parts = kFieldWindow / m_side * (kFieldWindow / m_side);
        const auto window = [&](int64_t i) {
            const uint64_t sample = mixedSeed(seed, uint64_t(i));
            MapRandom random(sample ^ kFieldSeed);
            const bool exact = random.chance(kExactShare);
            const View view = m_pictures.randomView(sample, m_views);
            return fieldOf(m_condition, m_pictures, view, kFieldWindow, random.next(), exact);
        };
        const at::Tensor windows = stacked((m_batch + parts - 1) / parts, window);
        const at::Tensor fields = windows.unfold(1, m_side, m_side).unfold(2, m_side, m_side); // [W, n, n, side, side]
        const at::Tensor input = fields.reshape({-1, 1, m_side, m_side}).slice(0, 0, m_batch).to(device());
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

    ModelConfig modelConfig() const override
    {
        ModelConfig config;
        config.name = m_name;
        config.firstStage = m_model.config;
        config.imageTokens = {0, m_model.config.codes};
        config.condition = m_condition;
        return config;
    }

private:
    void expectOneChannel(const std::string &which, int64_t found) const
    {
        if (found != 1)
            throw Error(ErrorCode::InvalidArgument, "The network has " + std::to_string(found) + ' ' + which
                                                        + " channels, expected 1 for a stage that reads "
                                                        + conditionKindName(m_condition.kind) + '.');
    }

    PictureSet m_pictures, m_validation;
    ConditionConfig m_condition; // kind and reach alone
    ViewSettings m_views;
    int64_t m_side = 0, m_batch = 0;
    std::string m_name;
};

} // namespace

void trainFieldStage(const TrainOptions &options, Recipe &recipe, ConditionKind kind)
{
    FieldTraining(options, recipe, kind).train();
}

} // namespace tessera::models
