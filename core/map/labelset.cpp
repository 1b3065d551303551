#include "core/map/labelset.h"

#include "models/error.h"
#include "models/resources.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

namespace tessera::core
{
namespace
{

using Json = nlohmann::json;

std::string lowerCase(std::string_view text)
{
    std::string lower(text);
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    return lower;
}

// Walks one file; every error names it and the key.
class LabelSetReader
{
public:
    explicit LabelSetReader(const std::string &fileName) : m_fileName(fileName) {}

    LabelSet read(const std::string &text)
    {
        const Json root = parse(text);
        LabelSet set{textOf(root, "name", ""), textOf(root, "title", ""), {}, 0, {}};
        const auto labels = root.find("labels");
        if (labels == root.end() || !labels->is_array() || labels->size() < 2 || labels->size() > 256) {
            fail("labels", "must be an array of 2 to 256 labels, the first of them void unless there is a 'void'");
        }
        const bool voidApart = root.contains("void");
        if (voidApart) {
            readVoid(root.at("void"), labels->size(), set);
        }
        for (const Json &entry : *labels) {
            set.labels.push_back(readLabel(entry, int(set.labels.size()), voidApart));
        }
        set.voidColor = voidApart ? set.voidColor : set.labels.front().color;
        return set;
    }

private:
    [[noreturn]] void fail(const std::string &key, const std::string &what) const
    {
        throw Error(ErrorCode::FileFormat, "The label set " + m_fileName + " is damaged: " + key + " " + what);
    }

    Json parse(const std::string &text) const
    {
        Json root = Json::parse(text, nullptr, false);
        if (!root.is_object()) {
            throw Error(ErrorCode::FileFormat, "The label set " + m_fileName + " is not a JSON object");
        }
        return root;
    }

    std::string textOf(const Json &object, const char *key, const std::string &prefix) const
    {
        const auto value = object.find(key);
        if (value == object.end() || !value->is_string() || value->get_ref<const std::string &>().empty()) {
            fail(prefix + key, "must be a text that is not empty");
        }
        return value->get<std::string>();
    }

    // A void that is none of the labels.
    void readVoid(const Json &entry, size_t labels, LabelSet &set) const
    {
        const auto index = entry.is_object() ? entry.find("index") : entry.end();
        if (index == entry.end() || !index->is_number_integer() || *index < labels || *index > 255) {
            fail("void.index", "must be a whole number beyond the labels and at most 255");
        }
        set.voidLabel = index->get<uint8_t>();
        set.voidColor = colorOf(entry, "void.");
    }

    Label readLabel(const Json &entry, int index, bool voidApart)
    {
        const std::string prefix = "labels[" + std::to_string(index) + "].";
        if (!entry.is_object()) {
            fail("labels[" + std::to_string(index) + "]", "must be an object");
        }
        const auto written = entry.find("index");
        if (written == entry.end() || !written->is_number_integer() || *written != index) {
            fail(prefix + "index", "must be " + std::to_string(index) + ": labels are numbered in order from 0");
        }
        Label label;
        label.index = index;
        label.name = textOf(entry, "name", prefix);
        label.color = colorOf(entry, prefix);
        const bool isVoid = index == 0 && !voidApart;
        label.group = isVoid ? entry.value("group", "") : textOf(entry, "group", prefix);
        label.synonyms = synonymsOf(entry, prefix);
        label.cocoStuff = idsOf(entry, "cocostuff", 181, prefix);
        label.ade20k = idsOf(entry, "ade20k", 149, prefix);
        claimNames(label, prefix);
        return label;
    }

    Rgb colorOf(const Json &entry, const std::string &prefix) const
    {
        const std::string text = textOf(entry, "color", prefix);
        const bool wellFormed =
            text.size() == 7 && text[0] == '#'
            && std::all_of(text.begin() + 1, text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
        if (!wellFormed) {
            fail(prefix + "color", "is '" + text + "'; expected '#rrggbb'");
        }
        const unsigned long value = std::stoul(text.substr(1), nullptr, 16);
        return {uint8_t(value >> 16), uint8_t(value >> 8), uint8_t(value)};
    }

    std::vector<std::string> synonymsOf(const Json &entry, const std::string &prefix) const
    {
        std::vector<std::string> synonyms;
        for (const Json &value : arrayOf(entry, "synonyms", prefix)) {
            if (!value.is_string()) {
                fail(prefix + "synonyms", "must hold texts only");
            }
            synonyms.push_back(value.get<std::string>());
        }
        return synonyms;
    }

    std::vector<int> idsOf(const Json &entry, const char *key, int highest, const std::string &prefix) const
    {
        std::vector<int> ids;
        for (const Json &value : arrayOf(entry, key, prefix)) {
            if (!value.is_number_integer() || value < 0 || value > highest) {
                fail(prefix + key, "must hold whole numbers from 0 to " + std::to_string(highest) + " only");
            }
            ids.push_back(value.get<int>());
        }
        return ids;
    }

    Json arrayOf(const Json &entry, const char *key, const std::string &prefix) const
    {
        const auto value = entry.find(key);
        if (value == entry.end()) {
            return Json::array();
        }
        if (!value->is_array()) {
            fail(prefix + key, "must be an array");
        }
        return *value;
    }

    // A name that stands for two labels would choose one of them silently.
    void claimNames(const Label &label, const std::string &prefix)
    {
        std::vector<std::string> names = label.synonyms;
        names.push_back(label.name);
        for (const std::string &name : names) {
            if (!m_names.insert(lowerCase(name)).second) {
                fail(prefix + "name", "or a synonym is '" + name + "', which already stands for a label");
            }
        }
    }

    const std::string &m_fileName;
    std::set<std::string> m_names;
};

template<typename Predicate>
const Label *firstLabel(const LabelSet &set, Predicate fits)
{
    const auto found = std::find_if(set.labels.begin(), set.labels.end(), fits);
    return found == set.labels.end() ? nullptr : &*found;
}

bool holds(const std::vector<int> &ids, int id)
{
    return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string joined(const std::vector<std::string> &names)
{
    std::string text;
    for (const std::string &name : names) {
        text += (text.empty() ? "" : ", ") + name;
    }
    return text;
}

} // namespace

std::string hexText(Rgb color)
{
    constexpr char kDigits[] = "0123456789abcdef";
    std::string text = "#";
    for (const uint8_t byte : {color.red, color.green, color.blue}) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

int squaredDistance(Rgb first, Rgb second)
{
    const int red = first.red - second.red, green = first.green - second.green, blue = first.blue - second.blue;
    return red * red + green * green + blue * blue;
}

const Label *LabelSet::at(int index) const
{
    return index >= 0 && size_t(index) < labels.size() ? &labels[size_t(index)] : nullptr;
}

Rgb LabelSet::colorOf(int index) const
{
    const Label *label = at(index);
    return label ? label->color : voidColor;
}

const Label *LabelSet::find(std::string_view nameOrSynonym) const
{
    const std::string wanted = lowerCase(nameOrSynonym);
    return firstLabel(*this, [&](const Label &label) {
        return lowerCase(label.name) == wanted
               || std::any_of(label.synonyms.begin(), label.synonyms.end(),
                              [&](const std::string &synonym) { return lowerCase(synonym) == wanted; });
    });
}

const Label *LabelSet::findCocoStuff(int id) const
{
    return firstLabel(*this, [&](const Label &label) { return holds(label.cocoStuff, id); });
}

const Label *LabelSet::findAde20k(int id) const
{
    return firstLabel(*this, [&](const Label &label) { return holds(label.ade20k, id); });
}

LabelSet parseLabelSet(const std::string &json, const std::string &fileName)
{
    return LabelSetReader(fileName).read(json);
}

LabelSet loadLabelSet(const std::string &name)
{
    const std::vector<std::string> names = labelSetNames();
    if (std::find(names.begin(), names.end(), name) == names.end()) {
        throw Error(ErrorCode::InvalidArgument, "There is no label set '" + name + "'; there are: " + joined(names));
    }
    const std::filesystem::path path = models::resourceFolder() / "labels" / (name + ".json");
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    if (!file) {
        throw Error(ErrorCode::FileRead, "The label set " + path.string() + " cannot be read");
    }
    return parseLabelSet(text, path.string());
}

std::vector<std::string> labelSetNames()
{
    const std::filesystem::path folder = models::resourceFolder() / "labels";
    std::vector<std::string> names;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator(folder, error)) {
        if (entry.path().extension() == ".json") {
            names.push_back(entry.path().stem().string());
        }
    }
    if (error) {
        throw Error(ErrorCode::FileRead,
                    "The folder of label sets " + folder.string() + " cannot be read: " + error.message());
    }
    std::sort(names.begin(), names.end());
    return names;
}

bool hasLabelSet(const std::string &name)
{
    const std::vector<std::string> names = labelSetNames();
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string gimpPalette(const LabelSet &set)
{
    std::ostringstream text;
    text << "GIMP Palette\nName: " << set.title << "\nColumns: 4\n#\n";
    for (const Label &label : set.labels) {
        text << int(label.color.red) << ' ' << int(label.color.green) << ' ' << int(label.color.blue) << '\t'
             << label.name << '\n';
    }
    return text.str();
}

} // namespace tessera::core
