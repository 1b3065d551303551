#include "models/safetensorsset.h"

#include <cstdio>
#include <regex>
#include <set>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/checkpoint/bytes.h"
#include "models/digest.h"
#include "models/error.h"
#include "models/wholefile.h"
#include "models/yaml.h"

namespace tessera::models
{

namespace fs = std::filesystem;
using nlohmann::json;

namespace
{

[[noreturn]] void refuse(const fs::path &path, const std::string &reason)
{
    throw Error(ErrorCode::FileFormat, path.string() + " " + reason);
}

// File -> its tensors, in the order of their names.
std::map<std::string, std::vector<std::string>> tensorsOfFiles(const json &document, const fs::path &path)
{
    if (!document.is_object() || !document.contains("weight_map") || !document.at("weight_map").is_object())
        refuse(path, "has no \"weight_map\", expected an object of tensor and file names.");
    std::map<std::string, std::vector<std::string>> files;
    for (const auto &[tensor, file] : document.at("weight_map").items()) {
        if (!file.is_string() || fs::path(file.get<std::string>()).filename() != fs::path(file.get<std::string>()))
            refuse(path, "says that tensor " + tensor + " is in " + file.dump()
                             + ", expected the name of a file in the same folder.");
        files[file.get<std::string>()].push_back(tensor);
    }
    return files;
}

std::map<std::string, std::string> metadataOf(const json &document)
{
    std::map<std::string, std::string> metadata;
    const auto found = document.find("metadata");
    if (found != document.end() && found->is_object())
        for (const auto &[name, value] : found->items())
            metadata[name] = value.is_string() ? value.get<std::string>() : value.dump();
    return metadata;
}

SafetensorsIndex fileWith(const std::vector<std::string> &tensors, const fs::path &file, const fs::path &index)
{
    SafetensorsIndex found = readSafetensorsIndex(file);
    std::map<std::string, SafetensorsEntry> entries;
    for (const std::string &tensor : tensors) {
        const auto entry = found.entries.find(tensor);
        if (entry == found.entries.end())
            refuse(index,
                   "says that tensor " + tensor + " is in " + file.filename().string() + ", which has no such tensor.");
        entries.insert(*entry);
    }
    found.entries = std::move(entries);
    found.source.reset(); // a set may have more files than may be open at once
    return found;
}

// Tensors in the order of their names, as many a file as fit.
std::vector<StateDict> divided(const StateDict &tensors, uint64_t fileBytes)
{
    std::vector<StateDict> files;
    uint64_t filled = 0;
    for (const auto &[name, tensor] : tensors) {
        const uint64_t bytes = uint64_t(tensor.nbytes());
        if (files.empty() || filled + bytes > fileBytes) {
            files.emplace_back();
            filled = 0;
        }
        files.back()[name] = tensor;
        filled += bytes;
    }
    return files;
}

// Of names and values: equal sets have files of equal names.
std::string digestText(const StateDict &tensors)
{
    std::string digests;
    for (const auto &[name, tensor] : tensors) {
        const at::Tensor plain = tensor.detach().cpu().contiguous();
        digests += name + ":" + std::to_string(digestOf(plain.data_ptr(), plain.nbytes())) + "\n";
    }
    const uint64_t digest = digestOf(digests);
    char text[16];
    std::snprintf(text, sizeof text, "-%08x", unsigned(digest ^ digest >> 32));
    return text;
}

// The files of an earlier set of this name, if there is an index of one that can be read. Whatever else it names is not
// this set's to remove.
std::set<std::string> filesOfEarlierSet(const fs::path &path, const std::string &stem)
{
    static const std::regex kNumbered("-[0-9a-f]{8}-[0-9]{5}-of-[0-9]{5}\\.safetensors"); // as fileName() has it
    std::set<std::string> names;
    std::error_code ignored;
    if (!fs::is_regular_file(path, ignored))
        return names;
    try {
        for (const auto &[file, tensors] : tensorsOfFiles(parseJsonText(readTextFile(path, "index"), path), path))
            if (file.starts_with(stem) && std::regex_match(file.substr(stem.size()), kNumbered))
                names.insert(file);
    } catch (const Error &) { // whatever it is, it is replaced
        names.clear();
    }
    return names;
}

// Removes files that were new when they were written, unless their set became whole.
class NewFiles
{
public:
    NewFiles() = default;
    NewFiles(const NewFiles &) = delete;
    NewFiles &operator=(const NewFiles &) = delete;
    ~NewFiles()
    {
        std::error_code ignored;
        for (const fs::path &file : m_files)
            fs::remove(file, ignored);
    }

    // REQUIRES: nothing was written to it yet.
    void add(const fs::path &file)
    {
        std::error_code ignored;
        if (!fs::exists(file, ignored))
            m_files.push_back(file);
    }
    void keep() { m_files.clear(); }

private:
    std::vector<fs::path> m_files;
};

std::string fileName(const std::string &stem, size_t number, size_t count)
{
    char part[64];
    std::snprintf(part, sizeof part, "-%05zu-of-%05zu.safetensors", number, count);
    return stem + part;
}

} // namespace

uint64_t SafetensorsSet::bytes() const
{
    uint64_t sum = 0;
    for (const SafetensorsIndex &file : files)
        sum += fs::file_size(file.path);
    return sum;
}

SafetensorsSet readSafetensorsSet(const fs::path &path)
{
    if (!namesSafetensorsSet(path)) {
        SafetensorsIndex file = readSafetensorsIndex(path);
        auto metadata = file.metadata;
        return {path, std::move(metadata), {std::move(file)}};
    }
    const json document = parseJsonText(readTextFile(path, "index"), path);
    const auto files = tensorsOfFiles(document, path);
    SafetensorsSet set{path, metadataOf(document), {}};
    for (const auto &[file, tensors] : files)
        set.files.push_back(fileWith(tensors, path.parent_path() / file, path));
    return set;
}

void writeSafetensorsSet(const fs::path &path, const StateDict &tensors,
                         const std::map<std::string, std::string> &metadata, uint64_t fileBytes)
{
    const std::string name = path.filename().string();
    if (!namesSafetensorsSet(path))
        throw Error(ErrorCode::InvalidArgument,
                    "The index of several files cannot be " + name + ": its name ends in " + kSetEnding + ".");
    if (!isUtf8(name)) // which JSON is, and the index names its files
        throw Error(ErrorCode::InvalidArgument, "The index of several files cannot be " + inQuotes(name)
                                                    + ": its name is no UTF-8, in which it would name its files.");
    const std::string plainStem = name.substr(0, name.size() - std::string(kSetEnding).size());
    std::set<std::string> earlier = filesOfEarlierSet(path, plainStem);
    const std::string stem = plainStem + digestText(tensors);
    const std::vector<StateDict> files = divided(tensors, fileBytes);
    json map = json::object();
    NewFiles written;
    for (size_t i = 0; i < files.size(); ++i) {
        const std::string file = fileName(stem, i + 1, files.size());
        written.add(path.parent_path() / file);
        writeSafetensors(path.parent_path() / file, files[i], {{"format", "pt"}});
        earlier.erase(file);
        for (const auto &[tensor, value] : files[i])
            map[tensor] = file;
    }
    const std::string text =
        json{{"metadata", metadata}, {"weight_map", map}}.dump(1, ' ', false, json::error_handler_t::replace) + "\n";
    WholeFile index(path);
    index.write(text.data(), text.size());
    index.commit();
    written.keep();
    std::error_code ignored;
    for (const std::string &file : earlier)
        fs::remove(path.parent_path() / file, ignored);
}

} // namespace tessera::models
