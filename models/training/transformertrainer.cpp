// The transformer's training (Esser et al. 2021, sec. 3.2): cross-entropy on picture codes given control tokens and
// condition codes. Conditions are dropped at times, so that the model can be guided; controls are dropped to "any".
#include <algorithm>
#include <optional>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "models/bundle.h"
#include "models/compression.h"
#include "models/error.h"
#include "models/training/layoutchange.h"
#include "models/training/likelihood.h"
#include "models/training/modelparts.h"
#include "models/training/optimizer.h"
#include "models/training/pictureset.h"
#include "models/training/run.h"
#include "models/training/tokenset.h"
#include "models/training/trainedconditions.h"
#include "models/training/trainingbatch.h"
#include "models/training/transformerinit.h"

namespace tessera::models
{

namespace
{

constexpr int kMapsVersion = 2;     // raised when maps are painted in another way
constexpr uint64_t kScrambling = 1; // apart from what a batch is drawn by

WeightFormat formatNamed(const std::string &word)
{
    if (word == "fp32")
        return WeightFormat::Float32;
    if (word == "fp16")
        return WeightFormat::Float16;
    if (word == "int8")
        return WeightFormat::Int8;
    throw Error(ErrorCode::InvalidArgument, "'recipe.format' is '" + word + "', expected fp32, fp16 or int8.");
}

// A recipe's entry is a control of a configuration but for its first token.
ControlConfig controlOf(const nlohmann::json &entry)
{
    Recipe keys(entry, "recipe.controls");
    ControlConfig control{keys.value<std::string>("key"), keys.value<std::vector<std::string>>("values"),
                          keys.value<int64_t>("first")};
    const auto source = keys.valueOr<std::string>("source", "artist");
    keys.finish();
    const auto known = controlSourceNamed(source);
    if (!known)
        throw Error(ErrorCode::InvalidArgument,
                    "'recipe.controls.source' is '" + source + "', expected artist, row or height.");
    control.source = *known;
    return control;
}

class TransformerTraining
{
public:
    TransformerTraining(const TrainOptions &options, Recipe &recipe)
        : m_run(options, recipe)
        , m_stop(options.stop)
        , m_firstStage(recipe.value<std::string>("first_stage"), options.device)
        , m_conditions(recipe, m_firstStage.config(), options.device)
        , m_pictures(options.data / "train")
        , m_validationPictures(options.data / "val")
    {
        readConfig(recipe);
        readTraining(recipe);
        const auto start = recipe.valueOr<std::string>("start", "");
        recipe.finish();
        create(start);
    }

    void train()
    {
        restore();
        if (m_run.fraction() < 1) // a finished run is only packed again
            prepareTokens();
        m_validationSet = tokenise(m_firstStage.network(), m_validationPictures,
                                   trainingViews(m_validationPictures, 1, m_views, 0), m_builder->side(), m_stop);
        while (m_run.next()) {
            step();
            if (m_run.checkpointDue())
                keep(m_run.step() + 1);
        }
        keep(m_run.step());
    }

private:
    void readConfig(Recipe &recipe)
    {
        m_config.name = recipe.valueOr<std::string>("name", "");
        m_config.firstStage = m_firstStage.config();
        m_config.window = recipe.atLeast<int64_t>("window", 2, 16);
        layVocabulary(recipe);
        Recipe network = recipe.child("transformer");
        TransformerConfig transformer;
        transformer.layers = network.atLeast<int64_t>("n_layer", 1, 8);
        transformer.heads = network.atLeast<int64_t>("n_head", 1, 4);
        transformer.embedding = network.atLeast<int64_t>("n_embd", 8, 256);
        network.finish();
        transformer.vocabSize = m_vocabulary;
        transformer.unmasked = m_config.prefixLength();
        transformer.blockSize = m_config.prefixLength() + m_config.window * m_config.window;
        m_config.transformer = transformer;
        Recipe sampling = recipe.child("sampling");
        m_config.sampling = {sampling.atLeast<double>("temperature", 0.01, 1.0),
                             sampling.atLeast<int64_t>("top_k", 0, 0), sampling.atLeast<double>("top_p", 0.01, 1.0),
                             sampling.atLeast<double>("guidance", 0, 1.0)};
        sampling.finish();
        m_config = ModelConfig::fromJson(m_config.toJson()); // refuses what does not fit together
        m_builder.emplace(m_config, m_conditions.networks());
        m_batches.tasks = TaskMix::from(recipe.child("tasks"), *m_builder);
        m_config.seesKept = m_batches.tasks.filling > 0;
    }

    // picture codes | codes of each kind of map | values of each control | the null token
    void layVocabulary(Recipe &recipe)
    {
        m_config.imageTokens = {0, m_config.firstStage.codes};
        int64_t next = m_conditions.describe(m_config, m_config.imageTokens.count);
        for (const auto &control : recipe.valueOr<nlohmann::json>("controls", nlohmann::json::array())) {
            nlohmann::json entry = control;
            entry["first"] = next;
            ControlConfig config = controlOf(entry);
            next += int64_t(config.values.size());
            m_config.controls.push_back(std::move(config));
        }
        m_config.nullToken = next;
        m_vocabulary = next + 1;
    }

    void readTraining(Recipe &recipe)
    {
        m_batches.batch = recipe.atLeast<int64_t>("batch", 1, 16);
        m_learningRate = recipe.atLeast<double>("learning_rate", 0, 1.5e-3);
        m_warmUp = recipe.atLeast<double>("warm_up", 1e-6, 0.05);
        m_lastRate = recipe.atLeast<double>("last_rate", 0, 0.03);
        m_dropout = recipe.atLeast<double>("dropout", 0, 0.1);
        m_batches.conditionDropout = recipe.atLeast<double>("condition_dropout", 0, 0.1);
        m_batches.controlDropout = recipe.atLeast<double>("control_dropout", 0, 0.3);
        m_keep = recipe.atLeast<double>("pkeep", 0, 0.95);
        m_lastKeep = recipe.atLeast<double>("last_pkeep", 0, m_keep);
        m_settings.weightDecay = recipe.atLeast<double>("weight_decay", 0, 0.05);
        m_settings.averageDecay = recipe.atLeast<double>("average", 0, 0.998);
        m_settings.beta2 = 0.95;
        m_format = formatNamed(recipe.valueOr<std::string>("format", "int8"));
        Recipe views = recipe.child("views");
        m_viewsPerPicture = views.atLeast<int64_t>("per_picture", 1, 4);
        m_mapsPerView = views.atLeast<int64_t>("maps", 1, 3);
        m_fieldsPerView = views.atLeast<int64_t>("fields", 1, 1);
        m_views.whole = views.atLeast<double>("whole", 0, 0.2);
        m_views.least = views.atLeast<double>("least", 0.1, 0.55);
        views.finish();
        readCanvases(recipe);
    }

    // Windows of larger pictures, whose codes come from the whole of them.
    void readCanvases(Recipe &recipe)
    {
        Recipe canvases = recipe.child("canvases");
        const auto folder = canvases.valueOr<std::string>("folder", "");
        m_batches.canvasShare = canvases.atLeast<double>("share", 0, 0);
        canvases.finish();
        if (folder.empty() != (m_batches.canvasShare == 0))
            throw Error(ErrorCode::InvalidArgument, "'recipe.canvases' names "
                                                        + (folder.empty() ? "no folder" : "the folder '" + folder + "'")
                                                        + " and a share of " + std::to_string(m_batches.canvasShare)
                                                        + ": both are needed, or neither.");
        if (folder.empty())
            return;
        m_canvasPictures.emplace(m_run.options().data / folder);
        const ShardPicture &first = m_canvasPictures->picture(0);
        if (std::min(first.width, first.height) <= m_builder->side())
            throw Error(ErrorCode::InvalidArgument,
                        "The pictures in '" + folder + "' are " + std::to_string(first.width) + " x "
                            + std::to_string(first.height) + " pixels, expected more than a window's "
                            + std::to_string(m_builder->side()) + " a side.");
    }

    // Fresh weights, or those of the transformer in `start`.
    void create(const std::string &start)
    {
        FreshSource source(m_run.seed());
        Transformer::create(*m_config.transformer, source);
        m_parameters = source.tensors();
        if (start.empty())
            startOnGrids(m_parameters, m_config, m_firstStage.network().codebook.cpu(), m_conditions.codebooks(),
                         m_run.seed());
        else
            copyInto(m_parameters, startTensors(start), start);
        for (auto &[name, tensor] : m_parameters)
            tensor = tensor.to(m_run.options().device);
        std::vector<std::string> decayed; // the original's grouping: weights of linear layers
        for (const auto &[name, tensor] : m_parameters)
            if (tensor.dim() == 2 && !name.starts_with("tok_emb"))
                decayed.push_back(name);
        m_optimizer = std::make_unique<Optimizer>(m_parameters, m_settings, decayed);
        m_model = modelOf(m_parameters);
    }

    StateDict startTensors(const std::string &start) const
    {
        const ModelBundle learned = ModelBundle::open(start, m_run.options().device);
        StateDict tensors = partTensors(start, Part::Transformer);
        return relaid(std::move(tensors), {learned.config(), stagesOf(learned)}, {m_config, m_conditions.networks()},
                      m_pictures);
    }

    Transformer modelOf(const StateDict &parameters) const
    {
        StateDictSource source(parameters);
        Transformer model = Transformer::create(*m_config.transformer, source);
        source.finish();
        return model;
    }

    void restore()
    {
        const auto parts = m_run.load();
        if (parts.empty())
            return;
        copyInto(m_parameters, checkpointPart(parts, "model"), "The checkpoint");
        m_optimizer->restore(checkpointPart(parts, "optimizer"));
    }

    // Codes of all views and of painted maps of them: from the output folder when an earlier session left them there.
    void prepareTokens()
    {
        m_windows = {&m_pictures,
                     prepared(m_pictures, trainingViews(m_pictures, m_viewsPerPicture, m_views, m_run.seed()),
                              m_builder->side(), "tokens.safetensors")};
        if (m_canvasPictures) {
            const int64_t factor = m_config.firstStage.factor();
            std::vector<View> views = canvasViews(*m_canvasPictures, factor);
            const int64_t side = views[0].side;
            m_canvases = {&*m_canvasPictures,
                          prepared(*m_canvasPictures, std::move(views), side, "canvas-tokens.safetensors")};
        }
        m_maker.emplace(*m_builder, m_batches, m_windows, m_canvasPictures ? &m_canvases : nullptr);
    }

    TokenSet prepared(PictureSet &pictures, std::vector<View> views, int64_t side, const char *name)
    {
        TokenSet set{views, {}, {}};
        const std::string madeFrom = fingerprint(pictures);
        if (loadTokens(m_run.file(name), set, madeFrom))
            return set;
        pictures.keepColoursOn(m_run.options().device);
        set = tokenise(m_firstStage.network(), pictures, std::move(views), side, m_stop,
                       [this](double share) { m_run.prepare("pictures as codes", share); });
        for (const auto &[kind, stage] : m_conditions.networks())
            addPaintedMaps(set, *m_builder, pictures, kind,
                           kind == ConditionKind::Labels ? m_mapsPerView : m_fieldsPerView, m_run.seed(), m_stop,
                           [&](double share) { m_run.prepare(mapsPhase(kind), share); });
        if (!m_stop.stop_requested())
            saveTokens(m_run.file(name), set, madeFrom);
        return set;
    }

    static std::string mapsPhase(ConditionKind kind)
    {
        return kind == ConditionKind::Labels ? "maps as codes" : conditionKindName(kind) + " as codes";
    }

    std::string fingerprint(const PictureSet &pictures) const
    {
        const nlohmann::json madeFrom = {
            kMapsVersion,      m_firstStage.identity(), m_conditions.identity(), pictures.identity(), m_config.window,
            m_viewsPerPicture, m_mapsPerView,           m_fieldsPerView,         m_views.whole,       m_views.least,
            m_run.seed()};
        return madeFrom.dump();
    }

    // Some picture codes of the input become random ones, so that the model learns to go on from mistakes (pkeep), and to
    // look at the map where few are left. The share runs from the first to the last value over the run.
    void scramble(at::Tensor &tokens, uint64_t seed) const
    {
        const double keep = m_keep + (m_lastKeep - m_keep) * std::clamp(m_run.fraction(), 0.0, 1.0);
        if (keep >= 1)
            return;
        auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
        at::Tensor picture = tokens.slice(1, m_config.prefixLength());
        const at::Tensor other = at::randint(m_config.imageTokens.count, picture.sizes(), generator, at::kLong);
        const at::Tensor kept = at::rand(picture.sizes(), generator, at::kFloat) < keep;
        picture.copy_(at::where(kept, picture, other + m_config.imageTokens.first));
    }

    void step()
    {
        at::manual_seed(m_run.stepSeed()); // of dropout
        Sequences batch = m_maker->make(m_run.stepSeed());
        scramble(batch.tokens, mixedSeed(m_run.stepSeed(), kScrambling));
        const at::Tensor nll = m_builder->loss(m_model, batch, m_dropout);
        nll.backward();
        const double rate = scheduledRate(m_learningRate, m_run.fraction(), m_warmUp, m_lastRate);
        const double gradient = m_optimizer->step(rate);
        m_run.report("transformer", {{"nats", nll.item<double>()}, {"gradient", gradient}, {"rate", rate}});
    }

    std::map<std::string, double> validate(const Transformer &model) const
    {
        const c10::NoGradGuard noGradients;
        return evaluateLikelihood(model, *m_builder, m_validationPictures, m_validationSet.codes, 32);
    }

    void keep(int64_t nextStep)
    {
        m_run.save({{"model", m_parameters}, {"optimizer", m_optimizer->state()}}, "transformer", nextStep);
        const StateDict averaged = m_optimizer->averaged();
        std::map<std::string, double> figures;
        if (!m_stop.stop_requested()) {
            figures = validate(modelOf(averaged));
            m_run.report("transformer (validation)", figures);
        }
        StateDict tensors = withPrefixAdded(averaged, "transformer.");
        tensors.merge(withPrefixAdded(m_firstStage.tensors(), "first_stage_model."));
        tensors.merge(m_conditions.tensors());
        std::map<std::string, std::string> notes;
        for (const auto &[name, value] : figures)
            notes[name] = std::to_string(value);
        ModelBundle::write(m_run.file("model.safetensors"), m_config, compressed(tensors, m_format), notes);
    }

    TrainRun m_run;
    std::stop_token m_stop;
    TrainedStage m_firstStage;
    TrainedConditions m_conditions;
    PictureSet m_pictures, m_validationPictures;
    std::optional<PictureSet> m_canvasPictures;
    ModelConfig m_config;
    std::optional<SequenceBuilder> m_builder;
    int64_t m_vocabulary = 0;
    int64_t m_viewsPerPicture = 0, m_mapsPerView = 0, m_fieldsPerView = 0;
    BatchSettings m_batches;
    double m_learningRate = 0, m_warmUp = 0, m_lastRate = 0, m_dropout = 0, m_keep = 1, m_lastKeep = 1;
    WeightFormat m_format = WeightFormat::Int8;
    OptimizerSettings m_settings;
    ViewSettings m_views;
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
