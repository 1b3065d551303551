#include "models/training/trainingbatch.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "models/error.h"
#include "models/training/holes.h"

namespace tessera::models
{

namespace
{

double uniform(std::mt19937_64 &random)
{
    return double(random() >> 11) * 0x1p-53;
}

int64_t below(std::mt19937_64 &random, int64_t count)
{
    return int64_t(random() % uint64_t(count));
}

at::Tensor boolTensor(const std::vector<uint8_t> &cells, int64_t window)
{
    at::Tensor kept = at::empty({window, window}, at::kBool);
    std::ranges::copy(cells, kept.mutable_data_ptr<bool>());
    return kept;
}

} // namespace

TaskMix TaskMix::from(Recipe recipe, const ModelConfig &config)
{
    TaskMix mix;
    for (const ConditionKind kind : {ConditionKind::Labels, ConditionKind::Depth, ConditionKind::Edges}) {
        const std::string name = conditionKindName(kind);
        const double share = recipe.atLeast<double>(name, 0, kind == ConditionKind::Labels ? 1 : 0);
        if (share > 0 && !config.conditionOf(kind))
            throw Error(ErrorCode::InvalidArgument, "'" + recipe.path() + "." + name + "' is "
                                                        + nlohmann::json(share).dump() + ", but the recipe names no '"
                                                        + name + "_stage'.");
        if (share == 0 && config.conditionOf(kind))
            throw Error(ErrorCode::InvalidArgument, "'" + recipe.path() + "." + name
                                                        + "' is 0, but the recipe has a stage for " + name
                                                        + ", whose codes nobody would learn.");
        mix.kinds[kind] = share;
    }
    mix.filling = recipe.share("filling", 0);
    recipe.finish();
    return mix;
}

BatchMaker::BatchMaker(const SequenceBuilder &builder, const BatchSettings &settings, const TokenSource &windows,
                       const TokenSource *canvases)
    : m_builder(builder)
    , m_settings(settings)
    , m_windows(windows)
    , m_canvases(canvases)
{}

Sequences BatchMaker::make(uint64_t seed) const
{
    std::mt19937_64 random(seed);
    std::vector<SeenWindow> seen;
    std::vector<at::Tensor> codes, conditions, kept;
    for (int64_t i = 0; i < m_settings.batch; ++i) {
        const Sample sample = this->sample(random);
        seen.push_back(sample.seen);
        codes.push_back(sample.codes);
        conditions.push_back(sample.condition);
        kept.push_back(sample.kept.defined() ? sample.kept : at::zeros_like(sample.codes, at::kBool));
    }
    const auto drop = [&random](double share) { return [&random, share] { return uniform(random) < share; }; };
    const at::Tensor prefix = m_builder.prefix(seen, at::stack(conditions), drop(m_settings.controlDropout),
                                               drop(m_settings.conditionDropout));
    Sequences batch = m_builder.sequences(prefix, at::stack(codes));
    judgeRegions(batch, at::stack(kept));
    return batch;
}

BatchMaker::Sample BatchMaker::sample(std::mt19937_64 &random) const
{
    const TokenSource &source = m_canvases && uniform(random) < m_settings.canvasShare ? *m_canvases : m_windows;
    const TokenSet &set = source.tokens;
    const int64_t window = m_builder.config().window, factor = m_builder.side() / window;
    const int64_t index = below(random, int64_t(set.views.size()));
    const int64_t row = below(random, set.codes.size(1) - window + 1);
    const int64_t column = below(random, set.codes.size(2) - window + 1);
    const auto cut = [&](const at::Tensor &grid) {
        return grid.slice(0, row, row + window).slice(1, column, column + window);
    };
    Sample sample{{source.pictures, set.views[size_t(index)]}, cut(set.codes[index]), {}, {}};
    if (set.codes.size(1) > window) { // pixels of the picture; the canvas was not scaled
        sample.seen.view.x += int(column * factor);
        sample.seen.view.y += int(row * factor);
        sample.seen.view.side = int(window * factor);
    }
    const bool filling = uniform(random) < m_settings.tasks.filling;
    const at::Tensor &maps = set.maps.at(kind(random));
    sample.condition = cut(maps[index][below(random, maps.size(1))]);
    if (filling)
        keepSome(sample, random);
    return sample;
}

ConditionKind BatchMaker::kind(std::mt19937_64 &random) const
{
    double all = 0;
    for (const auto &[kind, share] : m_settings.tasks.kinds)
        all += share;
    double rest = uniform(random) * all;
    ConditionKind chosen = ConditionKind::Labels;
    for (const auto &[kind, share] : m_settings.tasks.kinds) {
        if (share <= 0)
            continue;
        chosen = kind;
        rest -= share;
        if (rest < 0)
            break;
    }
    return chosen;
}

void BatchMaker::keepSome(Sample &sample, std::mt19937_64 &random) const
{
    const int64_t window = m_builder.config().window;
    sample.kept = boolTensor(keptCells(window, random), window);
    sample.condition = withKept(m_builder.config(), sample.condition, sample.codes, sample.kept);
}

void judgeRegions(Sequences &batch, const at::Tensor &kept)
{
    batch.target = batch.target.masked_fill(kept.flatten(1), Sequences::kNotJudged);
}

at::Tensor withKept(const ModelConfig &config, const at::Tensor &condition, const at::Tensor &codes,
                    const at::Tensor &kept)
{
    return at::where(kept, codes + config.imageTokens.first, condition);
}

void scramble(Sequences &batch, const ModelConfig &config, uint64_t seed, double keep)
{
    if (keep >= 1)
        return;
    auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
    at::Tensor picture = batch.tokens.slice(1, config.prefixLength());
    const at::Tensor other = at::randint(config.imageTokens.count, picture.sizes(), generator, at::kLong);
    const at::Tensor kept = at::rand(picture.sizes(), generator, at::kFloat) < keep;
    picture.copy_(at::where(kept, picture, other + config.imageTokens.first));
}

} // namespace tessera::models
