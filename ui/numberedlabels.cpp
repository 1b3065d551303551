#include "ui/numberedlabels.h"

#include <algorithm>
#include <string>

#include <QColor>

namespace tessera::ui
{

namespace
{

// Neighbours differ by the golden angle in hue, and by turns in lightness.
core::Rgb colorOfNumber(int number)
{
    constexpr int kGoldenAngle = 137;
    constexpr int kValues[] = {230, 180, 130};
    const QColor color = QColor::fromHsv(number * kGoldenAngle % 360, 150 + 35 * (number % 4), kValues[number % 3]);
    return {uint8_t(color.red()), uint8_t(color.green()), uint8_t(color.blue())};
}

} // namespace

core::LabelSet numberedLabels(int count)
{
    core::LabelSet set;
    set.name = "numbered" + std::to_string(count);
    set.title = std::to_string(count) + " labels";
    for (int i = 0; i < std::clamp(count, 2, 256); ++i)
        set.labels.push_back({i,
                              "label " + std::to_string(i),
                              i == 0 ? core::Rgb{} : colorOfNumber(i),
                              i == 0 ? "" : "labels",
                              {},
                              {},
                              {}});
    return set;
}

} // namespace tessera::ui
