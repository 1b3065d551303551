#include "models/training/pictureset.h"

#include <algorithm>
#include <random>

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <nlohmann/json.hpp>

#include "models/digest.h"
#include "models/error.h"
#include "models/training/seenplane.h"
#include "models/yaml.h"

namespace tessera::models
{

namespace
{

const std::string kExpectedShards = "expected .tlds files made by `tessera-train landscapes`.";

// One plane of a picture as seen by a view: nearest pixel, [side, side].
template<typename T>
std::vector<T> seen(const std::vector<T> &plane, int width, const View &view, int64_t side)
{
    std::vector<T> result(size_t(side * side));
    for (int64_t row = 0; row < side; ++row) {
        const int64_t y = view.y + row * view.side / side;
        for (int64_t column = 0; column < side; ++column) {
            const int64_t across = view.mirrored ? side - 1 - column : column;
            result[size_t(row * side + column)] = plane[size_t(y * width + view.x + across * view.side / side)];
        }
    }
    return result;
}

// `origin` is what errors call the picture. A shard may be anybody's: parseJsonText() refuses what would end the
// program in dump().
std::map<std::string, std::string> factTexts(const std::string &text, const std::string &origin)
{
    std::map<std::string, std::string> facts;
    const nlohmann::json json = parseJsonText(text, origin);
    if (json.is_object())
        for (const auto &[key, value] : json.items())
            facts[key] = value.is_string() ? value.get<std::string>() : value.dump();
    return facts;
}

at::Tensor labelTensor(const std::vector<uint8_t> &labels, int64_t side)
{
    at::Tensor result = at::empty({side, side}, at::kLong);
    std::ranges::copy(labels, result.data_ptr<int64_t>());
    return result;
}

uint64_t hashOf(const ShardPicture &picture)
{
    const auto hash = [](const auto &values) { return digestOf(values.data(), values.size() * sizeof values[0]); };
    return mixedSeed(hash(picture.rgb), mixedSeed(hash(picture.object), hash(picture.material), hash(picture.depth)),
                     hash(picture.facts));
}

// uint8 [height, width, 3], of the picture's own memory.
at::Tensor coloursOf(const ShardPicture &picture)
{
    return at::from_blob(const_cast<uint8_t *>(picture.rgb.data()), {picture.height, picture.width, 3}, at::kByte);
}

// Networks take labels as places in a row of kMapLabels.
void checkLabels(const std::vector<uint8_t> &labels, const char *plane, const std::filesystem::path &shard,
                 size_t picture)
{
    const auto found = std::ranges::find_if(labels, [](uint8_t label) { return label >= kMapLabels; });
    if (found != labels.end())
        throw Error(ErrorCode::FileFormat, shard.string() + ", picture " + std::to_string(picture) + ": the " + plane
                                               + " plane has the label " + std::to_string(*found) + "; expected 0 to "
                                               + std::to_string(kMapLabels - 1) + ".");
}

// The planes that labels are made from, as a view sees them.
struct SeenPlanes {
    std::vector<uint8_t> object, material;
    std::vector<uint16_t> depth;
    int64_t side;

    SeenPlanes(const ShardPicture &picture, const View &view, int64_t size)
        : object(seen(picture.object, picture.width, view, size))
        , material(seen(picture.material, picture.width, view, size))
        , depth(seen(picture.depth, picture.width, view, size))
        , side(size)
    {}
    LabelSource source() const
    {
        return {.width = int(side),
                .height = int(side),
                .object = object.data(),
                .material = material.data(),
                .depth = depth.data()};
    }
};

} // namespace

uint64_t mixedSeed(uint64_t a, uint64_t b, uint64_t c)
{
    uint64_t x = a * 0x9e3779b97f4a7c15ULL + b * 0xbf58476d1ce4e5b9ULL + c * 0x94d049bb133111ebULL + 1;
    for (int round = 0; round < 2; ++round) { // splitmix64's finaliser
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
        x ^= x >> 31;
    }
    return x;
}

PictureSet::PictureSet(const std::filesystem::path &folder)
{
    std::error_code ignored;
    const auto shards =
        std::filesystem::is_directory(folder, ignored) ? listShards(folder) : std::vector<std::filesystem::path>{};
    if (shards.empty())
        throw Error(ErrorCode::FileRead, "There is no training data at " + folder.string() + ": " + kExpectedShards);
    for (const auto &path : shards)
        readShard(ShardReader(path));
    if (m_pictures.empty()) // a shard may hold none
        throw Error(ErrorCode::FileRead, "There are no pictures in " + folder.string() + ": " + kExpectedShards);
    m_files = shards.front().filename().string();
    if (shards.size() > 1)
        m_files += " to " + shards.back().filename().string();
}

std::string PictureSet::origin() const
{
    return std::to_string(size()) + " in " + m_files + ", identity " + digestText(m_identity);
}

void PictureSet::readShard(const ShardReader &reader)
{
    if (!m_pictures.empty() && (reader.width() != m_pictures[0].width || reader.height() != m_pictures[0].height))
        throw Error(ErrorCode::FileFormat,
                    reader.path().string() + " holds pictures of " + std::to_string(reader.width()) + " x "
                        + std::to_string(reader.height()) + " pixels; expected " + std::to_string(m_pictures[0].width)
                        + " x " + std::to_string(m_pictures[0].height) + " like those before it in the folder.");
    const size_t first = m_pictures.size(), count = reader.size();
    m_pictures.resize(first + count);
    m_facts.resize(first + count);
    std::vector<uint64_t> hashes(count);
    at::parallel_for(0, int64_t(count), 1, [&](int64_t begin, int64_t end) {
        for (size_t i = size_t(begin); i < size_t(end); ++i) {
            ShardPicture &picture = m_pictures[first + i];
            picture = reader.read(i);
            checkLabels(picture.object, "object", reader.path(), i);
            checkLabels(picture.material, "material", reader.path(), i);
            m_facts[first + i] = factTexts(picture.facts, reader.path().string() + ", picture " + std::to_string(i));
            hashes[i] = hashOf(picture);
        }
    });
    for (const uint64_t hash : hashes)
        m_identity = mixedSeed(m_identity, hash);
}

bool PictureSet::labelled() const
{
    return std::ranges::any_of(m_pictures, [](const ShardPicture &picture) {
        return std::ranges::any_of(picture.object, [](uint8_t label) { return label != 0; });
    });
}

std::string PictureSet::fact(int64_t index, const std::string &key) const
{
    const auto &facts = m_facts[size_t(index)];
    const auto found = facts.find(key);
    return found == facts.end() ? "" : found->second;
}

View PictureSet::wholeView(int64_t index) const
{
    const ShardPicture &picture = m_pictures[size_t(index)];
    const int side = std::min(picture.width, picture.height);
    return {index, (picture.width - side) / 2, (picture.height - side) / 2, side, false};
}

View PictureSet::randomView(uint64_t seed, const ViewSettings &settings) const
{
    std::mt19937_64 random(seed);
    const auto uniform = [&] { return double(random() >> 11) * 0x1p-53; };
    View view = wholeView(int64_t(random() % m_pictures.size()));
    const ShardPicture &picture = m_pictures[size_t(view.picture)];
    if (uniform() >= settings.whole)
        view.side =
            std::clamp(int(double(view.side) * (settings.least + (1 - settings.least) * uniform())), 1, view.side);
    view.x = int(uniform() * (picture.width - view.side + 1));
    view.y = int(uniform() * (picture.height - view.side + 1));
    view.mirrored = uniform() < 0.5;
    return view;
}

void PictureSet::keepColoursOn(c10::Device device)
{
    if (device.is_cpu())
        return;
    const ShardPicture &first = m_pictures[0];
    at::Tensor all = at::empty({size(), first.height, first.width, 3}, at::TensorOptions(at::kByte).device(device));
    for (int64_t i = 0; i < size(); ++i)
        all[i].copy_(coloursOf(picture(i)));
    m_colours = all;
}

at::Tensor PictureSet::colours(int64_t index) const
{
    return (m_colours.defined() ? m_colours[index] : coloursOf(picture(index))).permute({2, 0, 1});
}

at::Tensor PictureSet::rgb(const View &view, int64_t side) const
{
    at::Tensor x = colours(view.picture).slice(1, view.y, view.y + view.side).slice(2, view.x, view.x + view.side);
    x = x.to(at::kFloat).contiguous().unsqueeze(0);
    if (view.side != side)
        x = at::_upsample_bilinear2d_aa(x, {side, side}, false);
    if (view.mirrored)
        x = x.flip({3});
    return x.squeeze(0).div(127.5).sub(1);
}

at::Tensor PictureSet::nearness(const View &view, int64_t side) const
{
    const ShardPicture &shown = picture(view.picture);
    const at::Tensor plane =
        seenPlane(shown, view, side, [&](size_t pixel) { return float(shown.depth[pixel]) / 65535; });
    return view.mirrored ? plane.flip({1}) : plane;
}

at::Tensor PictureSet::exactLabels(const View &view, int64_t side) const
{
    return labelTensor(trainingLabels(SeenPlanes(picture(view.picture), view, side).source()), side);
}

at::Tensor PictureSet::paintedLabels(const View &view, int64_t side, uint64_t seed,
                                     const MapAugmentation &augmentation) const
{
    return labelTensor(augmentedLabels(SeenPlanes(picture(view.picture), view, side).source(), seed, augmentation),
                       side);
}

} // namespace tessera::models
