#include "app/train/looksheet.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include <ATen/ATen.h>

#include "app/train/heldoutcanvas.h"
#include "models/training/fieldmaps.h"
#include "models/training/holes.h"
#include "models/training/sheet.h"

namespace tessera::train
{

namespace
{

constexpr int64_t kColumns = 8, kMaps = 6, kReconstructions = 12, kPairs = 4;
constexpr std::array kLights{"day", "sunset", "overcast"};
constexpr int kSeeds = 2;

class Painting
{
public:
    Painting(const LookSheet &sheet, std::stop_token stop)
        : m_sheet(sheet)
        , m_stop(std::move(stop))
        , m_side(sheet.painter.side())
        , m_total(toPaint())
        , m_bar(sheet.progress, "pictures")
    {}

    // False after a stop.
    bool paintAll();
    const std::vector<at::Tensor> &tiles() const { return m_tiles; }

private:
    const at::Tensor &add(at::Tensor tile);
    bool addPainted(const MapPicture &picture);
    void count();
    void endRow();
    bool addMaps();
    void addReconstructions();
    bool addFillings();
    bool addFields(models::ConditionKind kind);
    bool addCanvas();

    int64_t toPaint() const;
    int64_t shownMaps() const { return std::min(kMaps, int64_t(m_sheet.maps.size())); }
    int64_t shownPictures(int64_t most) const { return std::min(most, m_sheet.pictures.size()); }
    models::View view(int64_t index) const { return m_sheet.pictures.wholeView(index); }
    at::Tensor real(int64_t index) const { return m_sheet.pictures.rgb(view(index), m_side).cpu(); }
    at::Tensor codesOf(const at::Tensor &picture) const;
    at::Tensor pictureOf(const at::Tensor &codes) const;
    Controls factsOf(int64_t index) const;

    const LookSheet &m_sheet;
    std::stop_token m_stop;
    int64_t m_side;
    int64_t m_painted = 0, m_total; // pictures
    ProgressBar m_bar;
    std::vector<at::Tensor> m_tiles;
};

bool Painting::paintAll()
{
    if (!addMaps())
        return false;
    addReconstructions();
    return addFillings() && addFields(models::ConditionKind::Depth) && addFields(models::ConditionKind::Edges)
           && addCanvas();
}

int64_t Painting::toPaint() const
{
    int64_t pictures = shownMaps() * kSeeds * int64_t(kLights.size()) + shownPictures(kPairs) + 1;
    for (const auto kind : {models::ConditionKind::Depth, models::ConditionKind::Edges})
        pictures += m_sheet.painter.reads(kind) ? shownPictures(kPairs) : 0;
    return pictures;
}

const at::Tensor &Painting::add(at::Tensor tile)
{
    m_tiles.push_back(std::move(tile));
    return m_tiles.back();
}

bool Painting::addPainted(const MapPicture &picture)
{
    if (!picture.picture.defined())
        return false;
    add(picture.picture);
    count();
    return true;
}

void Painting::count()
{
    ++m_painted;
    m_bar.show({"look sheet", m_painted, m_total, double(m_painted) / double(m_total), {}});
}

void Painting::endRow()
{
    while (int64_t(m_tiles.size()) % kColumns != 0)
        add(at::full({3, m_side, m_side}, -1.0f));
}

bool Painting::addMaps()
{
    for (int64_t i = 0; i < shownMaps(); ++i) {
        const PaintedMap &map = m_sheet.maps[size_t(i) * m_sheet.maps.size() / size_t(shownMaps())];
        add(models::labelColours(map.labels));
        for (int seed = 0; seed < kSeeds; ++seed) {
            for (const char *light : kLights) {
                Controls controls = map.controls;
                controls["light"] = light;
                const uint64_t place = m_sheet.seed + uint64_t(seed);
                if (!addPainted(m_sheet.painter.paint(map.labels, controls, place, m_stop)))
                    return false;
            }
        }
        endRow();
    }
    return true;
}

at::Tensor Painting::codesOf(const at::Tensor &picture) const
{
    return m_sheet.bundle.firstStage().encode(picture.unsqueeze(0).to(m_sheet.bundle.device())).cpu();
}

at::Tensor Painting::pictureOf(const at::Tensor &codes) const
{
    return m_sheet.bundle.firstStage().decode(codes.to(m_sheet.bundle.device())).squeeze(0).clamp(-1, 1).cpu();
}

void Painting::addReconstructions()
{
    for (int64_t i = 0; i < shownPictures(kReconstructions); ++i) {
        const at::Tensor picture = add(real(i));
        add(pictureOf(codesOf(picture)));
    }
    endRow();
}

Controls Painting::factsOf(int64_t index) const
{
    Controls controls;
    for (const models::ControlConfig &control : m_sheet.bundle.config().controls)
        controls[control.key] = m_sheet.pictures.fact(index, control.key);
    return controls;
}

// A picture whose region is grey, and what is painted there from the exact map.
bool Painting::addFillings()
{
    std::mt19937_64 random(m_sheet.seed);
    for (int64_t i = 0; i < shownPictures(kPairs); ++i) {
        const at::Tensor picture = real(i), codes = codesOf(picture);
        const int64_t window = codes.size(-1);
        const std::vector<uint8_t> cells = models::keptCells(window, random);
        at::Tensor kept = at::empty({window, window}, at::kBool);
        std::ranges::copy(cells, kept.mutable_data_ptr<bool>());
        const int64_t factor = m_side / window;
        const at::Tensor shown = kept.repeat_interleave(factor, 0).repeat_interleave(factor, 1);
        add(at::where(shown, picture, at::zeros_like(picture)));
        const at::Tensor labels = m_sheet.pictures.exactLabels(view(i), m_side);
        if (!addPainted(m_sheet.painter.fill(labels, {codes, kept}, factsOf(i), m_sheet.seed, m_stop)))
            return false;
    }
    endRow();
    return true;
}

bool Painting::addFields(models::ConditionKind kind)
{
    if (!m_sheet.painter.reads(kind))
        return true;
    const models::ConditionConfig &condition = *m_sheet.bundle.config().conditionOf(kind);
    for (int64_t i = 0; i < shownPictures(kPairs); ++i) {
        const at::Tensor field = models::fieldOf(condition, m_sheet.pictures, view(i), m_side, 0, true);
        add(field.unsqueeze(0).expand({3, m_side, m_side}));
        if (!addPainted(m_sheet.painter.paintField(kind, field, factsOf(i), m_sheet.seed, m_stop)))
            return false;
    }
    endRow();
    return true;
}

bool Painting::addCanvas()
{
    const HeldOutCanvas canvas = heldOutCanvas(0, int(kColumns / 2 * m_side), int(2 * m_side));
    const MapPicture painted = m_sheet.painter.paint(canvas.labels, canvas.controls, m_sheet.seed, m_stop);
    if (!painted.picture.defined())
        return false;
    const at::Tensor both = at::cat({models::labelColours(canvas.labels), painted.picture}, 2);
    for (const at::Tensor &row : both.split(m_side, 1))
        for (const at::Tensor &tile : row.split(m_side, 2))
            add(tile);
    count();
    return true;
}

} // namespace

void writeLookSheet(const std::filesystem::path &path, const LookSheet &sheet, const std::stop_token &stop)
{
    Painting painting(sheet, stop);
    if (painting.paintAll())
        models::writeSheet(path, painting.tiles(), int(kColumns));
}

} // namespace tessera::train
