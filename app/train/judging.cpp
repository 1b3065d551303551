#include "app/train/judging.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <ATen/ATen.h>

#include "app/train/heldoutcanvas.h"
#include "app/train/looksheet.h"
#include "app/train/mappainter.h"
#include "app/train/paintedmaps.h"
#include "models/error.h"
#include "models/training/degradations.h"
#include "models/training/distributions.h"
#include "models/training/fieldmaps.h"
#include "models/training/judgedset.h"
#include "models/training/labelscores.h"
#include "models/training/pictureset.h"
#include "models/training/shard.h"
#include "models/training/slicedwasserstein.h"

namespace tessera::train
{

namespace
{

using Pictures = std::vector<at::Tensor>;
using models::JudgedSet;
using nlohmann::json;

constexpr int64_t kCell = 16;          // pixels of the cells that painted maps are scored on
constexpr int kNeighbours = 5;         // of density and coverage
constexpr uint64_t kUntrainedSeed = 7; // of the network whose features nobody taught
constexpr double kThousand = 1000;     // squared MMDs are small: they are told times this

// Where pictures lie that the model was not trained on.
std::filesystem::path validationFolder(const std::filesystem::path &data)
{
    return std::filesystem::is_directory(data / "val") ? data / "val" : data;
}

int64_t picturesIn(const std::filesystem::path &folder)
{
    int64_t pictures = 0;
    for (const std::filesystem::path &shard : models::listShards(folder))
        pictures += int64_t(models::ShardReader(shard).size());
    return pictures;
}

// Photographs, for instance, come without: nothing could be painted from them. Where there are no pictures that is told
// elsewhere.
void expectLabelled(const std::filesystem::path &folder)
{
    const std::vector<std::filesystem::path> shards = models::listShards(folder);
    if (shards.empty() || models::ShardReader(shards.front()).size() == 0)
        return;
    const models::ShardPicture first = models::ShardReader(shards.front()).read(0);
    if (std::ranges::all_of(first.object, [](uint8_t label) { return label == 0; }))
        throw Error(ErrorCode::InvalidArgument,
                    "The pictures in " + folder.string() + " have no labels, which a judge looks for");
}

// Without others at least half of the pictures serve as such.
int64_t judgedCount(int64_t pictures, const JudgingOptions &options)
{
    return std::min<int64_t>(options.pictures, options.others.empty() ? pictures / 2 : pictures);
}

struct Judging {
    const models::ModelBundle &bundle;
    const JudgingOptions &options;
    std::stop_token stop;
    models::EvalNet net;
    models::PictureSet pictures;
    MapPainter painter;
    std::vector<PaintedMap> maps;
    int64_t side;  // of pictures and maps
    int64_t count; // of exact maps
    json figures = json::object();

    Judging(const models::ModelBundle &model, const std::filesystem::path &data, const JudgingOptions &wanted,
            int threads, std::stop_token stopToken)
        : bundle(model)
        , options(wanted)
        , stop(std::move(stopToken))
        , net(models::EvalNet::load(wanted.judge, model.device()))
        , pictures(validationFolder(data))
        , painter(model, threads)
        , side(painter.side())
        , count(judgedCount(pictures.size(), options))
    {
        if (!options.maps.empty())
            maps = readPaintedMaps(options.maps, side, options.mapsCount, model.config().controls);
    }

    at::Tensor real(const models::PictureSet &set, int64_t index) const
    {
        return set.rgb(set.wholeView(index), side).cpu();
    }

    Controls factsOf(int64_t index) const
    {
        Controls controls;
        for (const models::ControlConfig &control : bundle.config().controls)
            controls[control.key] = pictures.fact(index, control.key);
        return controls;
    }

    // `paint` gives the picture of an index and a seed. Empty after a stop.
    Pictures painted(const std::string &what, size_t number, const std::function<MapPicture(size_t, uint64_t)> &paint)
    {
        ProgressBar bar(options.progress, what);
        Pictures made;
        for (size_t i = 0; i < number; ++i) {
            const at::Tensor picture = paint(i, models::mixedSeed(options.seed, i)).picture;
            if (!picture.defined())
                return {};
            made.push_back(picture);
            bar.show({what, int64_t(i + 1), int64_t(number), double(i + 1) / double(number), {}});
        }
        return made;
    }

    void addExact();
    void addDepth(const JudgedSet &seen);
    void addDistances(const Pictures &originals, const Pictures &made);
    Pictures reference() const;
    void addPainted(const Pictures &originals, const JudgedSet &real);
    void addCanvases();
};

int64_t lightOf(const Controls &controls)
{
    const auto light = controls.find("light");
    return light == controls.end() ? models::kNotJudged : models::judgedClass(models::kJudgedLights, light->second);
}

// Pictures from maps of real ones: what is where, what light falls, and how their sets differ.
void Judging::addExact()
{
    Pictures originals;
    std::vector<at::Tensor> meant;
    std::vector<int64_t> lights;
    for (int64_t i = 0; i < count; ++i) {
        originals.push_back(real(pictures, i));
        meant.push_back(models::judgedLabels(pictures, pictures.wholeView(i), net.config.side));
        lights.push_back(models::judgedClass(models::kJudgedLights, pictures.fact(i, "light")));
    }
    const Pictures made = painted("exact maps", size_t(count), [&](size_t i, uint64_t seed) {
        const at::Tensor labels = pictures.exactLabels(pictures.wholeView(int64_t(i)), side);
        return painter.paint(labels, factsOf(int64_t(i)), seed, stop);
    });
    if (made.empty())
        return;
    const JudgedSet seen = models::judged(net, originals), generated = models::judged(net, made);
    const double ceiling = models::labelIou(seen, meant), iou = models::labelIou(generated, meant);
    figures["judged_pictures"] = count;
    figures["faithfulness_iou"] = iou;
    figures["faithfulness_iou_real"] = ceiling;
    figures["faithfulness_share"] = ceiling > 0 ? iou / ceiling : 0;
    figures["light_accuracy"] = models::lightAccuracy(generated, lights);
    figures["light_accuracy_real"] = models::lightAccuracy(seen, lights);
    addDistances(originals, made);
    addDepth(seen);
    addPainted(originals, seen);
}

// Pictures from the depth of real ones: is far what was to be far? Needs a model that reads depth and a judge that
// tells it.
void Judging::addDepth(const JudgedSet &seen)
{
    if (!net.config.depth || !painter.reads(models::ConditionKind::Depth) || stop.stop_requested())
        return;
    const auto given = [&](size_t i, int64_t pixels) {
        return models::depthField(pictures, pictures.wholeView(int64_t(i)), pixels, 0, true);
    };
    const Pictures made = painted("exact depth", size_t(count), [&](size_t i, uint64_t seed) {
        return painter.paintField(models::ConditionKind::Depth, given(i, side), factsOf(int64_t(i)), seed, stop);
    });
    if (made.empty())
        return;
    std::vector<at::Tensor> meant;
    for (size_t i = 0; i < size_t(count); ++i)
        meant.push_back(given(i, net.config.side / models::kJudgedScale));
    figures["depth_pictures"] = count;
    const JudgedSet generated = models::judged(net, made);
    figures["depth_spearman"] = models::depthCorrelation(generated, meant);
    figures["depth_spearman_real"] = models::depthCorrelation(seen, meant);
    figures["depth_rows"] = models::depthCorrelationInRows(generated, meant);
    figures["depth_rows_real"] = models::depthCorrelationInRows(seen, meant);
    if (count < 2)
        return;
    std::ranges::rotate(meant, meant.begin() + 1); // every landscape is nearer below: so much says nothing of the model
    figures["depth_spearman_other"] = models::depthCorrelation(generated, meant);
}

// Other real pictures: those of the folder for them, or the rest of the data.
Pictures Judging::reference() const
{
    Pictures result;
    if (options.others.empty()) {
        for (int64_t i = count; i < pictures.size(); ++i)
            result.push_back(real(pictures, i));
        return result;
    }
    const models::PictureSet others(options.others);
    for (int64_t i = 0; i < others.size(); ++i)
        result.push_back(real(others, i));
    return result;
}

// Painted, real and spoilt pictures, all as many: what is told of each has its ending.
struct Ladder {
    std::vector<std::pair<std::string, Pictures>> rungs;
    Pictures others; // real pictures that all are held against

    Ladder(const Pictures &originals, const Pictures &made, Pictures otherPictures) : others(std::move(otherPictures))
    {
        rungs.emplace_back("", made);
        rungs.emplace_back("_real", originals);
        add("_jpeg30", originals, [](const at::Tensor &x) { return models::quantisedLikeJpeg(x, 30); });
        add("_blurred", originals, [](const at::Tensor &x) { return models::blurred(x, 1.5); });
        add("_blocks", originals, [](const at::Tensor &x) { return models::blockAverages(x, 8); });
        size_t next = 0;
        add("_recoloured", originals,
            [&](const at::Tensor &x) { return models::withColoursOf(x, originals[++next % originals.size()]); });
    }

    void add(const std::string &ending, const Pictures &originals,
             const std::function<at::Tensor(const at::Tensor &)> &change)
    {
        Pictures changed;
        std::ranges::transform(originals, std::back_inserter(changed), change);
        rungs.emplace_back(ending, std::move(changed));
    }
};

using Features = std::function<at::Tensor(const Pictures &)>;

void addLadder(json &figures, const Ladder &ladder, const std::string &name, const Features &features)
{
    const at::Tensor target = features(ladder.others);
    for (const auto &[ending, pictures] : ladder.rungs) {
        const at::Tensor found = features(pictures);
        figures["frechet" + name + ending] = models::frechetDistance(found, target);
        figures["mmd" + name + ending] = kThousand * models::mmdSquared(found, target);
    }
}

void Judging::addDistances(const Pictures &originals, const Pictures &made)
{
    const Ladder ladder(originals, made, reference());
    addLadder(figures, ladder, "", [&](const Pictures &set) { return models::judged(net, set).features; });
    if (!options.photographs.empty()) {
        const auto taught = models::ImagenetFeatures::load(options.photographs, bundle.device());
        addLadder(figures, ladder, "_imagenet",
                  [&](const Pictures &set) { return models::imagenetFeatures(taught, set); });
    }
    const models::EvalNet untrained = models::EvalNet::untrained(net.config, kUntrainedSeed);
    const at::Tensor plain = models::judged(untrained, ladder.others).features;
    for (const auto &[ending, set] : {std::pair{"", &made}, {"_real", &originals}}) {
        const auto manifold = models::densityAndCoverage(plain, models::judged(untrained, *set).features, kNeighbours);
        figures[std::string("density") + ending] = manifold.density;
        figures[std::string("coverage") + ending] = manifold.coverage;
    }
}

// What a hurried hand painted, scored where it painted.
void Judging::addPainted(const Pictures &originals, const JudgedSet &seen)
{
    if (maps.empty() || stop.stop_requested())
        return;
    const auto cells = [](const at::Tensor &labels) {
        return models::labelsOfCells(labels, kCell, models::kMapLabels);
    };
    const Pictures made = painted("painted maps", maps.size(), [&](size_t i, uint64_t seed) {
        return painter.paint(maps[i].labels, maps[i].controls, seed, stop);
    });
    if (made.empty())
        return;
    std::vector<at::Tensor> meant, meantReal;
    std::vector<int64_t> lights;
    for (const PaintedMap &map : maps) {
        meant.push_back(cells(map.labels));
        lights.push_back(lightOf(map.controls));
    }
    for (size_t i = 0; i < originals.size(); ++i)
        meantReal.push_back(cells(pictures.exactLabels(pictures.wholeView(int64_t(i)), side)));
    const JudgedSet generated = models::judged(net, made);
    const double iou = models::labelIou(generated, meant), ceiling = models::labelIou(seen, meantReal);
    figures["painted_maps"] = maps.size();
    figures["painted_iou"] = iou;
    figures["painted_iou_real"] = ceiling;
    figures["painted_share"] = ceiling > 0 ? iou / ceiling : 0;
    figures["painted_light_accuracy"] = models::lightAccuracy(generated, lights);
}

// A canvas of two windows by four: do the borders between windows show?
void Judging::addCanvases()
{
    double made = 0, real = 0;
    for (int i = 0; i < options.canvases; ++i) {
        const HeldOutCanvas canvas = heldOutCanvas(uint32_t(i), int(4 * side), int(2 * side));
        const uint64_t seed = models::mixedSeed(options.seed, uint64_t(i));
        const MapPicture painted = painter.paint(canvas.labels, canvas.controls, seed, stop);
        if (!painted.picture.defined())
            return;
        const int64_t factor = bundle.config().firstStage.factor();
        made += models::seamRatio(painted.picture, painted.windows, factor) / options.canvases;
        real += models::seamRatio(canvas.picture, painted.windows, factor) / options.canvases;
    }
    if (options.canvases > 0) {
        figures["seam"] = made;
        figures["seam_real"] = real;
    }
}

} // namespace

void checkJudge(const models::EvalNetConfig &judge, int64_t side)
{
    if (side < kCell || side % kCell != 0)
        throw Error(ErrorCode::InvalidArgument, "Painted maps are scored in cells of " + std::to_string(kCell)
                                                    + " pixels; the model's window is of " + std::to_string(side)
                                                    + ", expected a multiple");
    const int64_t cells = side / kCell, labels = judge.side / models::kJudgedScale;
    if (labels % cells != 0)
        throw Error(ErrorCode::InvalidArgument, "The judge tells " + std::to_string(labels)
                                                    + " labels a side; to score painted maps, expected a "
                                                    + "multiple of their " + std::to_string(cells) + " cells");
}

void checkPictures(const std::filesystem::path &data, const JudgingOptions &options)
{
    expectLabelled(validationFolder(data));
    const std::string enough = "expected " + std::to_string(kNeighbours + 1) + " or more.";
    const int64_t found = picturesIn(validationFolder(data)), count = judgedCount(found, options);
    if (count <= kNeighbours)
        throw Error(ErrorCode::InvalidArgument, std::to_string(count) + " pictures are too few to judge by, of "
                                                    + std::to_string(found) + " in '" + data.string() + "'; " + enough);
    const int64_t others = options.others.empty() ? kNeighbours + 1 : picturesIn(options.others);
    if (others <= kNeighbours)
        throw Error(ErrorCode::InvalidArgument,
                    options.others.string() + " holds " + std::to_string(others) + " pictures; " + enough);
}

json judgedFigures(const models::ModelBundle &bundle, const std::filesystem::path &data, const JudgingOptions &options,
                   int threads, std::stop_token stop)
{
    checkPictures(data, options);
    Judging judging(bundle, data, options, threads, std::move(stop));
    judging.addExact();
    if (!judging.stop.stop_requested())
        judging.addCanvases();
    if (!options.sheet.empty() && !judging.stop.stop_requested())
        writeLookSheet(options.sheet,
                       {bundle, judging.painter, judging.pictures, judging.maps, options.seed, options.progress},
                       judging.stop);
    return judging.figures;
}

} // namespace tessera::train
