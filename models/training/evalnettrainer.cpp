// EvalNet's training: labels by cross-entropy and depth by its mean error at a quarter of the size, light and biome by
// cross-entropy over the picture.
#include <algorithm>
#include <memory>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/error.h"
#include "models/training/autocast.h"
#include "models/training/evalnet.h"
#include "models/training/judgedset.h"
#include "models/training/labelscores.h"
#include "models/training/mapaugment.h"
#include "models/training/optimizer.h"
#include "models/training/pictureset.h"
#include "models/training/rankcorrelation.h"
#include "models/training/run.h"
#include "models/training/sheet.h"
#include "models/training/stacked.h"
#include "models/training/stagetraining.h"
#include "models/training/trainer.h"

namespace tessera::models
{

namespace
{

using Values = TrainRun::Values;

constexpr int64_t kShown = 8;
const std::string kPhase = "judge";
// Sky need not be told as exactly 0, only as less than this, so that what is read as 0 or less stays clear of far land.
constexpr double kSkyBelow = -0.05;

constexpr int64_t kMostWidth = 4096; // far beyond every network there is

EvalNetConfig readNet(Recipe recipe)
{
    EvalNetConfig config;
    config.widths = recipe.valueOr("widths", config.widths);
    config.pyramid = recipe.between<int64_t>("pyramid", 8, kMostWidth, config.pyramid);
    config.side = recipe.valueOr("side", config.side);
    config.stem = recipe.valueOr("stem", config.stem);
    config.depth = recipe.valueOr("depth", config.depth);
    recipe.finish();
    if (std::ranges::any_of(config.widths, [](int64_t width) { return width > kMostWidth; }))
        recipe.refuse("widths", "widths of at most " + std::to_string(kMostWidth));
    return EvalNetConfig::fromJson(config.toJson(), "'" + recipe.path() + "'");
}

EvalNet netOf(const EvalNetConfig &config, const StateDict &tensors)
{
    StateDictSource source(tensors);
    EvalNet net = EvalNet::create(config, source);
    source.finish();
    return net;
}

StateDict freshTensors(const EvalNetConfig &config, uint64_t seed, c10::Device device)
{
    FreshSource source(seed);
    EvalNet::create(config, source);
    return channelsLastOn(device, source.tensors());
}

// Mean error of nearness; in sky only what is above kSkyBelow counts.
at::Tensor depthLoss(const at::Tensor &seen, const at::Tensor &meant)
{
    return at::where(meant > 0, seen - meant, (seen - kSkyBelow).clamp_min(0)).abs().mean();
}

// What a place counts by its label: the label's share of all places to the power of minus `balance`, 1 on average over
// places. Rare labels weigh as much in a mean over labels as common ones do.
at::Tensor labelWeights(const PictureSet &pictures, double balance)
{
    constexpr int64_t kSampled = 64; // places per side and picture: enough to count
    at::Tensor counts = at::zeros({kMapLabels}, at::kLong);
    for (int64_t i = 0; i < pictures.size(); ++i)
        counts += at::bincount(pictures.exactLabels(pictures.wholeView(i), kSampled).reshape({-1}), {}, kMapLabels);
    const at::Tensor share = counts.to(at::kFloat) / counts.sum();
    const at::Tensor weights = share.clamp_min(1e-4).pow(-balance);
    return weights / (weights * share).sum();
}

class EvalNetTraining
{
public:
    EvalNetTraining(const TrainOptions &options, Recipe &recipe)
        : m_run(options, recipe)
        , m_config(readNet(recipe.child("model")))
        , m_bfloat16(bfloat16Wanted(readPrecision(recipe), options.device))
        , m_schedule(readSchedule(recipe, {1e-3, 0.03, 0.02}))
        , m_globalWeight(recipe.atLeast<double>("global_weight", 0, 0.3))
        , m_depthWeight(recipe.atLeast<double>("depth_weight", 0, 0.3))
        , m_views(readTrainingViews(recipe.child("views"), m_config.multiple(), 32))
    {
        const auto labelBalance = recipe.between<double>("label_balance", 0, 4, 0);
        OptimizerSettings settings;
        settings.averageDecay = readAverage(recipe, 0.995);
        recipe.finish();
        m_pictures = std::make_unique<PictureSet>(options.data / "train");
        m_validation = std::make_unique<PictureSet>(options.data / "val");
        m_pictures->keepColoursOn(options.device);
        m_labelWeights = labelWeights(*m_pictures, labelBalance).to(options.device);
        m_parameters = freshTensors(m_config, m_run.seed(), options.device);
        m_net = netOf(m_config, m_parameters);
        m_optimizer = std::make_unique<Optimizer>(m_parameters, settings);
    }

    void train()
    {
        restore();
        while (m_run.next()) {
            m_run.learn(
                kPhase, [this] { return step(); }, [this](int64_t nextStep) { save(nextStep); });
            if (m_run.checkpointDue())
                keep(m_run.step() + 1);
        }
        keep(m_run.step());
        m_run.expectSteps();
    }

private:
    c10::Device device() const { return m_run.options().device; }

    void restore()
    {
        const auto parts = m_run.load();
        if (parts.empty())
            return;
        takeCheckpoint(m_run, [&] {
            copyInto(m_parameters, checkpointPart(parts, "model"), "The checkpoint");
            m_optimizer->restore(checkpointPart(parts, "optimizer"));
        });
    }

    at::Tensor classes(const std::vector<View> &views, const std::string &key,
                       std::span<const std::string_view> names) const
    {
        std::vector<int64_t> result;
        for (const View &view : views)
            result.push_back(judgedClass(names, m_pictures->fact(view.picture, key)));
        return at::tensor(result, at::kLong).to(device());
    }

    Values step()
    {
        std::vector<View> views;
        for (int64_t i = 0; i < m_views.batch; ++i)
            views.push_back(m_pictures->randomView(mixedSeed(m_run.stepSeed(), uint64_t(i)), m_views.cut));
        const at::Tensor x = stacked(m_views.batch, [&](int64_t i) {
                                 return m_pictures->rgb(views[size_t(i)], m_views.side);
                             }).to(device());
        const at::Tensor labels = stacked(m_views.batch, [&](int64_t i) {
                                      return judgedLabels(*m_pictures, views[size_t(i)], m_views.side);
                                  }).to(device());
        const at::Tensor light = classes(views, "light", kJudgedLights), biome = classes(views, "biome", kJudgedBiomes);
        Judgement judgement;
        {
            const Autocast autocast(device(), m_bfloat16);
            judgement = m_net.forward(x);
        }
        const at::Tensor ofLabels = at::cross_entropy_loss(judgement.labels, labels, m_labelWeights);
        const at::Tensor whole = classLoss(judgement.light, light) + classLoss(judgement.biome, biome);
        at::Tensor loss = ofLabels + m_globalWeight * whole;
        Values values;
        if (judgement.depth.defined()) {
            const at::Tensor ofDepth = depthLoss(judgement.depth, nearness(views));
            loss = loss + m_depthWeight * ofDepth;
            values["depth_loss"] = ofDepth.item<double>();
        }
        loss.backward();
        values["rate"] =
            scheduledRate(m_schedule.learningRate, m_run.learned(), m_schedule.warmUp, m_schedule.lastRate);
        values["gradient"] = m_optimizer->step(values["rate"]);
        values["loss"] = loss.item<double>();
        values["label_loss"] = ofLabels.item<double>();
        values["accuracy"] = judgement.labels.argmax(1).eq(labels).to(at::kFloat).mean().item<double>();
        return values;
    }

    at::Tensor nearness(const std::vector<View> &views) const // [B, 1, size / 4, size / 4]
    {
        return stacked(m_views.batch,
                       [&](int64_t i) {
                           return m_pictures->nearness(views[size_t(i)], m_views.side / kJudgedScale).unsqueeze(0);
                       })
            .to(device());
    }

    // Of the pictures whose class is known; a mean of none would be no number.
    static at::Tensor classLoss(const at::Tensor &logits, const at::Tensor &classes)
    {
        const int64_t known = classes.ne(kNotJudged).sum().item<int64_t>();
        return at::cross_entropy_loss(logits, classes, {}, at::Reduction::Sum) / std::max<int64_t>(1, known);
    }

    void save(int64_t nextStep)
    {
        m_run.save({{"model", m_parameters}, {"optimizer", m_optimizer->state()}}, kPhase, nextStep);
    }

    void keep(int64_t nextStep)
    {
        save(nextStep);
        if (nextStep > 0)
            publish(nextStep);
    }

    void publish(int64_t steps)
    {
        const StateDict averaged = m_optimizer->averaged();
        Values figures;
        if (!m_run.options().stop.stop_requested()) { // whoever stops a run does not want to wait for figures
            const c10::NoGradGuard noGradients;
            figures = validate(netOf(m_config, averaged));
            m_run.report(kPhase + " (validation)", figures);
        }
        EvalNet::write(m_run.file("model.safetensors"), m_config, averaged,
                       m_run.notes(figures, steps, m_pictures->origin()));
    }

    Values validate(const EvalNet &net) const
    {
        LabelScores scores(kMapLabels);
        std::vector<at::Tensor> shown;
        double lights = 0, biomes = 0, depth = 0, depthInRows = 0;
        for (int64_t i = 0; i < m_validation->size(); ++i) {
            const View view = m_validation->wholeView(i);
            const at::Tensor x = m_validation->rgb(view, m_config.side);
            const Judgement judgement = net.forward(x.unsqueeze(0).to(device()));
            const at::Tensor found = judgement.labels.argmax(1).squeeze(0).cpu();
            const at::Tensor meant = judgedLabels(*m_validation, view, m_config.side);
            scores.add(meant, found);
            lights +=
                judgement.light.argmax().item<int64_t>() == judgedClass(kJudgedLights, m_validation->fact(i, "light"));
            biomes +=
                judgement.biome.argmax().item<int64_t>() == judgedClass(kJudgedBiomes, m_validation->fact(i, "biome"));
            if (judgement.depth.defined()) {
                const at::Tensor given = m_validation->nearness(view, m_config.side / kJudgedScale);
                const at::Tensor seen = judgement.depth.clamp_min(0).reshape(given.sizes());
                depth += rankCorrelation(given, seen);
                depthInRows += rankCorrelationInRows(given, seen);
            }
            if (i < kShown)
                shown.push_back(at::cat({x, large(meant), large(found)}, 1));
        }
        writeSheet(m_run.file("samples.png"), shown, int(kShown));
        const double count = double(m_validation->size());
        Values figures{{"mean_iou", scores.meanIou()},
                       {"accuracy", scores.accuracy()},
                       {"light_accuracy", lights / count},
                       {"biome_accuracy", biomes / count}};
        if (m_config.depth) {
            figures["depth_spearman"] = depth / count;
            figures["depth_rows"] = depthInRows / count;
        }
        return figures;
    }

    static at::Tensor large(const at::Tensor &labels)
    {
        return labelColours(labels.repeat_interleave(kJudgedScale, 0).repeat_interleave(kJudgedScale, 1));
    }

    TrainRun m_run;
    EvalNetConfig m_config;
    bool m_bfloat16;
    Schedule m_schedule;
    double m_globalWeight, m_depthWeight;
    TrainingViews m_views;
    std::unique_ptr<PictureSet> m_pictures, m_validation;
    at::Tensor m_labelWeights; // float [labels]
    StateDict m_parameters;
    EvalNet m_net;
    std::unique_ptr<Optimizer> m_optimizer;
};

} // namespace

void trainEvalNet(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    EvalNetTraining(options, recipe).train();
}

} // namespace tessera::models
