// Training pictures in memory, and the views that training sees of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/training/mapaugment.h"
#include "models/training/shard.h"

namespace tessera::models
{

// A square of a picture, possibly mirrored.
struct View {
    int64_t picture = 0;
    int x = 0, y = 0, side = 0; // pixels
    bool mirrored = false;
};

// How views are drawn: `whole` of them show the largest square, the others a square of at least `least` of its side.
// Views must span most of a picture: normalisation removes what is constant in a view, such as a sky's colour.
struct ViewSettings {
    double whole = 0.5;
    double least = 0.5;
};

// Safe to read from several threads.
class PictureSet
{
public:
    // Reads every shard of a folder. Throws Error: FileRead (no shards, by name, or no pictures in them), FileFormat
    // (also when the pictures are not all of one size, have labels outside the landscape label set, or facts that are
    // no JSON).
    explicit PictureSet(const std::filesystem::path &folder);

    // Takes the colours to a device, on which rgb() works from then on: a GPU cuts views faster than a processor feeds
    // it.
    void keepColoursOn(c10::Device device);

    int64_t size() const { return int64_t(m_pictures.size()); }
    const ShardPicture &picture(int64_t index) const { return m_pictures[size_t(index)]; }
    // Whether any pixel has a label: photographs have none.
    bool labelled() const;
    // Of everything in the set: equal pictures in equal order, equal identity.
    uint64_t identity() const { return m_identity; }
    // For people: how many pictures, from which files, and the identity, by which pictures made anew are known to be
    // the same.
    std::string origin() const;
    // A fact of a picture as text, such as "light"; "" when it is not known.
    std::string fact(int64_t index, const std::string &key) const;

    // The same seed and index give the same view.
    View randomView(uint64_t seed, const ViewSettings &settings) const;
    View wholeView(int64_t index) const;

    // float32 [3, side, side] in [-1, 1], scaled with an area filter; on the CPU or where keepColoursOn() said.
    at::Tensor rgb(const View &view, int64_t side) const;
    // float32 [side, side] on the CPU, scaled with an area filter: the shard's depth by 65535. 1 at the eye, sky 0.
    at::Tensor nearness(const View &view, int64_t side) const;
    // Labels int64 [side, side], nearest: exact ones, or as an artist might have painted them.
    at::Tensor exactLabels(const View &view, int64_t side) const;
    at::Tensor paintedLabels(const View &view, int64_t side, uint64_t seed, const MapAugmentation &augmentation) const;

private:
    void readShard(const ShardReader &reader);
    at::Tensor colours(int64_t picture) const; // uint8 [3, height, width]

    std::string m_files; // names of the first and the last
    std::vector<ShardPicture> m_pictures;
    std::vector<std::map<std::string, std::string>> m_facts;
    at::Tensor m_colours; // uint8 [pictures, height, width, 3] on a device; undefined: those of m_pictures serve
    uint64_t m_identity = 0;
};

// A well mixed 64-bit value of up to three numbers: the seed of what happens in one step or to one sample.
uint64_t mixedSeed(uint64_t a, uint64_t b, uint64_t c = 0);

} // namespace tessera::models
