// The transformer's training (Esser et al. 2021, sec. 3.2): cross-entropy on picture codes given control tokens and
// condition codes. Conditions are dropped at times, so that the model can be guided; controls are dropped to "any".
#include <algorithm>
#include <optional>

#include <ATen/ATen.h>
#include <c10/core/GradMode.h>

#include "models/bundle.h"
#include "models/compression.h"
#include "models/error.h"
#include "models/training/ahead.h"
#include "models/training/layoutchange.h"
#include "models/training/likelihood.h"
#include "models/training/modelparts.h"
#include "models/training/optimizer.h"
#include "models/training/pictureset.h"
#include "models/training/run.h"
#include "models/training/stagetraining.h"
#include "models/training/tokenset.h"
#include "models/training/trainedconditions.h"
#include "models/training/trainingbatch.h"
#include "models/training/transformerinit.h"
#include "models/training/transformersettings.h"

namespace tessera::models
{

namespace
{

const std::string kPhase = "transformer";
constexpr int kMapsVersion = 3;      // raised when maps are painted in another way
constexpr uint64_t kScrambling = 1;  // apart from what a batch is drawn by
constexpr int64_t kBatchesAhead = 4; // one takes a processor 40 ms where a GPU learns in half of that

class TransformerTraining
{
public:
    TransformerTraining(const TrainOptions &options, Recipe &recipe)
        : m_run(options, recipe)
        , m_stop(options.stop)
        , m_firstStage(recipe.value<std::string>("first_stage"), options.device)
        , m_conditions(recipe, options.device)
        , m_settings(recipe, m_firstStage.config(), m_conditions.described())
        , m_builder(m_settings.config, m_conditions.networks())
        , m_pictures(options.data / "train")
        , m_validationPictures(options.data / "val")
    {
        openCanvases();
        create();
    }

    void train()
    {
        restore();
        if (m_run.step() < 0)
            save(0); // whoever is killed while codes are made goes on with the same pictures (app/train/starter.cpp)
        if (m_run.fraction() < 1 || m_run.step() < 0) // a finished run is only packed again
            prepareTokens();
        m_validationSet =
            tokenise(m_firstStage.network(), m_validationPictures,
                     trainingViews(m_validationPictures, 1, m_settings.views, 0), m_builder.side(), m_stop);
        Ahead<Sequences> ahead(m_run.options().device, kBatchesAhead);
        while (m_run.next()) {
            m_run.learn(
                kPhase, [&] { return step(ahead); }, [this](int64_t nextStep) { save(nextStep); });
            if (m_run.checkpointDue())
                keep(m_run.step() + 1);
        }
        keep(m_run.step());
        if (m_run.step() == 0 && !m_stop.stop_requested())
            throw Error(ErrorCode::InvalidArgument,
                        "Codes took all of the run's time, none was left to learn from them. They are kept in "
                            + m_run.options().output.string() + ": resume it with more minutes.");
    }

private:
    void openCanvases()
    {
        const std::string &folder = m_settings.canvasFolder;
        if (folder.empty())
            return;
        m_canvasPictures.emplace(m_run.options().data / folder);
        const ShardPicture &first = m_canvasPictures->picture(0);
        if (std::min(first.width, first.height) <= m_settings.side())
            throw Error(ErrorCode::InvalidArgument,
                        "The pictures in '" + folder + "' are " + std::to_string(first.width) + " x "
                            + std::to_string(first.height) + " pixels, expected more than a window's "
                            + std::to_string(m_settings.side()) + " a side.");
    }

    // Fresh weights, or those of the transformer in `start`.
    void create()
    {
        const std::string &start = m_settings.start;
        FreshSource source(m_run.seed());
        Transformer::create(*m_settings.config.transformer, source);
        m_parameters = source.tensors();
        if (start.empty())
            startOnGrids(m_parameters, m_settings.config, m_firstStage.network().drawnVectors().cpu(),
                         m_conditions.codebooks(), m_run.seed());
        else
            copyInto(m_parameters, startTensors(start), start);
        for (auto &[name, tensor] : m_parameters)
            tensor = tensor.to(m_run.options().device);
        std::vector<std::string> decayed; // the original's grouping: weights of linear layers
        for (const auto &[name, tensor] : m_parameters)
            if (tensor.dim() == 2 && !name.starts_with("tok_emb"))
                decayed.push_back(name);
        m_optimizer = std::make_unique<Optimizer>(m_parameters, m_settings.optimizer, decayed);
        m_model = modelOf(m_parameters);
    }

    StateDict startTensors(const std::string &start) const
    {
        const ModelBundle learned = ModelBundle::open(start, m_run.options().device);
        StateDict tensors = partTensors(start, Part::Transformer);
        return relaid(std::move(tensors), {learned.config(), stagesOf(learned)},
                      {m_settings.config, m_conditions.networks()}, m_pictures);
    }

    Transformer modelOf(const StateDict &parameters) const
    {
        StateDictSource source(parameters);
        Transformer model = Transformer::create(*m_settings.config.transformer, source);
        source.finish();
        return model;
    }

    void restore()
    {
        m_run.learnsFrom(stages());
        const auto parts = m_run.load();
        if (parts.empty())
            return;
        takeCheckpoint(m_run, [&] {
            copyInto(m_parameters, checkpointPart(parts, "model"), "The checkpoint");
            m_optimizer->restore(checkpointPart(parts, "optimizer"));
        });
    }

    // Codes of all views and of painted maps of them: from the output folder when an earlier session left them there.
    void prepareTokens()
    {
        m_windows = {&m_pictures,
                     prepared(m_pictures,
                              trainingViews(m_pictures, m_settings.viewsPerPicture, m_settings.views, m_run.seed()),
                              m_builder.side(), "tokens.safetensors")};
        if (m_canvasPictures) {
            const int64_t factor = m_settings.config.firstStage.factor();
            std::vector<View> views = canvasViews(*m_canvasPictures, factor);
            const int64_t side = views[0].side;
            m_canvases = {&*m_canvasPictures,
                          prepared(*m_canvasPictures, std::move(views), side, "canvas-tokens.safetensors")};
        }
        m_maker.emplace(m_builder, m_settings.batches, m_windows, m_canvasPictures ? &m_canvases : nullptr);
    }

    // Each part is kept as soon as it is whole: a stop loses no more than the one at work.
    TokenSet prepared(PictureSet &pictures, std::vector<View> views, int64_t side, const char *name)
    {
        const std::string madeFrom = fingerprint(pictures);
        TokenSet set{views, {}, {}};
        const auto keep = [&] {
            if (!m_stop.stop_requested())
                saveTokens(m_run.file(name), set, madeFrom);
        };
        if (!loadTokens(m_run.file(name), set, madeFrom)) {
            pictures.keepColoursOn(m_run.options().device);
            set = tokenise(m_firstStage.network(), pictures, std::move(views), side, m_stop,
                           [this](double share) { m_run.prepare("pictures as codes", share); });
            keep();
        }
        for (const auto &[kind, stage] : m_conditions.networks()) {
            if (set.maps.contains(kind))
                continue;
            addPaintedMaps(set, m_builder, pictures, kind,
                           kind == ConditionKind::Labels ? m_settings.mapsPerView : m_settings.fieldsPerView,
                           m_run.seed(), m_stop, [&](double share) { m_run.prepare(mapsPhase(kind), share); });
            keep();
        }
        return set;
    }

    static std::string mapsPhase(ConditionKind kind)
    {
        return kind == ConditionKind::Labels ? "maps as codes" : conditionKindName(kind) + " as codes";
    }

    // Whose codes these are.
    std::string stages() const { return "pictures:" + m_firstStage.identity() + " " + m_conditions.identity(); }

    std::string fingerprint(const PictureSet &pictures) const
    {
        const nlohmann::json madeFrom = {kMapsVersion,
                                         m_firstStage.identity(),
                                         m_conditions.identity(),
                                         pictures.identity(),
                                         m_settings.config.window,
                                         m_settings.viewsPerPicture,
                                         m_settings.mapsPerView,
                                         m_settings.fieldsPerView,
                                         m_settings.views.whole,
                                         m_settings.views.least,
                                         m_run.seed()};
        return madeFrom.dump();
    }

    // `keep` is that of the step that began it: a few steps early on a GPU, which matters to nobody.
    Sequences batch(uint64_t seed, double keep) const
    {
        Sequences made = m_maker->make(seed);
        scramble(made, m_settings.config, mixedSeed(seed, kScrambling), keep);
        return made;
    }

    TrainRun::Values step(Ahead<Sequences> &ahead)
    {
        const double keep =
            m_settings.keep + (m_settings.lastKeep - m_settings.keep) * std::clamp(m_run.learned(), 0.0, 1.0);
        const Sequences batch = ahead.take(m_run, [this, keep](uint64_t seed) { return this->batch(seed, keep); });
        at::manual_seed(m_run.stepSeed()); // of dropout
        const at::Tensor nll = m_builder.loss(m_model, batch, m_settings.dropout);
        nll.backward();
        const Schedule &schedule = m_settings.schedule;
        const double rate = scheduledRate(schedule.learningRate, m_run.learned(), schedule.warmUp, schedule.lastRate);
        const double gradient = m_optimizer->step(rate);
        return {{"nats", nll.item<double>()}, {"gradient", gradient}, {"rate", rate}};
    }

    TrainRun::Values validate(const Transformer &model) const
    {
        const c10::NoGradGuard noGradients;
        return evaluateLikelihood(model, m_builder, m_validationPictures, m_validationSet.codes, 32);
    }

    void save(int64_t nextStep)
    {
        m_run.save({{"model", m_parameters}, {"optimizer", m_optimizer->state()}}, kPhase, nextStep);
    }

    void keep(int64_t nextStep)
    {
        save(nextStep);
        if (nextStep > 0) // else nothing is learned yet
            publish(nextStep);
    }

    void publish(int64_t steps)
    {
        const StateDict averaged = m_optimizer->averaged();
        TrainRun::Values figures;
        if (!m_stop.stop_requested()) {
            figures = validate(modelOf(averaged));
            m_run.report(kPhase + " (validation)", figures);
        }
        StateDict tensors = withPrefixAdded(averaged, "transformer.");
        tensors.merge(withPrefixAdded(m_firstStage.tensors(), "first_stage_model."));
        tensors.merge(m_conditions.tensors());
        std::string pictures = m_pictures.origin();
        if (m_canvasPictures)
            pictures += "; canvases: " + m_canvasPictures->origin();
        ModelBundle::write(m_run.file("model.safetensors"), m_settings.config, compressed(tensors, m_settings.format),
                           m_run.notes(figures, steps, pictures));
    }

    TrainRun m_run;
    std::stop_token m_stop;
    TrainedStage m_firstStage;
    TrainedConditions m_conditions;
    const TransformerSettings m_settings;
    SequenceBuilder m_builder;
    PictureSet m_pictures, m_validationPictures;
    std::optional<PictureSet> m_canvasPictures;
    StateDict m_parameters;
    Transformer m_model;
    std::unique_ptr<Optimizer> m_optimizer;
    TokenSource m_windows, m_canvases;
    std::optional<BatchMaker> m_maker;
    TokenSet m_validationSet;
};

} // namespace

void trainTransformer(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    TransformerTraining(options, recipe).train();
}

} // namespace tessera::models
