#include "models/training/likelihood.h"

#include <algorithm>
#include <random>

#include <ATen/ATen.h>

#include "models/training/holes.h"
#include "models/training/trainingbatch.h"

namespace tessera::models
{

namespace
{

class Likelihood
{
public:
    Likelihood(const Transformer &transformer, const SequenceBuilder &builder, const PictureSet &pictures)
        : m_transformer(transformer)
        , m_builder(builder)
        , m_pictures(pictures)
    {}

    // `codes`: int64 [1, window, window].
    void add(int64_t picture, const at::Tensor &codes, double weight)
    {
        const SeenWindow seen{&m_pictures, m_pictures.wholeView(picture)};
        const auto condition = [&](ConditionKind kind) {
            return m_builder.conditionTokens(kind, m_builder.map(kind, seen, m_builder.side()).unsqueeze(0));
        };
        const at::Tensor labels = condition(ConditionKind::Labels);
        const auto sum = [&](const char *name, const at::Tensor &tokens, bool dropped, const at::Tensor &kept) {
            m_sums[name] += weight * nats(seen, tokens, codes, dropped, kept);
        };
        sum("nats_with_map", labels, false, {});
        if (m_builder.config().nullToken)
            sum("nats_without_map", labels, true, {});
        for (const auto &[kind, name] :
             {std::pair{ConditionKind::Depth, "nats_with_depth"}, {ConditionKind::Edges, "nats_with_edges"}})
            if (m_builder.reads(kind))
                sum(name, condition(kind), false, {});
        if (m_builder.config().seesKept) {
            const at::Tensor kept = regionOf(picture);
            sum("nats_filling", withKept(m_builder.config(), labels, codes, kept), false, kept);
            sum("nats_filling_unseen", labels, false, kept);
        }
    }

    std::map<std::string, double> take() { return std::move(m_sums); }

private:
    // The same regions every time: bool [1, window, window], true where a code stays.
    at::Tensor regionOf(int64_t picture) const
    {
        const int64_t window = m_builder.config().window;
        std::mt19937_64 random{uint64_t(picture)};
        at::Tensor kept = at::empty({1, window, window}, at::kBool);
        std::ranges::copy(keptCells(window, random), kept.mutable_data_ptr<bool>());
        return kept;
    }

    double nats(const SeenWindow &seen, const at::Tensor &condition, const at::Tensor &codes, bool dropped,
                const at::Tensor &kept) const
    {
        const at::Tensor prefix = m_builder.prefix(
            {seen}, condition, [] { return false; }, [dropped] { return dropped; });
        Sequences sequences = m_builder.sequences(prefix, codes);
        if (kept.defined())
            judgeRegions(sequences, kept);
        return m_builder.loss(m_transformer, sequences).item<double>();
    }

    const Transformer &m_transformer;
    const SequenceBuilder &m_builder;
    const PictureSet &m_pictures;
    std::map<std::string, double> m_sums;
};

} // namespace

std::map<std::string, double> evaluateLikelihood(const Transformer &transformer, const SequenceBuilder &builder,
                                                 const PictureSet &pictures, const at::Tensor &codes, int64_t count)
{
    count = std::min(count, codes.size(0));
    Likelihood likelihood(transformer, builder, pictures);
    for (int64_t i = 0; i < count; ++i)
        likelihood.add(i, codes[i].unsqueeze(0), 1 / double(count));
    return likelihood.take();
}

} // namespace tessera::models
