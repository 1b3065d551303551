#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tessera::core
{

// The classes of the built-in landscape label set. The numbers are stored in data files and in trained
// models: they never change. `resources/labels/landscape.json` holds the same list with colours and synonyms.
enum class LandscapeLabel : std::uint8_t {
    Void = 0,
    Sky,
    Cloud,
    Fog,
    Mountain,
    Hill,
    Rock,
    Stone,
    Gravel,
    Snow,
    Grass,
    Straw,
    Flower,
    Bush,
    Tree,
    Dirt,
    Mud,
    Sand,
    Sea,
    River,
    Water,
    Road,
    Building,
    Bridge,
    Wood,
};

inline constexpr int kLabelCount = 25;

inline constexpr std::array<std::string_view, kLabelCount> kLabelNames = {
    "void", "sky",   "cloud", "fog",    "mountain", "hill",   "rock", "stone", "gravel",
    "snow", "grass", "straw", "flower", "bush",     "tree",   "dirt", "mud",   "sand",
    "sea",  "river", "water", "road",   "building", "bridge", "wood",
};

// The lower-case name, as in the label set's JSON.
constexpr std::string_view labelName(LandscapeLabel label)
{
    return kLabelNames[static_cast<std::size_t>(label)];
}

} // namespace tessera::core
