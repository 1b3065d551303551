// Where the labels of a map go in the one-hot planes that a condition stage reads. Plain values.
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace tessera::core
{

struct LabelPlanes {
    static constexpr int kNoPlane = -1; // the unpainted, for which the stage has no plane: all of them stay 0
    static constexpr int kNoLabel = -2; // means nothing to the model
    std::array<int, 256> planeOf{};     // by the value in the map

    bool knows(uint8_t value) const { return planeOf[value] != kNoLabel; }
    // "0 to 181, and 255 for unpainted"
    std::string text() const;
};

// Plane k is label k. A set that keeps its void apart from its labels, as COCO-Stuff does, meets two kinds of stages:
// as many planes as labels, and then the unpainted is no plane (S-FLCKR, 182), or one more, and then plane 0 is the
// unpainted and plane k + 1 label k (COCO-Stuff, 183). Throws Error (FileRead, FileFormat) when the set's file is
// damaged.
LabelPlanes labelPlanes(const std::string &labelSet, int64_t planes);

} // namespace tessera::core
