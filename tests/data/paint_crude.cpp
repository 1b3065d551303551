// Paints the crude maps in tests/data/crude: paint-crude FOLDER
#include "core/document/imagefile.h"
#include "models/error.h"
#include "models/wholefile.h"
#include "tests/data/crudemaps.h"

#include <cstdio>
#include <cstring>
#include <filesystem>

#include <nlohmann/json.hpp>

namespace
{

using namespace tessera;
namespace fs = std::filesystem;

// Pixels are indices of the label set, and the palette its colours, so that the file can be looked at and read alike.
QImage indexed(const core::LabelMap &map, const core::LabelSet &set)
{
    QImage image(map.width, map.height, QImage::Format_Indexed8);
    for (const core::Label &label : set.labels)
        image.setColor(label.index, qRgb(label.color.red, label.color.green, label.color.blue));
    for (int y = 0; y < map.height; ++y)
        std::memcpy(image.scanLine(y), map.row(y), size_t(map.width));
    return image;
}

void paint(const fs::path &folder)
{
    const core::LabelSet set = core::loadLabelSet("landscape");
    nlohmann::ordered_json controls = nlohmann::ordered_json::object();
    for (const tests::CrudeMap &crude : tests::paintCrudeMaps(set)) {
        const std::string file = crude.name + ".png";
        core::writeImage(folder / file, indexed(crude.map, set));
        controls[file] = {{"light", crude.light}, {"biome", crude.biome}, {"weather", crude.weather}};
    }
    const std::string text = controls.dump(1) + "\n";
    models::WholeFile file(folder / "controls.json");
    file.write(text.data(), text.size());
    file.commit();
}

} // namespace

int main(int argc, char **argv)
{
    if (argc != 2) {
        std::fprintf(stderr, "usage: paint-crude FOLDER\n");
        return 2;
    }
    try {
        paint(argv[1]);
    } catch (const Error &error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
    return 0;
}
