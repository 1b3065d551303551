// What a step of the transformer's training sees, token by token, against what stands before a window when it is drawn.
#include "models/training/trainingbatch.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <unistd.h>
#include <vector>

#include <ATen/ATen.h>
#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "core/sampling/sampler.h"
#include "core/sampling/windowprefix.h"
#include "models/training/onehot.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;

constexpr int kWindow = 4, kCells = kWindow * kWindow, kSide = 64, kCanvas = 8; // codes, codes, pixels, codes
constexpr int64_t kLight = 84, kPosition = 87, kScale = 92, kNull = 96;         // vocabulary ids
constexpr ConditionKind kLabels = ConditionKind::Labels, kDepth = ConditionKind::Depth;

// No range begins at 0 but that of labels, so that a forgotten shift shows.
ModelConfig severalMaps()
{
    ModelConfig config;
    config.window = kWindow;
    config.condition.kind = kLabels;
    config.condition.tokens = {0, 10};
    ConditionConfig depth;
    depth.kind = kDepth;
    depth.tokens = {10, 10};
    config.otherConditions = {depth};
    config.imageTokens = {20, 64};
    config.controls = {{"light", {"any", "day", "night"}, kLight},
                       {"position", {"any", "0", "1", "2", "3"}, kPosition, ControlSource::Row},
                       {"scale", {"any", "1", "1.5", "2"}, kScale, ControlSource::Height}};
    config.nullToken = kNull;
    config.seesKept = true;
    config.transformer = TransformerConfig{
        .vocabSize = kNull + 1, .blockSize = 3 + 2 * kCells, .layers = 1, .heads = 2, .embedding = 16, .unmasked = 19};
    return config;
}

void writePictures(const fs::path &folder, int side, const std::vector<std::string> &facts)
{
    fs::create_directories(folder);
    ShardWriter writer(folder / "a.tlds", side, side);
    const auto pixels = size_t(side * side);
    for (const std::string &fact : facts)
        writer.add({side, side, std::vector<uint8_t>(3 * pixels, 90), std::vector<uint8_t>(pixels, 1),
                    std::vector<uint8_t>(pixels, 1), std::vector<uint16_t>(pixels, 500), fact});
    writer.close();
}

at::Tensor randomCodes(std::vector<int64_t> shape, int64_t first, int64_t count, uint64_t seed)
{
    return at::randint(first, first + count, shape, at::make_generator<at::CPUGeneratorImpl>(seed), at::kLong);
}

// Where a sequence was cut, found by its picture codes, which no two windows share.
struct Place {
    const TokenSource *source = nullptr;
    int64_t view = 0;
    int row = 0, column = 0;
};

class TrainingBatch : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        std::string name = (fs::temp_directory_path() / "tessera-batch-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
        writePictures(folder / "windows", kSide, {R"({"light":"day"})", R"({"light":"night"})", "{}"});
        writePictures(folder / "canvases", 2 * kSide, {R"({"light":"night"})", R"({"light":"day"})"});
        windowPictures.emplace(folder / "windows");
        canvasPictures.emplace(folder / "canvases");
    }
    static void TearDownTestSuite()
    {
        windowPictures.reset();
        canvasPictures.reset();
        fs::remove_all(folder);
    }

    TrainingBatch()
    {
        windows.pictures = &*windowPictures;
        windows.tokens.views = trainingViews(*windowPictures, 2, {}, 0);
        fill(windows.tokens, kWindow, 10);
        canvases.pictures = &*canvasPictures;
        canvases.tokens.views = canvasViews(*canvasPictures, 16);
        fill(canvases.tokens, kCanvas, 20);
        settings.batch = 16;
        settings.tasks.kinds = {{kLabels, 3}, {kDepth, 1}};
        settings.tasks.filling = 0.5;
        settings.canvasShare = 0.5;
        settings.conditionDropout = settings.controlDropout = 0;
    }

    static void fill(TokenSet &set, int64_t side, uint64_t seed)
    {
        const auto views = int64_t(set.views.size());
        set.codes = randomCodes({views, side, side}, 0, 64, seed);
        set.maps[kLabels] = randomCodes({views, 2, side, side}, 0, 10, seed + 1);
        set.maps[kDepth] = randomCodes({views, 1, side, side}, 10, 10, seed + 2);
    }

    Sequences make(uint64_t seed) const { return BatchMaker(builder, settings, windows, &canvases).make(seed); }

    int64_t prefixLength() const { return config.prefixLength(); }

    // Also checks that the input is the picture, every code but the last one, whatever stays of it.
    Place placeOf(const at::Tensor &tokens) const
    {
        const at::Tensor shown = tokens.slice(0, prefixLength()) - config.imageTokens.first;
        for (const TokenSource *source : {&windows, &canvases}) {
            const at::Tensor &codes = source->tokens.codes;
            for (int64_t view = 0; view < codes.size(0); ++view)
                for (int row = 0; row + kWindow <= codes.size(1); ++row)
                    for (int column = 0; column + kWindow <= codes.size(2); ++column)
                        if (at::equal(cut(codes[view], row, column).flatten().slice(0, 0, -1), shown))
                            return {source, view, row, column};
        }
        ADD_FAILURE() << "of no picture: " << shown;
        return {&windows, 0, 0, 0};
    }

    static at::Tensor cut(const at::Tensor &grid, int64_t row, int64_t column)
    {
        return grid.slice(0, row, row + kWindow).slice(1, column, column + kWindow);
    }

    static core::CodeGrid gridOf(const at::Tensor &codes)
    {
        core::CodeGrid grid({int(codes.size(0)), int(codes.size(1))});
        std::ranges::copy_n(codes.contiguous().data_ptr<int64_t>(), codes.numel(), grid.values.begin());
        return grid;
    }

    // The prefix that the renderer would put before this window, were it to draw what does not stay.
    // kept: bool [window^2].
    std::vector<int64_t> drawn(const Place &place, ConditionKind kind, int64_t map, const at::Tensor &kept,
                               bool dropped = false) const
    {
        const TokenSet &set = place.source->tokens;
        const std::string light = place.source->pictures->fact(set.views[size_t(place.view)].picture, "light");
        core::SampleRequest request;
        request.canvas = {int(set.codes.size(1)), int(set.codes.size(2))};
        request.controlTokens = {kLight + (light == "day" ? 1 : light == "night" ? 2 : 0), kPosition, kScale};
        request.condition = gridOf(set.maps.at(kind)[place.view][map] - config.conditionOf(kind)->tokens.first);
        request.kind = kind;
        request.initial = gridOf(set.codes[place.view]);
        request.locked = core::Grid<uint8_t>(request.canvas);
        for (int cell = 0; cell < kCells; ++cell)
            request.locked.at({place.row + cell / kWindow, place.column + cell % kWindow}) = kept[cell].item<bool>();
        const core::WindowPrefix prefix(config, request);
        const core::Cell origin{place.row, place.column};
        return dropped ? prefix.withoutCondition(origin) : prefix.at(origin);
    }

    std::vector<int64_t> prefixOf(const at::Tensor &tokens) const
    {
        const int64_t *first = tokens.data_ptr<int64_t>();
        return {first, first + prefixLength()};
    }

    const ModelConfig config = severalMaps();
    const SequenceBuilder builder{config, {}};
    BatchSettings settings;
    TokenSource windows, canvases;

    static inline fs::path folder;
    static inline std::optional<PictureSet> windowPictures, canvasPictures;
};

// Controls, map and what stays of the picture: training and drawing agree about every token.
TEST_F(TrainingBatch, ShowsWhatStandsBeforeTheWindowWhenItIsDrawn)
{
    std::map<std::pair<ConditionKind, int64_t>, int> seen;
    std::set<std::pair<int, int>> origins;
    int regions = 0, ofCanvases = 0;
    for (uint64_t seed = 0; seed < 12; ++seed) {
        const Sequences batch = make(seed);
        for (int64_t i = 0; i < settings.batch; ++i) {
            const at::Tensor tokens = batch.tokens[i], target = batch.target[i];
            const Place place = placeOf(tokens);
            const at::Tensor codes = cut(place.source->tokens.codes[place.view], place.row, place.column).flatten();
            const at::Tensor kept = target == Sequences::kNotJudged;
            EXPECT_TRUE(at::equal(target, codes.masked_fill(kept, Sequences::kNotJudged)));
            int matches = 0;
            for (const auto &[kind, map] : {std::pair{kLabels, 0}, {kLabels, 1}, {kDepth, 0}})
                if (drawn(place, kind, map, kept) == prefixOf(tokens)) {
                    ++seen[{kind, map}];
                    ++matches;
                }
            EXPECT_GE(matches, 1) << "seed " << seed << ", sequence " << i << '\n' << tokens;
            regions += kept.any().item<bool>();
            ofCanvases += place.source == &canvases;
            if (place.source == &canvases)
                origins.insert({place.row, place.column});
        }
    }
    EXPECT_EQ(seen.size(), 3U); // both maps of labels, and depth
    EXPECT_GT(regions, 60);
    EXPECT_LT(regions, 132);
    EXPECT_GT(ofCanvases, 60);
    EXPECT_LT(ofCanvases, 132);
    EXPECT_GT(origins.size(), 20U); // of 25
}

TEST_F(TrainingBatch, WholeWindowsAreJudgedWholeAndRegionsWhereNothingStays)
{
    settings.tasks.filling = 0;
    EXPECT_FALSE((make(3).target == Sequences::kNotJudged).any().item<bool>());
    settings.tasks.filling = 1;
    const at::Tensor kept = make(3).target == Sequences::kNotJudged; // [batch, window^2]
    EXPECT_TRUE(kept.any(1).all().item<bool>());
    EXPECT_FALSE(kept.all(1).any().item<bool>());
}

TEST_F(TrainingBatch, WhatIsDroppedIsWhatGuidanceLeavesOut)
{
    settings.conditionDropout = 1;
    Sequences batch = make(5);
    for (int64_t i = 0; i < settings.batch; ++i) {
        const at::Tensor kept = batch.target[i] == Sequences::kNotJudged;
        EXPECT_EQ(prefixOf(batch.tokens[i]), drawn(placeOf(batch.tokens[i]), kLabels, 0, kept, true));
    }
    settings.conditionDropout = 0;
    settings.controlDropout = 1;
    batch = make(5);
    for (const auto &[control, any] : {std::pair{0, kLight}, {1, kPosition}, {2, kScale}})
        EXPECT_TRUE((batch.tokens.select(1, control) == any).all().item<bool>()) << control;
    EXPECT_FALSE((batch.tokens == kNull).any().item<bool>());
}

// Counted over 2,400 windows: bounds are four standard deviations or more.
TEST_F(TrainingBatch, ComesInTheSharesAskedFor)
{
    settings.tasks.filling = 0.25;
    settings.canvasShare = 0.3;
    settings.conditionDropout = 0.2;
    settings.controlDropout = 0.4;
    std::vector<at::Tensor> tokens, targets;
    for (uint64_t seed = 100; seed < 250; ++seed) {
        const Sequences batch = make(seed);
        tokens.push_back(batch.tokens);
        targets.push_back(batch.target);
    }
    const at::Tensor all = at::cat(tokens), condition = all.slice(1, 3, prefixLength());
    const auto share = [](const at::Tensor &of) { return of.to(at::kFloat).mean().item<double>(); };
    const at::Tensor dropped = (condition == kNull).all(1), region = (at::cat(targets) == Sequences::kNotJudged).any(1);
    EXPECT_TRUE(at::equal(dropped, (condition == kNull).any(1))); // all of it or nothing
    EXPECT_NEAR(share(dropped), 0.2, 0.035);
    EXPECT_NEAR(share(region), 0.25, 0.04);
    EXPECT_NEAR(share(region.masked_select(dropped)), 0.25, 0.09); // one does not depend on the other
    const at::Tensor depth = ((condition >= 10) & (condition < 20)).any(1), labels = (condition < 10).any(1);
    EXPECT_FALSE((depth & labels).any().item<bool>());
    EXPECT_TRUE(at::equal(depth | labels, ~dropped)); // a region always shows something of the map
    EXPECT_NEAR(share(depth.masked_select(~dropped)), 0.25, 0.04);
    const at::Tensor known = all.slice(1, 1, 3) != at::tensor({kPosition, kScale}); // light is unknown at times, too
    EXPECT_NEAR(share(known.select(1, 0)), 0.6, 0.04);
    EXPECT_NEAR(share(known.select(1, 1)), 0.6, 0.04);
    EXPECT_NEAR(share(known.all(1)), 0.36, 0.04); // each is dropped by itself
    const at::Tensor scale = all.select(1, 2).masked_select(known.select(1, 1));
    EXPECT_NEAR(share(scale == kScale + 3), 0.3, 0.05);
    EXPECT_NEAR(share(scale == kScale + 1), 0.7, 0.05);
}

TEST_F(TrainingBatch, AKindWithoutAShareNeverComes)
{
    settings.tasks.kinds = {{kLabels, 0}, {kDepth, 0.1}};
    settings.tasks.filling = 0;
    windows.tokens.maps.erase(kLabels);
    canvases.tokens.maps.erase(kLabels);
    const at::Tensor condition = make(1).tokens.slice(1, 3, prefixLength());
    EXPECT_TRUE(((condition >= 10) & (condition < 20)).all().item<bool>());
}

TEST_F(TrainingBatch, TheSameSeedGivesTheSameBatch)
{
    settings.conditionDropout = settings.controlDropout = 0.5;
    const Sequences first = make(8), again = make(8), other = make(9);
    EXPECT_TRUE(at::equal(first.tokens, again.tokens));
    EXPECT_TRUE(at::equal(first.target, again.target));
    EXPECT_FALSE(at::equal(first.tokens, other.tokens));
}

// Counted by hand: four parts of the height, and heights of 1, 1.5 and 2 windows.
TEST_F(TrainingBatch, ControlsTellWhereAWindowLiesInItsCanvas)
{
    struct Case {
        View view;
        int64_t light, position, scale;
    };
    const Case cases[] = {
        {{0, 0, 0, 64, false}, 2, 2, 3},  // its middle lies at a quarter, where the second part begins
        {{0, 16, 32, 64, true}, 2, 3, 3}, // at half
        {{1, 64, 64, 64, false}, 1, 4, 3}, {{1, 0, 0, 128, false}, 1, 3, 1}, // the whole
        {{1, 0, 40, 88, false}, 1, 3, 2},                                    // at 84 of 128; 1.45 windows
    };
    const auto never = [] { return false; };
    const at::Tensor condition = randomCodes({1, kWindow, kWindow}, 0, 10, 1);
    for (const Case &expected : cases) {
        const at::Tensor prefix =
            builder.prefix({{&*canvasPictures, expected.view}}, condition, never, never).flatten();
        EXPECT_EQ(prefix[0].item<int64_t>(), kLight + expected.light);
        EXPECT_EQ(prefix[1].item<int64_t>(), kPosition + expected.position) << expected.view.y;
        EXPECT_EQ(prefix[2].item<int64_t>(), kScale + expected.scale) << expected.view.side;
        EXPECT_TRUE(at::equal(prefix.slice(0, 3), condition.flatten()));
    }
    const at::Tensor unknown =
        builder.prefix({{&*windowPictures, windowPictures->wholeView(2)}}, condition, never, never).flatten();
    EXPECT_EQ(unknown[0].item<int64_t>(), kLight); // nobody said what light it was
}

TEST_F(TrainingBatch, CodesOfMapsLieInTheRangeOfTheirKind)
{
    AutoencoderConfig layout{.inChannels = 25, .outChannels = 25, .width = 8, .multipliers = {1}};
    layout.attentionResolutions = {};
    layout.resBlocks = 1;
    layout.patch = 16;
    layout.zChannels = layout.embedDim = 4;
    layout.codes = 10;
    layout.normGroups = 4;
    layout.encoderOnly = true;
    const at::Tensor labels = randomCodes({2, 4, 4}, 0, 25, 3).repeat_interleave(16, 1).repeat_interleave(16, 2);
    const at::Tensor fields = at::linspace(0, 60, 2 * kSide * kSide).reshape({2, kSide, kSide}).sin();
    const auto stageFor = [&](const at::Tensor &input) {
        FreshSource source(1);
        layout.inChannels = layout.outChannels = input.size(1);
        Autoencoder stage = Autoencoder::create(layout, source);
        const at::Tensor latents = stage.latents(input).permute({0, 2, 3, 1}).reshape({-1, 4});
        stage.codebook.copy_(latents.slice(0, 0, 10)); // no code is far from all
        return stage;
    };
    const Autoencoder labelStage = stageFor(oneHot(labels, 25)), depthStage = stageFor(fields.unsqueeze(1));
    const SequenceBuilder reads(config, {{kLabels, &labelStage}, {kDepth, &depthStage}});
    for (const auto &[kind, maps, first] : {std::tuple{kLabels, labels, 0}, {kDepth, fields, 10}}) {
        const at::Tensor tokens = reads.conditionTokens(kind, maps);
        EXPECT_EQ(tokens.sizes(), (std::vector<int64_t>{2, kWindow, kWindow}));
        EXPECT_EQ(tokens.min().item<int64_t>(), first);
        EXPECT_EQ(tokens.max().item<int64_t>(), first + 9);
    }
}

TEST_F(TrainingBatch, TheLossIsTheMeanOverCodesThatAreJudged)
{
    FreshSource source(6);
    Transformer model = Transformer::create(*config.transformer, source);
    model.head = model.head * 50; // far from even odds
    Sequences batch = make(2);
    const at::Tensor codes = make(2).target;
    const at::Tensor odds = at::log_softmax(model.forward(batch.tokens, prefixLength() - 1).slice(2, 20, 84),
                                            2); // [batch, window^2, picture codes]
    double sum = 0;
    int64_t judged = 0;
    for (int64_t i = 0; i < codes.size(0); ++i)
        for (int64_t cell = 0; cell < kCells; ++cell)
            if (const int64_t code = codes[i][cell].item<int64_t>(); code != Sequences::kNotJudged) {
                sum -= odds[i][cell][code].item<double>();
                ++judged;
            }
    ASSERT_LT(judged, codes.numel());
    const double mean = sum / double(judged);
    EXPECT_NEAR(builder.loss(model, batch).item<double>(), mean, 0.02 * mean); // bfloat16 on some processors
    judgeRegions(batch, at::zeros({settings.batch, kWindow, kWindow}, at::kBool));
    EXPECT_TRUE(at::equal(batch.target, codes)); // what stays is not judged again
}

// pkeep of Esser et al. 2021.
TEST_F(TrainingBatch, ScramblingTakesPictureCodesOfTheInputAlone)
{
    settings.batch = 128;
    const Sequences plain = make(4);
    Sequences scrambled = make(4), again = make(4), whole = make(4), none = make(4);
    scramble(scrambled, config, 11, 0.75);
    EXPECT_TRUE(at::equal(scrambled.target, plain.target));
    EXPECT_TRUE(at::equal(scrambled.tokens.slice(1, 0, prefixLength()), plain.tokens.slice(1, 0, prefixLength())));
    const auto picture = [&](const Sequences &batch) { return batch.tokens.slice(1, prefixLength()); };
    const at::Tensor changed = picture(scrambled) != picture(plain);
    const double share = changed.to(at::kFloat).mean().item<double>();
    EXPECT_NEAR(share, 0.25 * 63 / 64, 0.04); // one of 64 random codes is the old one
    const at::Tensor random = picture(scrambled).masked_select(changed);
    EXPECT_EQ(random.min().item<int64_t>(), 20);
    EXPECT_EQ(random.max().item<int64_t>(), 83);
    EXPECT_GT(changed.to(at::kFloat).mean(0).min().item<double>(), 0.1); // everywhere in the window
    scramble(again, config, 11, 0.75);
    EXPECT_TRUE(at::equal(again.tokens, scrambled.tokens));
    scramble(whole, config, 11, 1);
    EXPECT_TRUE(at::equal(whole.tokens, plain.tokens));
    scramble(none, config, 11, 0);
    EXPECT_NEAR((picture(none) != picture(plain)).to(at::kFloat).mean().item<double>(), 63.0 / 64, 0.02);
}

} // namespace

} // namespace tessera::models
