#include "models/training/layoutchange.h"

#include <algorithm>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

constexpr int64_t kMaps = 400;        // enough for every code that matters
constexpr double kFreshSpread = 0.02; // of what is wholly new, as in minGPT
constexpr uint64_t kSeed = 20;

// But for rounding: one of them may have been packed.
bool nearlyEqual(const at::Tensor &a, const at::Tensor &b)
{
    constexpr double kRounding = 0.01;
    return a.sizes() == b.sizes() && ((a - b).abs().max() <= kRounding * a.abs().max()).item<bool>();
}

bool sameCodes(const Autoencoder &a, const Autoencoder &b)
{
    AutoencoderConfig config = a.config;
    config.encoderOnly = b.config.encoderOnly;
    const bool sameList = !a.used.defined() || !b.used.defined() || at::equal(a.used, b.used); // configs tell whether
    return config == b.config && sameList && nearlyEqual(a.codebook, b.codebook)
           && nearlyEqual(a.encoder.convIn.weight, b.encoder.convIn.weight);
}

at::Tensor rowsOf(const at::Tensor &tensor, const TokenRange &range)
{
    return tensor.slice(0, range.first, range.first + range.count);
}

class Relaying
{
public:
    Relaying(StateDict transformer, const Layout &learned, const Layout &now, const PictureSet &pictures)
        : m_tensors(std::move(transformer))
        , m_learned(learned)
        , m_now(now)
        , m_pictures(pictures)
        , m_random(at::make_generator<at::CPUGeneratorImpl>(kSeed))
    {}

    StateDict run()
    {
        check();
        relayVocabulary();
        relayPlaces();
        return std::move(m_tensors);
    }

private:
    void check() const
    {
        const TransformerConfig &before = *m_learned.config.transformer, &after = *m_now.config.transformer;
        if (before.layers != after.layers || before.heads != after.heads) // heads are parts of the embedding
            throw Error(ErrorCode::ModelMismatch, "The start has " + std::to_string(before.layers) + " layers of "
                                                      + std::to_string(before.heads) + " heads; expected "
                                                      + std::to_string(after.layers) + " of "
                                                      + std::to_string(after.heads) + ".");
        if (before.embedding != after.embedding || m_learned.config.window != m_now.config.window
            || m_learned.config.imageTokens.count != m_now.config.imageTokens.count)
            throw Error(ErrorCode::ModelMismatch,
                        "The start has " + std::to_string(before.embedding) + " values a token, windows of "
                            + std::to_string(m_learned.config.window) + " codes a side and "
                            + std::to_string(m_learned.config.imageTokens.count) + " picture codes; expected "
                            + std::to_string(after.embedding) + ", " + std::to_string(m_now.config.window) + " and "
                            + std::to_string(m_now.config.imageTokens.count) + ".");
    }

    at::Tensor fresh(int64_t rows, int64_t columns)
    {
        return at::randn({rows, columns}, m_random, at::kFloat) * kFreshSpread;
    }

    void relayVocabulary()
    {
        const at::Tensor embedding = m_tensors.at("tok_emb.weight"), head = m_tensors.at("head.weight");
        const int64_t tokens = m_now.config.transformer->vocabSize, width = embedding.size(1);
        m_embedding = fresh(tokens, width);
        m_head = at::zeros({tokens, width});
        rowsOf(m_embedding, m_now.config.imageTokens).copy_(rowsOf(embedding, m_learned.config.imageTokens));
        rowsOf(m_head, m_now.config.imageTokens).copy_(rowsOf(head, m_learned.config.imageTokens));
        for (const auto &[kind, stage] : m_now.stages)
            relayCondition(kind, *stage, embedding);
        for (const ControlConfig &control : m_now.config.controls)
            relayControl(control, embedding);
        if (m_now.config.nullToken && m_learned.config.nullToken)
            m_embedding[*m_now.config.nullToken].copy_(embedding[*m_learned.config.nullToken]);
        m_tensors["tok_emb.weight"] = m_embedding;
        m_tensors["head.weight"] = m_head;
    }

    void relayCondition(ConditionKind kind, const Autoencoder &stage, const at::Tensor &embedding)
    {
        const TokenRange range = m_now.config.conditionOf(kind)->tokens;
        const auto before = m_learned.stages.find(kind);
        if (before != m_learned.stages.end() && sameCodes(*before->second, stage))
            rowsOf(m_embedding, range).copy_(rowsOf(embedding, m_learned.config.conditionOf(kind)->tokens));
        else if (m_learned.stages.contains(ConditionKind::Labels))
            rowsOf(m_embedding, range).copy_(meansInPlace(kind, range, embedding));
    }

    // Of the label codes learned.
    at::Tensor meansInPlace(ConditionKind kind, const TokenRange &range, const at::Tensor &embedding) const
    {
        const TokenRange &labels = m_learned.config.conditionOf(ConditionKind::Labels)->tokens;
        const SequenceBuilder before(m_learned.config, m_learned.stages), after(m_now.config, m_now.stages);
        at::Tensor counts = at::zeros({range.count * labels.count}, at::kFloat);
        for (int64_t i = 0; i < std::min(kMaps, m_pictures.size()); ++i) {
            const SeenWindow seen{&m_pictures, m_pictures.wholeView(i)};
            const auto codes = [&](const SequenceBuilder &builder, ConditionKind read, int64_t first) {
                return builder.conditionTokens(read, builder.map(read, seen, builder.side()).unsqueeze(0)).reshape(-1)
                       - first;
            };
            const at::Tensor pairs =
                codes(after, kind, range.first) * labels.count + codes(before, ConditionKind::Labels, labels.first);
            counts.index_add_(0, pairs, at::ones_like(pairs, at::kFloat));
        }
        const at::Tensor places = counts.reshape({-1, labels.count}), rows = rowsOf(embedding, labels);
        const at::Tensor times = places.sum(1, true);
        return at::where(times > 0, at::matmul(places, rows) / times.clamp_min(1), rows.mean(0, true));
    }

    // The learned control of this key, or else the last one; null: none was learned.
    const ControlConfig *alike(const std::string &key) const
    {
        const auto &learned = m_learned.config.controls;
        const auto found = std::ranges::find(learned, key, &ControlConfig::key);
        return found != learned.end() ? &*found : learned.empty() ? nullptr : &learned.back();
    }

    void relayControl(const ControlConfig &control, const at::Tensor &embedding)
    {
        const ControlConfig *before = alike(control.key);
        for (size_t i = 0; before && i < control.values.size(); ++i) {
            const auto same = std::ranges::find(before->values, control.values[i]);
            const bool known = before->key == control.key && same != before->values.end();
            m_embedding[control.first + int64_t(i)].copy_(
                embedding[before->first + (known ? same - before->values.begin() : 0)]);
        }
    }

    // Controls, then condition and picture as a whole.
    void relayPlaces()
    {
        const at::Tensor before = m_tensors.at("pos_emb")[0];
        const auto &controls = m_now.config.controls, &learned = m_learned.config.controls;
        at::Tensor places = fresh(m_now.config.transformer->blockSize, before.size(1));
        for (size_t i = 0; i < controls.size(); ++i)
            if (const ControlConfig *same = alike(controls[i].key))
                places[int64_t(i)].copy_(before[same - learned.data()]);
        const int64_t rest =
            std::min(before.size(0) - int64_t(learned.size()), places.size(0) - int64_t(controls.size()));
        const auto first = int64_t(controls.size()), old = int64_t(learned.size());
        places.slice(0, first, first + rest).copy_(before.slice(0, old, old + rest));
        m_tensors["pos_emb"] = places.unsqueeze(0);
    }

    StateDict m_tensors;
    const Layout &m_learned, &m_now;
    const PictureSet &m_pictures;
    at::Generator m_random;
    at::Tensor m_embedding, m_head;
};

bool sameLayout(const Layout &a, const Layout &b)
{
    const auto same = [&](const auto &stage) {
        const auto other = b.stages.find(stage.first);
        return other != b.stages.end() && sameCodes(*stage.second, *other->second)
               && a.config.conditionOf(stage.first)->tokens == b.config.conditionOf(stage.first)->tokens;
    };
    return a.config.transformer == b.config.transformer && a.config.imageTokens == b.config.imageTokens
           && a.config.controls == b.config.controls && a.config.nullToken == b.config.nullToken
           && a.stages.size() == b.stages.size() && std::ranges::all_of(a.stages, same);
}

} // namespace

StateDict relaid(StateDict transformer, const Layout &learned, const Layout &now, const PictureSet &pictures)
{
    if (sameLayout(learned, now))
        return transformer;
    return Relaying(std::move(transformer), learned, now, pictures).run();
}

} // namespace tessera::models
