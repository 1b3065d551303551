#include "core/map/paletteimport.h"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace tessera::core
{
namespace
{

// Distances between colours are Euclidean, in 8-bit steps. The closest two colours of GauGAN's palette are 14
// apart, so that a pixel within kSame of one is no other; kNear is what JPEG at a low quality does to flat
// areas.
constexpr int kSame = 6;
constexpr int kNear = 32;
constexpr int kReach = 2; // a soft brush edge is seldom wider, in pixels
constexpr size_t kMostColorsCounted = 65536;

constexpr uint16_t kUnsettled = 0xffff;

Rgb pixel(const ImageBytes &image, size_t index)
{
    const uint8_t *bytes = image.bytes.data() + index * size_t(image.channels);
    return image.channels == 1 ? Rgb{bytes[0], bytes[0], bytes[0]} : Rgb{bytes[0], bytes[1], bytes[2]};
}

uint32_t packed(Rgb color)
{
    return uint32_t(color.red) << 16 | uint32_t(color.green) << 8 | color.blue;
}

size_t nearestEntry(const Palette &palette, Rgb color)
{
    size_t nearest = 0;
    int smallest = squaredDistance(palette[0].color, color);
    for (size_t i = 1; i < palette.size(); ++i) {
        if (const int away = squaredDistance(palette[i].color, color); away < smallest) {
            smallest = away;
            nearest = i;
        }
    }
    return nearest;
}

// Squared distance of a colour from the mixtures of two others.
double squaredDistanceToMixture(Rgb color, Rgb first, Rgb second)
{
    const std::array<double, 3> d{double(second.red) - first.red, double(second.green) - first.green,
                                  double(second.blue) - first.blue};
    const std::array<double, 3> p{double(color.red) - first.red, double(color.green) - first.green,
                                  double(color.blue) - first.blue};
    const double length = d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
    const double share = length > 0 ? std::clamp((p[0] * d[0] + p[1] * d[1] + p[2] * d[2]) / length, 0.0, 1.0) : 0;
    double sum = 0;
    for (size_t i = 0; i < 3; ++i) {
        sum += (p[i] - share * d[i]) * (p[i] - share * d[i]);
    }
    return sum;
}

Rgb middleOf(Rgb first, Rgb second)
{
    const auto middle = [](int a, int b) { return uint8_t((a + b) / 2); };
    return {middle(first.red, second.red), middle(first.green, second.green), middle(first.blue, second.blue)};
}

// Settles first the pixels whose colour is beyond doubt, then the others with the help of their neighbours.
class Matcher
{
public:
    Matcher(const ImageBytes &image, const Palette &palette, uint8_t unpainted)
        : m_image(image)
        , m_palette(palette)
        , m_entries(size_t(image.width) * size_t(image.height), kUnsettled)
    {
        m_result.map = LabelMap(image.width, image.height, unpainted);
    }

    PaletteMatch run()
    {
        settleClearPixels();
        for (size_t index = 0; index < m_entries.size(); ++index) {
            if (m_entries[index] != kUnsettled) {
                take(index, m_entries[index]);
            } else if (!isTransparent(m_image, index)) {
                settle(index);
            }
        }
        collectUnknown();
        return std::move(m_result);
    }

private:
    void settleClearPixels()
    {
        Rgb last;
        uint16_t lastEntry = clearEntry(last);
        for (size_t index = 0; index < m_entries.size(); ++index) {
            const Rgb color = pixel(m_image, index);
            if (color != last) {
                last = color;
                lastEntry = clearEntry(color);
            }
            if (!isTransparent(m_image, index)) {
                m_entries[index] = lastEntry;
                m_clear += lastEntry != kUnsettled;
                m_result.exact += lastEntry != kUnsettled && m_palette[lastEntry].color == color;
            } else {
                ++m_clear;
                ++m_result.exact;
            }
        }
    }

    uint16_t clearEntry(Rgb color) const
    {
        const size_t entry = nearestEntry(m_palette, color);
        return squaredDistance(m_palette[entry].color, color) <= kSame * kSame ? uint16_t(entry) : kUnsettled;
    }

    void take(size_t index, size_t entry)
    {
        m_result.map.labels[index] = m_palette[entry].label;
        m_result.unmapped += !m_palette[entry].mapped;
    }

    void settle(size_t index)
    {
        const Rgb color = pixel(m_image, index);
        size_t best = m_clear * 2 > m_entries.size() ? byNeighbours(index, color) : kNone;
        if (best == kNone) {
            const size_t anywhere = nearestEntry(m_palette, color);
            best = distance(anywhere, color) <= kNear * kNear ? anywhere : kNone;
        }
        if (best != kNone) {
            take(index, best);
            return;
        }
        ++m_result.unknown;
        if (m_unknown.size() < kMostColorsCounted || m_unknown.contains(packed(color))) {
            ++m_unknown[packed(color)];
        }
    }

    size_t byNeighbours(size_t index, Rgb color) const
    {
        const std::vector<size_t> around = entriesAround(index);
        const size_t best = nearest(around, color);
        if (best == kNone || distance(best, color) <= kNear * kNear) {
            return best;
        }
        const size_t end = endOfMixture(color, around);
        return end != kNone ? end : neighbourInMixture(color, around);
    }

    int distance(size_t entry, Rgb color) const { return squaredDistance(m_palette[entry].color, color); }

    std::vector<size_t> entriesAround(size_t index) const
    {
        const int width = m_image.width, height = m_image.height;
        const int x = int(index % size_t(width)), y = int(index / size_t(width));
        std::vector<size_t> found;
        for (int row = std::max(y - kReach, 0); row <= std::min(y + kReach, height - 1); ++row) {
            for (int column = std::max(x - kReach, 0); column <= std::min(x + kReach, width - 1); ++column) {
                const uint16_t entry = m_entries[size_t(row) * size_t(width) + size_t(column)];
                if (entry != kUnsettled && std::find(found.begin(), found.end(), entry) == found.end()) {
                    found.push_back(entry);
                }
            }
        }
        return found;
    }

    size_t nearest(const std::vector<size_t> &entries, Rgb color) const
    {
        size_t best = kNone;
        for (const size_t entry : entries) {
            if (best == kNone || distance(entry, color) < distance(best, color)) {
                best = entry;
            }
        }
        return best;
    }

    // Of the two entries whose mixture the colour is, the one it has more of. Where three areas meet, a
    // mixture of one with the middle of the two others counts too.
    size_t endOfMixture(Rgb color, const std::vector<size_t> &entries) const
    {
        double smallest = kNear * kNear;
        size_t best = kNone;
        const auto consider = [&](double away, const std::vector<size_t> &ends) {
            if (away <= smallest) {
                smallest = away;
                best = nearest(ends, color);
            }
        };
        for (const size_t first : entries) {
            for (const size_t second : entries) {
                if (first < second) {
                    consider(squaredDistanceToMixture(color, colorOf(first), colorOf(second)), {first, second});
                }
            }
        }
        if (best != kNone) {
            return best;
        }
        for (const size_t first : entries) {
            for (const size_t second : entries) {
                for (const size_t third : entries) {
                    if (second < third && first != second && first != third) {
                        const Rgb middle = middleOf(colorOf(second), colorOf(third));
                        consider(squaredDistanceToMixture(color, colorOf(first), middle), {first, second, third});
                    }
                }
            }
        }
        return best;
    }

    // At the edge of the map and beside slivers only one of the two mixed areas is near. It is the one to
    // take.
    size_t neighbourInMixture(Rgb color, const std::vector<size_t> &around) const
    {
        double smallest = kSame * kSame;
        size_t best = kNone;
        for (const size_t entry : around) {
            for (const PaletteColor &other : m_palette) {
                const double away = squaredDistanceToMixture(color, colorOf(entry), other.color);
                if (away <= smallest) {
                    smallest = away;
                    best = entry;
                }
            }
        }
        return best;
    }

    Rgb colorOf(size_t entry) const { return m_palette[entry].color; }

    void collectUnknown()
    {
        for (const auto &[value, pixels] : m_unknown) {
            m_result.unknownColors.push_back({{uint8_t(value >> 16), uint8_t(value >> 8), uint8_t(value)}, pixels});
        }
        std::sort(m_result.unknownColors.begin(), m_result.unknownColors.end(), [](const auto &a, const auto &b) {
            return a.pixels != b.pixels ? a.pixels > b.pixels : a.color < b.color;
        });
    }

    static constexpr size_t kNone = size_t(-1);

    const ImageBytes &m_image;
    const Palette &m_palette;
    std::vector<uint16_t> m_entries; // index into the palette per pixel
    size_t m_clear = 0; // pixels beyond doubt; where they are few, the picture is no map and neighbours tell nothing
    std::unordered_map<uint32_t, size_t> m_unknown;
    PaletteMatch m_result;
};

constexpr std::array<Rgb, 32> kGaugan{{
    {0x5e, 0x5b, 0xc5}, {0x70, 0x64, 0x19}, {0x7f, 0x45, 0x02}, {0x8f, 0x2a, 0x91}, // bridge fence house platform
    {0x96, 0x00, 0x33}, {0xaa, 0xd1, 0x6a}, {0xae, 0x29, 0x74}, {0xb0, 0xc1, 0xc3}, // roof, walls: brick stone wood
    {0x6e, 0x6e, 0x28}, {0x7c, 0x32, 0xc8}, {0x7d, 0x30, 0x54}, {0x87, 0x71, 0x6f}, // dirt gravel ground mud
    {0x8b, 0x30, 0x27}, {0x94, 0x6e, 0x28}, {0x99, 0x99, 0x00}, {0x69, 0x69, 0x69}, // pavement road sand clouds
    {0x77, 0xba, 0x1d}, {0x7e, 0xc8, 0x64}, {0x86, 0x96, 0x64}, {0x93, 0x64, 0xc8}, // fog hill mountain river
    {0x95, 0x64, 0x32}, {0x9a, 0xc6, 0xda}, {0x9c, 0xee, 0xdd}, {0x9e, 0x9e, 0xaa}, // rock sea sky snow
    {0xa1, 0xa1, 0x64}, {0xb1, 0xc8, 0xff}, {0x60, 0x6e, 0x32}, {0x76, 0x00, 0x00}, // stone water bush flower
    {0x7b, 0xc8, 0x00}, {0xa2, 0xa3, 0xeb}, {0xa8, 0xc8, 0x32}, {0xb5, 0x7b, 0x00}, // grass straw tree wood
}};

} // namespace

Palette paletteOf(const LabelSet &set)
{
    Palette palette;
    for (const Label &label : set.labels) {
        palette.push_back({label.color, uint8_t(label.index), true});
    }
    if (!set.at(set.voidLabel)) {
        palette.push_back({set.voidColor, set.voidLabel, true});
    }
    return palette;
}

Palette gauganPalette(const LabelSet &set)
{
    Palette palette;
    palette.push_back({set.voidColor, set.voidLabel, true});
    for (const Rgb color : kGaugan) {
        const Label *label = set.findCocoStuff(color.red);
        palette.push_back({color, label ? uint8_t(label->index) : set.voidLabel, label != nullptr});
    }
    return palette;
}

PaletteMatch matchPalette(const ImageBytes &image, const Palette &palette, uint8_t unpainted)
{
    return Matcher(image, palette, unpainted).run();
}

size_t exactPixels(const ImageBytes &image, const Palette &palette)
{
    size_t count = 0;
    Rgb last;
    bool lastFits = false, first = true;
    for (size_t index = 0; index < size_t(image.width) * size_t(image.height); ++index) {
        if (isTransparent(image, index)) {
            continue;
        }
        const Rgb color = pixel(image, index);
        if (first || color != last) {
            last = color;
            first = false;
            lastFits = std::any_of(palette.begin(), palette.end(), [&](const auto &p) { return p.color == color; });
        }
        count += lastFits;
    }
    return count;
}

} // namespace tessera::core
