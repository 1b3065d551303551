// Label maps to train on: the exact one of a generated picture, and ones as a person would paint them. Plain
// C++, any thread, deterministic.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::models
{

inline constexpr char kMapLabelSet[] = "landscape"; // the labels that training pictures have
inline constexpr int kMapLabels = 25;               // ids of that set: 0 void (unpainted), 1 sky, ... 24 wood

// The planes of a data set's picture, width x height each, row by row; they must outlive the call.
struct LabelSource {
    int width = 0;
    int height = 0;
    const uint8_t *object = nullptr;   // what a painter would call it: mountain, tree, sea
    const uint8_t *material = nullptr; // what it is made of: rock, snow, grass
    const uint16_t *depth = nullptr;   // near is bright, 65535 sqrt(1 / (1 + km)); sky is 0
};

// How crude painted maps get. Lengths are pixels of a picture whose shorter side has 256; they scale along.
struct MapAugmentation {
    double exact = 0.2;        // share of maps left exact
    double wholeObjects = 0.5; // of the others: far snow, rock, trees painted as one mountain or hill
    double plainGround = 0.3;  // flower, bush, straw painted as grass; gravel, stone as rock (each)
    double plainWater = 0.2;   // sea and river painted as water
    double noClouds = 0.35;    // cloud painted as sky
    double noFog = 0.5;        // fog painted as what is behind it
    double minPart = 0.001;    // parts below a share of the picture between these two vanish
    double maxPart = 0.02;
    double maxModeRadius = 14; // outlines are smoothed with a radius from 2 to this
    double maxWobble = 14;     // outlines are bent by up to this
    double brush = 0.35;       // share redrawn with a round brush
    double minBrush = 6, maxBrush = 24;
    double voids = 0.3;                   // share with unpainted places
    double minVoid = 0.05, maxVoid = 0.4; // share of the picture that is unpainted there
};

// Near places take the material, places beyond `nearKm` the object, fog stays fog.
std::vector<uint8_t> trainingLabels(const LabelSource &source, double nearKm = 4);

// A map as it might be painted: granularity, simplified parts, blobby outlines, brush strokes, unpainted
// places, in this order. Values are label ids, 0 where unpainted. About 1 ms for 128 x 128.
std::vector<uint8_t> augmentedLabels(const LabelSource &source, uint64_t seed, const MapAugmentation &settings = {});

} // namespace tessera::models
