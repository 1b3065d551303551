// Label sets: what the labels of a map are called, which colour stands for each, and which classes of the
// public data sets mean the same. They are read from resources/labels/NAME.json. Plain values.
#pragma once

#include <compare>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace tessera::core
{

struct Rgb {
    uint8_t red = 0;
    uint8_t green = 0;
    uint8_t blue = 0;
    auto operator<=>(const Rgb &) const = default;
};

std::string hexText(Rgb color);             // "#rrggbb"
int squaredDistance(Rgb first, Rgb second); // 0 .. 3 * 255^2

struct Label {
    int index = 0; // its place in the set, and its value in a LabelMap
    std::string name;
    Rgb color;
    std::string group; // such as "sky", "land", "plants", "water"; may be empty for void
    std::vector<std::string> synonyms;
    std::vector<int> cocoStuff; // ids 0..181, as in the S-FLCKR and COCO-Stuff files
    std::vector<int> ade20k;    // classes 0..149: the value in the files less one
    bool operator==(const Label &) const = default;
};

struct LabelSet {
    std::string name;
    std::string title;
    std::vector<Label> labels; // labels[i].index == i
    // What the unpainted is in a LabelMap. In most sets the first label; COCO-Stuff numbers its labels without one, and
    // the unpainted is 255, which is then no label.
    uint8_t voidLabel = 0;
    Rgb voidColor;

    // Null for what is no label of the set.
    const Label *at(int index) const;
    bool isVoid(int index) const { return index == voidLabel; }
    bool knows(int index) const { return isVoid(index) || at(index); }
    // Void's colour for what is no label of the set.
    Rgb colorOf(int index) const;

    bool operator==(const LabelSet &) const = default;

    // Each returns null where nothing fits. Names and synonyms are compared without regard to case.
    const Label *find(std::string_view nameOrSynonym) const;
    const Label *findCocoStuff(int id) const;
    const Label *findAde20k(int id) const;
};

// `fileName` is what errors call the text. Throws Error (FileFormat) that names the file and the key.
LabelSet parseLabelSet(const std::string &json, const std::string &fileName);

// The set in the program's resources. Throws Error: InvalidArgument for a name that is not in
// labelSetNames(), FileRead, FileFormat.
LabelSet loadLabelSet(const std::string &name);
std::vector<std::string> labelSetNames(); // sorted
// Published models name sets that the program knows only by their numbers. Throws Error (FileRead).
bool hasLabelSet(const std::string &name);

// The palette as a text file that GIMP, Krita and Aseprite read, so that maps can be painted there.
std::string gimpPalette(const LabelSet &set);

} // namespace tessera::core
