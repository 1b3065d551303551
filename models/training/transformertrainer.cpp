// The transformer's training (Esser et al. 2021, sec. 3.2): cross-entropy on picture codes given control tokens and
// condition codes. Conditions are dropped at times, so that the model can be guided; controls are dropped to "any".
#include <algorithm>
#include <random>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <c10/core/GradMode.h>

#include "models/bundle.h"
#include "models/compression.h"
#include "models/error.h"
#include "models/training/conditionchange.h"
#include "models/training/evaluate.h"
#include "models/training/modelparts.h"
#include "models/training/optimizer.h"
#include "models/training/pictureset.h"
#include "models/training/run.h"
#include "models/training/tokenset.h"
#include "models/training/transformerinit.h"

namespace tessera::models
{

namespace
{

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

class TransformerTraining
{
public:
    TransformerTraining(const TrainOptions &options, Recipe &recipe)
        : m_run(options, recipe)
        , m_stop(options.stop)
        , m_firstStage(recipe.value<std::string>("first_stage"), Part::FirstStage, options.device)
        , m_conditionStage(recipe.value<std::string>("condition_stage"), Part::ConditionStage, options.device)
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
        m_validationSet =
            tokenise(m_firstStage.network(), m_validationPictures, m_config.window, 1, m_views, 0, m_stop);
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
        m_config.condition.kind = ConditionKind::Labels;
        m_config.condition.labelSet = m_conditionStage.labelSet();
        m_config.condition.stage = m_conditionStage.config();
        m_config.condition.stage->encoderOnly = true; // nobody decodes its codes
        m_config.window = recipe.atLeast<int64_t>("window", 2, 16);
        if (m_config.firstStage.factor() != m_conditionStage.config().factor())
            throw Error(ErrorCode::InvalidArgument,
                        "The first stage has " + std::to_string(m_config.firstStage.factor())
                            + " pixels per code and side, the " + "condition stage "
                            + std::to_string(m_conditionStage.config().factor()) + ": they must be equal.");
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
        m_builder.emplace(m_config, m_conditionStage.network());
    }

    // picture codes | condition codes | values of each control | the null token
    void layVocabulary(Recipe &recipe)
    {
        m_config.imageTokens = {0, m_config.firstStage.codes};
        m_config.condition.tokens = {m_config.imageTokens.count, m_config.condition.stage->codes};
        int64_t next = m_config.condition.tokens.first + m_config.condition.tokens.count;
        for (const auto &control : recipe.valueOr<nlohmann::json>("controls", nlohmann::json::array())) {
            Recipe entry(control, "recipe.controls");
            ControlConfig config{entry.value<std::string>("key"), entry.value<std::vector<std::string>>("values"),
                                 next};
            entry.finish();
            next += int64_t(config.values.size());
            m_config.controls.push_back(std::move(config));
        }
        m_config.nullToken = next;
        m_vocabulary = next + 1;
    }

    void readTraining(Recipe &recipe)
    {
        m_batch = recipe.atLeast<int64_t>("batch", 1, 16);
        m_learningRate = recipe.atLeast<double>("learning_rate", 0, 1.5e-3);
        m_warmUp = recipe.atLeast<double>("warm_up", 1e-6, 0.05);
        m_lastRate = recipe.atLeast<double>("last_rate", 0, 0.03);
        m_dropout = recipe.atLeast<double>("dropout", 0, 0.1);
        m_conditionDropout = recipe.atLeast<double>("condition_dropout", 0, 0.1);
        m_controlDropout = recipe.atLeast<double>("control_dropout", 0, 0.3);
        m_keep = recipe.atLeast<double>("pkeep", 0, 0.95);
        m_lastKeep = recipe.atLeast<double>("last_pkeep", 0, m_keep);
        m_settings.weightDecay = recipe.atLeast<double>("weight_decay", 0, 0.05);
        m_settings.averageDecay = recipe.atLeast<double>("average", 0, 0.998);
        m_settings.beta2 = 0.95;
        m_format = formatNamed(recipe.valueOr<std::string>("format", "int8"));
        Recipe views = recipe.child("views");
        m_viewsPerPicture = views.atLeast<int64_t>("per_picture", 1, 4);
        m_mapsPerView = views.atLeast<int64_t>("maps", 1, 3);
        m_views.whole = views.atLeast<double>("whole", 0, 0.2);
        m_views.least = views.atLeast<double>("least", 0.1, 0.55);
        views.finish();
    }

    // Fresh weights, or those of the transformer in `start`.
    void create(const std::string &start)
    {
        FreshSource source(m_run.seed());
        Transformer::create(*m_config.transformer, source);
        m_parameters = source.tensors();
        if (start.empty())
            startOnGrids(m_parameters, m_config, m_firstStage.network().codebook.cpu(),
                         m_conditionStage.network().codebook.cpu(), m_run.seed());
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
        StateDict tensors = partTensors(start, Part::Transformer);
        const ModelBundle learned = ModelBundle::open(start, m_run.options().device);
        const Autoencoder *stage = learned.conditionStage(), &now = m_conditionStage.network();
        if (!stage || sameCodes(*stage, now))
            return tensors;
        return withOtherCondition(std::move(tensors), {learned.config(), *stage}, {m_config, now}, m_pictures);
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
        const nlohmann::json madeFrom = {m_firstStage.identity(),
                                         m_conditionStage.identity(),
                                         m_pictures.identity(),
                                         m_config.window,
                                         m_viewsPerPicture,
                                         m_mapsPerView,
                                         m_views.whole,
                                         m_views.least,
                                         m_run.seed()};
        const auto file = m_run.file("tokens.safetensors");
        m_set.views = trainingViews(m_pictures, m_viewsPerPicture, m_views, m_run.seed());
        if (loadTokens(file, m_set, madeFrom.dump()))
            return;
        m_pictures.keepColoursOn(m_run.options().device);
        m_set = tokenise(m_firstStage.network(), m_pictures, m_config.window, m_viewsPerPicture, m_views, m_run.seed(),
                         m_stop, [this](double share) { m_run.prepare("pictures as codes", share); });
        addPaintedMaps(m_set, *m_builder, m_pictures, m_mapsPerView, m_run.seed(), m_stop,
                       [this](double share) { m_run.prepare("maps as codes", share); });
        if (!m_stop.stop_requested())
            saveTokens(file, m_set, madeFrom.dump());
    }

    Sequences trainingBatch(uint64_t seed) const
    {
        std::mt19937_64 random(seed);
        const auto drop = [&random](double share) {
            return [&random, share] { return double(random() >> 11) * 0x1p-53 < share; };
        };
        std::vector<View> views;
        std::vector<int64_t> chosen, maps; // `maps` counts through those of all views
        for (int64_t i = 0; i < m_batch; ++i) {
            chosen.push_back(int64_t(random() % m_set.views.size()));
            views.push_back(m_set.views[size_t(chosen.back())]);
            maps.push_back(chosen.back() * m_mapsPerView + int64_t(random() % uint64_t(m_mapsPerView)));
        }
        const at::Tensor conditions = m_set.maps.flatten(0, 1).index_select(0, at::tensor(maps));
        const at::Tensor prefix =
            m_builder->prefix(m_pictures, views, conditions, drop(m_controlDropout), drop(m_conditionDropout));
        Sequences batch = m_builder->sequences(prefix, m_set.codes.index_select(0, at::tensor(chosen)));
        scramble(batch.tokens, random());
        return batch;
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
        const at::Tensor nll = m_builder->loss(m_model, trainingBatch(m_run.stepSeed()), m_dropout);
        nll.backward();
        const double rate = scheduledRate(m_learningRate, m_run.fraction(), m_warmUp, m_lastRate);
        const double gradient = m_optimizer->step(rate);
        m_run.report("transformer", {{"nats", nll.item<double>()}, {"gradient", gradient}, {"rate", rate}});
    }

    LikelihoodFigures validate(const Transformer &model) const
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
            const auto likelihood = validate(modelOf(averaged));
            figures = {{"nats_with_map", likelihood.withMap}, {"nats_without_map", likelihood.withoutMap}};
            m_run.report("transformer (validation)", figures);
        }
        StateDict tensors = withPrefixAdded(averaged, "transformer.");
        tensors.merge(withPrefixAdded(m_firstStage.tensors(), "first_stage_model."));
        StateDict condition = withPrefixAdded(m_conditionStage.tensors(), "cond_stage_model.");
        std::erase_if(condition, [](const auto &entry) {
            return entry.first.starts_with("cond_stage_model.decoder.")
                   || entry.first.starts_with("cond_stage_model.post_quant_conv.");
        });
        tensors.merge(condition);
        std::map<std::string, std::string> notes;
        for (const auto &[name, value] : figures)
            notes[name] = std::to_string(value);
        ModelBundle::write(m_run.file("model.safetensors"), m_config, compressed(tensors, m_format), notes);
    }

    TrainRun m_run;
    std::stop_token m_stop;
    TrainedStage m_firstStage, m_conditionStage;
    PictureSet m_pictures, m_validationPictures;
    ModelConfig m_config;
    std::optional<SequenceBuilder> m_builder;
    int64_t m_vocabulary = 0;
    int64_t m_batch = 0, m_viewsPerPicture = 0, m_mapsPerView = 0;
    double m_learningRate = 0, m_warmUp = 0, m_lastRate = 0, m_dropout = 0, m_conditionDropout = 0,
           m_controlDropout = 0, m_keep = 1, m_lastKeep = 1;
    WeightFormat m_format = WeightFormat::Int8;
    OptimizerSettings m_settings;
    ViewSettings m_views;
    StateDict m_parameters;
    Transformer m_model;
    std::unique_ptr<Optimizer> m_optimizer;
    TokenSet m_set, m_validationSet;
};

} // namespace

void trainTransformer(const TrainOptions &options)
{
    Recipe recipe(options.recipe);
    TransformerTraining(options, recipe).train();
}

} // namespace tessera::models
