#include "models/modelfile.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/checkpoint/checkpoint.h"
#include "models/configfile.h"
#include "models/configinference.h"
#include "models/error.h"
#include "models/modelfit.h"
#include "models/networks.h"
#include "models/resources.h"
#include "models/yaml.h"

namespace tessera::models
{

namespace fs = std::filesystem;
using nlohmann::literals::operator""_json_pointer;

namespace
{

const std::string kConfigKey = "config";

bool isFile(const fs::path &path)
{
    std::error_code ignored;
    return fs::is_regular_file(path, ignored);
}

// The last by name of a folder's files that end in one of these; empty when there is none. Names of runs begin with
// their date, so the last is the newest.
fs::path lastFile(const fs::path &folder, std::initializer_list<const char *> endings)
{
    fs::path found;
    std::error_code failure;
    for (const auto &entry : fs::directory_iterator(folder, failure)) {
        const std::string name = entry.path().filename().string();
        const bool fits = std::ranges::any_of(endings, [&](const char *ending) { return name.ends_with(ending); });
        if (fits && isFile(entry.path()) && (found.empty() || found < entry.path()))
            found = entry.path();
    }
    return found;
}

// An index goes before the files that it names.
fs::path firstSafetensors(const fs::path &folder)
{
    fs::path found;
    std::error_code failure;
    for (const auto &entry : fs::directory_iterator(folder, failure)) {
        const bool set = namesSafetensorsSet(entry.path());
        if ((!set && entry.path().extension() != ".safetensors") || !isFile(entry.path()))
            continue;
        const bool better = set == namesSafetensorsSet(found) ? entry.path() < found : set;
        if (found.empty() || better)
            found = entry.path();
    }
    if (failure)
        throw Error(ErrorCode::FileRead,
                    "The folder " + folder.string() + " cannot be read: " + failure.message() + ".");
    return found;
}

// The folder of the run or the share that a file is of: those keep checkpoints in a folder of their own. As the path is
// typed, "last.ckpt" or ".", it need not say.
fs::path runFolder(const fs::path &file)
{
    std::error_code ignored;
    const fs::path folder = fs::absolute(file, ignored).lexically_normal().parent_path();
    const bool ofCheckpoints = folder.filename() == "checkpoints" || folder.filename() == "ckpts";
    return ofCheckpoints ? folder.parent_path() : folder;
}

// Beside the checkpoint, above all under its name, or where the original's runs and shares keep it.
fs::path configurationOf(const fs::path &checkpoint)
{
    const fs::path folder = checkpoint.parent_path(), configs = runFolder(checkpoint) / "configs";
    for (const fs::path &candidate :
         {fs::path(checkpoint).replace_extension(".yaml"), fs::path(checkpoint).replace_extension(".yml"),
          folder / "model.yaml", folder / "config.yaml", configs / "model.yaml", lastFile(configs, {"-project.yaml"})})
        if (isFile(candidate))
            return candidate;
    return {};
}

// Many files are called the same; their folders tell them apart.
std::string titleFromPath(const fs::path &file)
{
    const std::string name = file.filename().string();
    const std::string stem = namesSafetensorsSet(file)
                                 ? name.substr(0, name.size() - std::string_view(kSetEnding).size())
                                 : file.stem().string();
    return stem == "last" || stem == "model" ? runFolder(file).filename().string() : stem;
}

ModelConfig configOf(const nlohmann::json &document, const std::string &place)
{
    try {
        return ModelConfig::fromJson(document);
    } catch (const Error &error) {
        throw Error(error.code(), place + ": " + error.what());
    }
}

// A few kilobytes of brackets would use up the stack of whoever copies the value; parseJsonText refuses them.
nlohmann::json configDocument(const std::string &text, const fs::path &path)
{
    try {
        return parseJsonText(text, kConfigKey);
    } catch (const Error &error) {
        throw Error(ErrorCode::ModelMismatch,
                    path.string() + " has a model configuration that cannot be read: " + error.what() + ".");
    }
}

ModelConfig configOf(const SafetensorsSet &set)
{
    const auto text = set.metadata.find(kConfigKey);
    if (text == set.metadata.end())
        throw Error(ErrorCode::ModelMismatch, set.path.string() + " holds tensors but no model configuration: its "
                                                  + "metadata has no entry '" + kConfigKey + "'.");
    return configOf(configDocument(text->second, set.path), set.path.string());
}

// A published configuration names a file with the list of used codes, which nobody has; the list is in the checkpoint.
void countUsedCodes(nlohmann::json &document, const ModelFile &file)
{
    nlohmann::json &model = document.at("model");
    for (const auto &[place, prefix] : {std::pair{"/params"_json_pointer, ""},
                                        {"/params/first_stage_config/params"_json_pointer, "first_stage_model."},
                                        {"/params/cond_stage_config/params"_json_pointer, "cond_stage_model."}}) {
        const auto list = file.entries.find(std::string(prefix) + "quantize.used");
        if (list != file.entries.end() && list->second.shape.size() == 1 && model.is_object() && model.contains(place)
            && model.at(place).is_object())
            model.at(place)["used_codes"] = list->second.shape[0];
    }
}

std::string joined(const std::vector<std::string> &parts)
{
    std::string text;
    for (const std::string &part : parts)
        text += (text.empty() ? "" : "; ") + part;
    return text;
}

ModelFile fromSafetensors(const fs::path &path)
{
    SafetensorsSet set = readSafetensorsSet(path);
    ModelFile file;
    file.path = path;
    file.format = "safetensors";
    file.config = configOf(set);
    for (const SafetensorsIndex &part : set.files)
        for (const auto &[name, entry] : part.entries)
            file.entries[name] = {entry.dtype, entry.shape, entry.end - entry.begin};
    file.notes = set.metadata;
    file.notes.erase(kConfigKey);
    file.index = std::move(set);
    return file;
}

InferredConfig inferredFor(const fs::path &path, const TensorShapes &shapes)
{
    try {
        return inferConfig(shapes);
    } catch (const Error &error) {
        throw Error(error.code(), path.string() + " has no .yaml beside it. " + error.what());
    }
}

void configure(ModelFile &file, const CheckpointIndex &index)
{
    const fs::path configuration = configurationOf(file.path);
    if (!configuration.empty()) {
        nlohmann::json document = readConfigDocument(configuration);
        countUsedCodes(document, file);
        file.config = configOf(document, "'" + configuration.string() + "'");
        file.notes["configuration"] = configuration.string();
        if (const auto ignored = ignoredKeys(document); !ignored.empty())
            file.notes["ignored keys"] = joined(ignored);
    } else {
        TensorShapes shapes;
        for (const auto &[name, tensor] : index.tensors)
            shapes[name] = tensor.shape;
        InferredConfig inferred = inferredFor(file.path, shapes);
        file.config = std::move(inferred.config);
        file.notes["configuration"] = "inferred from the tensors, since no .yaml lies beside the checkpoint";
        file.notes["assumed"] = joined(inferred.assumptions);
    }
}

uint64_t elementBytes(const std::string &dtype)
{
    if (dtype == "BOOL" || dtype == "U8" || dtype == "I8")
        return 1;
    if (dtype == "C128")
        return 16;
    return dtype.ends_with("64") ? 8 : dtype.ends_with("32") ? 4 : 2;
}

ModelFile fromCheckpoint(const fs::path &path)
{
    CheckpointIndex index = readCheckpointIndex(path);
    ModelFile file;
    file.path = path;
    file.format = "torch " + index.container;
    for (const auto &[name, tensor] : index.tensors)
        file.entries[name] = {tensor.dtype, tensor.shape, uint64_t(tensor.count()) * elementBytes(tensor.dtype)};
    for (const auto &[name, value] : index.facts)
        file.notes[name] = value;
    if (!index.notices.empty())
        file.notes["notices"] = joined(index.notices);
    file.foreignObjects = index.foreignGlobals;
    configure(file, index);
    file.index = std::move(index);
    return file;
}

// The file says in which order the transformer was trained to write codes, if it is not row by row.
void checkOrder(const CheckpointIndex &index, const ModelConfig &config)
{
    const std::string name = "permuter.forward_shuffle_idx";
    if (!config.transformer || !index.tensors.contains(name))
        return;
    const std::vector<int64_t> expected = permuterOrder(config.permuter, config.window, config.window);
    const at::Tensor found = readCheckpoint(index, name).at(name);
    const bool same = found.scalar_type() == at::kLong && found.numel() == int64_t(expected.size())
                      && at::equal(found.reshape(-1), at::tensor(expected, at::kLong));
    if (!same)
        throw Error(ErrorCode::ModelMismatch, index.path.string() + ": " + name + " is not the order "
                                                  + permuterKindName(config.permuter)
                                                  + ", which the configuration names.");
}

// int8 weights have their scales beside them.
bool takes(const std::set<std::string> &networks, const std::string &name)
{
    constexpr std::string_view kScale = ".scale";
    return networks.contains(name)
           || (name.ends_with(kScale) && networks.contains(name.substr(0, name.size() - kScale.size())));
}

// By its content: torch's two containers begin like this, and safetensors have JSON behind a length of eight bytes.
// What begins like neither is told by its name.
bool isCheckpoint(const fs::path &path)
{
    std::string start(9, '\0');
    const FileBytes file(path);
    file.read(0, start.data(), std::min<uint64_t>(start.size(), file.size()));
    if (start[8] == '{')
        return false;
    if (start.starts_with("PK\x03\x04") || start.starts_with("\x80\x02"))
        return true;
    std::string suffix = path.extension().string();
    std::ranges::transform(suffix, suffix.begin(), [](unsigned char c) { return char(std::tolower(c)); });
    if (suffix == ".yaml" || suffix == ".yml")
        throw Error(ErrorCode::ModelNotFound,
                    path.string()
                        + " is a configuration; expected the checkpoint that it belongs to, or their folder.");
    static const std::vector<std::string> kSuffixes{".ckpt", ".pt", ".pth", ".bin"};
    return std::ranges::find(kSuffixes, suffix) != kSuffixes.end();
}

} // namespace

fs::path ModelFile::resolve(const fs::path &path)
{
    const fs::path place = path == "starter" ? resourceFolder() / "starter" : path;
    std::error_code ignored;
    if (isFile(place))
        return place;
    if (!fs::is_directory(place, ignored))
        throw Error(ErrorCode::ModelNotFound, "There is no model at " + place.string()
                                                  + ": expected a .safetensors or .ckpt file, a folder with one, or "
                                                  + "'starter'.");
    // A training run keeps its checkpoint beside its model.
    for (const fs::path &named :
         {place / "model.safetensors", place / "checkpoints" / "last.ckpt", place / "ckpts" / "last.ckpt"})
        if (isFile(named))
            return named;
    if (const fs::path found = firstSafetensors(place); !found.empty())
        return found;
    for (const fs::path &folder : {place, place / "checkpoints", place / "ckpts"})
        if (const fs::path found = lastFile(folder, {".ckpt"}); !found.empty())
            return found;
    throw Error(ErrorCode::ModelNotFound,
                "The folder " + place.string()
                    + " holds no model: expected a .safetensors file, checkpoints/last.ckpt or " + "ckpts/last.ckpt.");
}

ModelFile ModelFile::open(const fs::path &path)
{
    const fs::path place = resolve(path);
    ModelFile file = isCheckpoint(place) ? fromCheckpoint(place) : fromSafetensors(place);
    file.title = file.config.name.empty() ? titleFromPath(place) : file.config.name;
    adoptMask(file);
    checkTypes(file);
    checkLeftovers(file);
    return file;
}

StateDict ModelFile::readTensors() const
{
    const auto *checkpoint = std::get_if<CheckpointIndex>(&index);
    if (checkpoint)
        checkOrder(*checkpoint, config);
    const std::set<std::string> networks = networkTensors(config);
    const auto wanted = [&](const std::string &name) { return takes(networks, name); };
    if (checkpoint)
        return readCheckpoint(*checkpoint, wanted);
    StateDict tensors;
    for (SafetensorsIndex part : std::get<SafetensorsSet>(index).files) {
        std::erase_if(part.entries, [&](const auto &entry) { return !wanted(entry.first); });
        tensors.merge(readSafetensors(part));
    }
    return tensors;
}

uint64_t ModelFile::bytes() const
{
    const auto *set = std::get_if<SafetensorsSet>(&index);
    return set ? set->bytes() : fs::file_size(path);
}

std::vector<std::string> ModelFile::ignoredTensors() const
{
    const std::set<std::string> networks = networkTensors(config);
    std::vector<std::string> names;
    for (const auto &[name, entry] : entries)
        if (!takes(networks, name))
            names.push_back(name);
    return names;
}

} // namespace tessera::models
