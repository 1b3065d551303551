#include "models/training/likelihood.h"

#include <algorithm>
#include <random>
#include <vector>

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
    void add(int64_t picture, const at::Tensor &codes)
    {
        const SeenWindow seen{&m_pictures, m_pictures.wholeView(picture)};
        const auto condition = [&](ConditionKind kind) {
            return m_builder.conditionTokens(kind, m_builder.map(kind, seen, m_builder.side()).unsqueeze(0));
        };
        const at::Tensor labels = condition(ConditionKind::Labels);
        const auto sum = [&](const char *name, const at::Tensor &tokens, bool dropped, const at::Tensor &kept) {
            m_means[name].add(nats(seen, tokens, codes, dropped, kept));
        };
        sum("nats_with_map", labels, false, {});
        if (m_builder.config().nullToken)
            sum("nats_without_map", labels, true, {});
        for (const auto &[kind, name] :
             {std::pair{ConditionKind::Depth, "nats_with_depth"}, {ConditionKind::Edges, "nats_with_edges"}})
            if (m_builder.reads(kind))
                sum(name, condition(kind), false, {});
        if (m_builder.config().seesKept) {
            std::mt19937_64 random{uint64_t(picture)}; // the same region every time
            const std::vector<uint8_t> cells = keptCells(m_builder.config().window, random);
            const std::vector<uint8_t> facing = facingKept(cells, m_builder.config().window);
            const at::Tensor kept = flags(cells, codes.sizes()), elsewhere = flags(facing, codes.sizes()).logical_not();
            const at::Tensor around = withKept(m_builder.config(), labels, codes, kept);
            sum("nats_filling", around, false, kept);
            sum("nats_filling_unseen", labels, false, kept);
            if (!elsewhere.all().item<bool>()) {
                sum("nats_facing", around, false, elsewhere);
                sum("nats_facing_unseen", labels, false, elsewhere);
            }
        }
    }

    std::map<std::string, double> take() const
    {
        std::map<std::string, double> means;
        for (const auto &[name, mean] : m_means)
            means[name] = mean.sum / double(mean.count);
        return means;
    }

private:
    struct Mean {
        double sum = 0;
        int64_t count = 0;
        void add(double value)
        {
            sum += value;
            ++count;
        }
    };

    static at::Tensor flags(const std::vector<uint8_t> &cells, at::IntArrayRef sizes)
    {
        const at::Tensor flags = at::empty(sizes, at::kBool);
        std::ranges::copy(cells, flags.mutable_data_ptr<bool>());
        return flags;
    }

    // `kept`: bool [1, window, window], true where codes are not judged; or undefined.
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
    std::map<std::string, Mean> m_means;
};

} // namespace

std::map<std::string, double> evaluateLikelihood(const Transformer &transformer, const SequenceBuilder &builder,
                                                 const PictureSet &pictures, const at::Tensor &codes, int64_t count,
                                                 const std::stop_token &stop)
{
    count = std::min(count, codes.size(0));
    Likelihood likelihood(transformer, builder, pictures);
    for (int64_t i = 0; i < count; ++i) {
        if (stop.stop_requested())
            return {};
        likelihood.add(i, codes[i].unsqueeze(0));
    }
    return likelihood.take();
}

} // namespace tessera::models
