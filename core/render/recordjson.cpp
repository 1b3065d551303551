#include "core/render/recordjson.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/render/packing.h"
#include "models/error.h"

namespace tessera::core
{

namespace
{

using nlohmann::json;

constexpr int kVersion = 1;
constexpr size_t kMostMapText = size_t(6) << 20; // PNG texts of more than 16 MiB are not read

constexpr std::array<const char *, 4> kReliefs{"memory", "half_precision", "tiles", "cpu"}; // as Relief

json sizeJson(int width, int height)
{
    return {{"width", width}, {"height", height}};
}

json gridJson(const CodeGrid &grid)
{
    return {{"rows", grid.size.rows}, {"columns", grid.size.columns}, {"values", grid.values}};
}

json labelsJson(const LabelMap &map)
{
    json node = sizeJson(map.width, map.height);
    node["labels"] = packed(map.labels.data(), map.labels.size());
    return node;
}

json fieldJson(const FieldMap &field)
{
    json node = sizeJson(field.width, field.height);
    node["values"] = packed(field.values.data(), field.values.size() * sizeof(float));
    return node;
}

bool fits(const json &map, const char *key)
{
    return map.at(key).get_ref<const std::string &>().size() <= kMostMapText;
}

json conditionJson(const RenderRequest &request, const CodeGrid &codes)
{
    if (const auto *map = std::get_if<LabelMap>(&request.condition)) {
        json node = labelsJson(*map);
        return fits(node, "labels") ? json{{"labels", node}} : json{{"codes", gridJson(codes)}};
    }
    if (const auto *field = std::get_if<FieldMap>(&request.condition)) {
        json node = fieldJson(*field);
        return fits(node, "values") ? json{{"field", node}} : json{{"codes", gridJson(codes)}};
    }
    if (const auto *grid = std::get_if<CodeGrid>(&request.condition))
        return {{"codes", gridJson(*grid)}};
    if (const auto *index = std::get_if<int64_t>(&request.condition))
        return {{"class", *index}};
    return json::object();
}

json windowJson(const WindowPolicy &window)
{
    return {{"policy", window.kind == WindowPolicy::Kind::Block ? "block" : "exact"}, {"step", window.step}};
}

bool samePixel(const Image &one, size_t first, const Image &other, size_t second)
{
    return std::memcmp(&one.rgb[3 * first], &other.rgb[3 * second], 3) == 0;
}

// The initial picture as what has to be put back into `picture`: a mask of pixels and their old values, and the part
// beyond the picture's own size.
json initialJson(const Image &initial, const Image &picture)
{
    std::vector<uint8_t> mask, pixels;
    for (int y = 0; y < initial.height; ++y) {
        for (int x = 0; x < initial.width; ++x) {
            const size_t at = size_t(y) * size_t(initial.width) + size_t(x);
            const bool covered = x < picture.width && y < picture.height;
            const bool same = covered && samePixel(initial, at, picture, size_t(y) * size_t(picture.width) + size_t(x));
            mask.push_back(same ? 0 : 1);
            if (!same)
                pixels.insert(pixels.end(), {initial.rgb[3 * at], initial.rgb[3 * at + 1], initial.rgb[3 * at + 2]});
        }
    }
    json node = sizeJson(initial.width, initial.height);
    node["changed"] = packed(mask.data(), mask.size());
    node["pixels"] = packed(pixels.data(), pixels.size());
    return node;
}

json requestJson(const RenderRequest &request, const Image &picture, const CodeGrid &conditionCodes)
{
    json node = sizeJson(request.width, request.height);
    node["condition"] = conditionJson(request, conditionCodes);
    if (!request.mapKind.empty())
        node["map_kind"] = request.mapKind;
    node["controls"] = request.controls;
    node["seed"] = request.seed;
    node["variation"] = request.variation;
    node["temperature"] = request.temperature;
    node["top_k"] = request.topK;
    node["top_p"] = request.topP;
    node["guidance"] = request.guidance;
    node["greedy"] = request.greedy;
    node["window"] = windowJson(request.window);
    if (request.initial)
        node["initial"] = initialJson(*request.initial, picture);
    if (request.region)
        node["region"] = labelsJson(*request.region);
    if (request.initialCodes)
        node["initial_codes"] = gridJson(*request.initialCodes);
    return node;
}

// Reads one record; every error names the file and the key.
class RecordReader
{
public:
    RecordReader(const std::string &fileName, const Image &picture) : m_fileName(fileName), m_picture(picture) {}

    RenderRecord read(const std::string &text) const
    {
        const json root = json::parse(text, nullptr, false);
        if (!root.is_object())
            fail("is not a JSON object");
        const int version = value<int>(root, "version");
        if (version != kVersion)
            fail("has version " + std::to_string(version) + "; this program reads version " + std::to_string(kVersion));
        RenderRecord record;
        const json &model = child(root, "model");
        record.modelName = value<std::string>(model, "name");
        record.modelFile = value<std::string>(model, "file");
        record.device = value<std::string>(root, "device");
        record.precision = value<std::string>(root, "precision");
        record.codes = grid(child(root, "codes"));
        record.request = request(child(root, "request"));
        record.request.modelIdentity = value<std::string>(model, "identity");
        if (root.contains("out_of_memory"))
            record.reliefs = reliefs(root);
        return record;
    }

private:
    [[noreturn]] void fail(const std::string &what) const
    {
        throw Error(ErrorCode::FileFormat, "The render record in " + m_fileName + " " + what + ".");
    }

    const json &child(const json &node, const char *key) const
    {
        if (!node.is_object() || !node.contains(key))
            fail("lacks the key '" + std::string(key) + "'");
        return node.at(key);
    }

    template<typename T>
    T value(const json &node, const char *key) const
    {
        const json &found = child(node, key);
        if constexpr (std::is_integral_v<T> && !std::is_same_v<T, bool>)
            expectWhole<T>(found, key);
        if constexpr (std::is_same_v<T, std::vector<int64_t>>)
            for (const json &number : found)
                expectWhole<int64_t>(number, key);
        try {
            return found.get<T>();
        } catch (const json::exception &) {
            failType(key);
        }
    }

    [[noreturn]] void failType(const char *key) const
    {
        fail("has a value of the wrong type under '" + std::string(key) + "'");
    }

    // What a type of whole numbers cannot hold would become another number without a word.
    template<typename T>
    void expectWhole(const json &found, const char *key) const
    {
        if (!found.is_number())
            failType(key);
        const bool fits = found.is_number_unsigned()
                              ? std::in_range<T>(found.get<uint64_t>())
                              : found.is_number_integer() && std::in_range<T>(found.get<int64_t>());
        if (!fits)
            fail("has " + found.dump() + " under '" + key + "'; expected a whole number from "
                 + std::to_string(std::numeric_limits<T>::min()) + " to "
                 + std::to_string(std::numeric_limits<T>::max()));
    }

    int side(const json &node, const char *key) const
    {
        const auto number = value<int64_t>(node, key);
        if (number < 1 || number > LabelMap::kMaxSidePixels)
            fail("has " + std::to_string(number) + " under '" + key + "'; expected 1 to "
                 + std::to_string(LabelMap::kMaxSidePixels));
        return int(number);
    }

    std::vector<uint8_t> bytes(const json &node, const char *key, size_t count) const
    {
        auto found = unpacked(value<std::string>(node, key), count);
        if (!found)
            fail("holds damaged data under '" + std::string(key) + "'; expected " + std::to_string(count) + " bytes");
        return std::move(*found);
    }

    std::vector<Relief> reliefs(const json &node) const
    {
        std::vector<Relief> result;
        for (const std::string &name : value<std::vector<std::string>>(node, "out_of_memory")) {
            const auto found = std::ranges::find(kReliefs, name);
            if (found == kReliefs.end())
                fail("has '" + name + "' under 'out_of_memory'; expected memory, half_precision, tiles or cpu");
            result.push_back(Relief(found - kReliefs.begin()));
        }
        return result;
    }

    CodeGrid grid(const json &node) const
    {
        CodeGrid result;
        result.size = {side(node, "rows"), side(node, "columns")};
        result.values = value<std::vector<int64_t>>(node, "values");
        if (result.values.size() != size_t(result.size.cells()))
            fail("holds " + std::to_string(result.values.size()) + " codes under 'values'; expected "
                 + std::to_string(result.size.cells()));
        return result;
    }

    LabelMap labels(const json &node) const
    {
        LabelMap map;
        map.width = side(node, "width");
        map.height = side(node, "height");
        map.labels = bytes(node, "labels", size_t(map.width) * size_t(map.height));
        return map;
    }

    FieldMap field(const json &node) const
    {
        FieldMap result{side(node, "width"), side(node, "height"), {}};
        const size_t count = size_t(result.width) * size_t(result.height);
        const std::vector<uint8_t> raw = bytes(node, "values", count * sizeof(float));
        result.values.resize(count);
        std::memcpy(result.values.data(), raw.data(), raw.size());
        return result;
    }

    Image initial(const json &node) const
    {
        Image image{side(node, "width"), side(node, "height"), {}};
        const size_t count = size_t(image.width) * size_t(image.height);
        const std::vector<uint8_t> mask = bytes(node, "changed", count);
        size_t changed = 0;
        for (const uint8_t value : mask)
            changed += value != 0;
        const std::vector<uint8_t> pixels = bytes(node, "pixels", 3 * changed);
        image.rgb.resize(3 * count);
        const uint8_t *next = pixels.data();
        for (size_t at = 0; at < count; ++at) {
            const uint8_t *from = mask[at] ? next : kept(int(at % size_t(image.width)), int(at / size_t(image.width)));
            std::memcpy(&image.rgb[3 * at], from, 3);
            next += mask[at] ? 3 : 0;
        }
        return image;
    }

    const uint8_t *kept(int x, int y) const
    {
        if (x >= m_picture.width || y >= m_picture.height)
            fail("belongs to a larger picture than the file's " + std::to_string(m_picture.width) + " x "
                 + std::to_string(m_picture.height) + " pixels");
        return &m_picture.rgb[3 * (size_t(y) * size_t(m_picture.width) + size_t(x))];
    }

    void readCondition(const json &node, RenderRequest &request) const
    {
        if (node.contains("labels"))
            request.condition = labels(node.at("labels"));
        else if (node.contains("field"))
            request.condition = field(node.at("field"));
        else if (node.contains("codes"))
            request.condition = grid(node.at("codes"));
        else if (node.contains("class"))
            request.condition = value<int64_t>(node, "class");
    }

    WindowPolicy window(const json &node) const
    {
        const auto policy = value<std::string>(node, "policy");
        if (policy != "exact" && policy != "block")
            fail("has '" + policy + "' under 'policy'; expected exact or block");
        return {policy == "block" ? WindowPolicy::Kind::Block : WindowPolicy::Kind::Exact, value<int>(node, "step")};
    }

    RenderRequest request(const json &node) const
    {
        RenderRequest result;
        result.width = side(node, "width");
        result.height = side(node, "height");
        readCondition(child(node, "condition"), result);
        if (node.contains("map_kind"))
            result.mapKind = value<std::string>(node, "map_kind");
        result.controls = value<std::map<std::string, std::string>>(node, "controls");
        result.seed = value<uint64_t>(node, "seed");
        result.variation = value<uint32_t>(node, "variation");
        result.temperature = value<double>(node, "temperature");
        result.topK = value<int64_t>(node, "top_k");
        result.topP = value<double>(node, "top_p");
        result.guidance = value<double>(node, "guidance");
        result.greedy = value<bool>(node, "greedy");
        result.window = window(child(node, "window"));
        if (node.contains("initial"))
            result.initial = initial(node.at("initial"));
        if (node.contains("region"))
            result.region = labels(node.at("region"));
        if (node.contains("initial_codes"))
            result.initialCodes = grid(node.at("initial_codes"));
        return result;
    }

    const std::string &m_fileName;
    const Image &m_picture;
};

} // namespace

std::string recordText(const RenderRecord &record, const Image &picture, const CodeGrid &conditionCodes)
{
    json root;
    root["version"] = kVersion;
    root["program"] = "Tessera " TESSERA_VERSION;
    root["model"] = {
        {"name", record.modelName}, {"identity", record.request.modelIdentity}, {"file", record.modelFile}};
    root["device"] = record.device;
    root["precision"] = record.precision;
    root["request"] = requestJson(record.request, picture, conditionCodes);
    root["codes"] = gridJson(record.codes);
    for (const Relief relief : record.reliefs)
        root["out_of_memory"].push_back(kReliefs[size_t(relief)]);
    return root.dump(-1, ' ', false, json::error_handler_t::replace);
}

RenderRecord recordFromText(const std::string &text, const Image &picture, const std::string &fileName)
{
    return RecordReader(fileName, picture).read(text);
}

} // namespace tessera::core
