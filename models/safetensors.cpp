#include "models/safetensors.h"

#include <algorithm>
#include <array>

#include <ATen/ATen.h>
#include <nlohmann/json.hpp>

#include "models/error.h"
#include "models/wholefile.h"

namespace tessera::models
{

using nlohmann::json;

namespace
{

constexpr uint64_t kLengthBytes = 8; // of the header, in front of it
constexpr uint64_t kMaxHeaderBytes = 100'000'000;
constexpr size_t kMaxTensors = 65'536;
constexpr size_t kMaxName = 512;
constexpr size_t kMaxRank = 8;

struct DataType {
    const char *name;
    at::ScalarType type;
    uint64_t bytes;
};

constexpr std::array<DataType, 11> kDataTypes{{{"BOOL", at::kBool, 1},
                                               {"U8", at::kByte, 1},
                                               {"I8", at::kChar, 1},
                                               {"I16", at::kShort, 2},
                                               {"F16", at::kHalf, 2},
                                               {"BF16", at::kBFloat16, 2},
                                               {"I32", at::kInt, 4},
                                               {"F32", at::kFloat, 4},
                                               {"F64", at::kDouble, 8},
                                               {"I64", at::kLong, 8},
                                               {"C64", at::kComplexFloat, 8}}};

[[noreturn]] void damaged(const std::filesystem::path &path, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, path.string() + " is not a usable safetensors file: " + what + ".");
}

// Builds the JSON tree like the library's own reader, but refuses duplicate keys and deep nesting: a tree would keep
// one of two equal keys without a word.
class StrictReader : public nlohmann::json_sax<json>
{
public:
    bool null() override { return add(nullptr); }
    bool boolean(bool value) override { return add(value); }
    bool number_integer(number_integer_t value) override { return add(value); }
    bool number_unsigned(number_unsigned_t value) override { return add(value); }
    bool number_float(number_float_t value, const string_t &) override { return add(value); }
    bool string(string_t &value) override { return add(value); }
    bool binary(binary_t &) override { return false; }
    bool start_object(std::size_t) override { return open(json::object()); }
    bool start_array(std::size_t) override { return open(json::array()); }
    bool end_object() override { return close(); }
    bool end_array() override { return close(); }
    bool key(string_t &name) override
    {
        if (m_open.back()->contains(name)) {
            problem = "the key '" + name.substr(0, kMaxName) + "' stands there twice";
            return false;
        }
        m_key = name;
        return true;
    }
    bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override
    {
        problem = "its header is not valid JSON at byte " + std::to_string(position + 7);
        return false;
    }

    json root;
    std::string problem;

private:
    json *place(json value)
    {
        if (m_open.empty()) {
            root = std::move(value);
            return &root;
        }
        json &parent = *m_open.back();
        if (parent.is_array()) {
            parent.push_back(std::move(value));
            return &parent.back();
        }
        return &(parent[m_key] = std::move(value));
    }
    bool add(json value)
    {
        place(std::move(value));
        return true;
    }
    bool open(json value)
    {
        if (m_open.size() >= 4) {
            problem = "its header is nested more than 4 deep";
            return false;
        }
        m_open.push_back(place(std::move(value)));
        return true;
    }
    bool close()
    {
        m_open.pop_back();
        return true;
    }

    std::vector<json *> m_open;
    std::string m_key;
};

json parseHeader(const std::filesystem::path &path, const std::string &text)
{
    if (text.empty())
        damaged(path, "its header does not begin with '{'");
    StrictReader reader;
    if (!json::sax_parse(text, &reader) || !reader.root.is_object())
        damaged(path, reader.problem.empty() ? "its header is not a JSON object" : reader.problem);
    return std::move(reader.root);
}

std::vector<uint64_t> unsignedList(const std::filesystem::path &path, const std::string &name, const json &entry,
                                   const char *key)
{
    std::vector<uint64_t> list;
    if (!entry.is_object() || !entry.contains(key) || !entry.at(key).is_array())
        damaged(path, "tensor " + name + " has no list '" + key + "'");
    for (const json &number : entry.at(key)) {
        if (!number.is_number_unsigned())
            damaged(path, "'" + std::string(key) + "' of tensor " + name + " holds " + number.dump()
                              + ", expected a whole number from 0 on");
        list.push_back(number.get<uint64_t>());
    }
    return list;
}

const DataType &dataType(const std::filesystem::path &path, const std::string &name, const json &entry)
{
    const std::string found = entry.contains("dtype") && entry.at("dtype").is_string() ? entry.at("dtype") : "none";
    for (const DataType &type : kDataTypes)
        if (found == type.name)
            return type;
    damaged(path, "tensor " + name + " has data type '" + found
                      + "', expected one of BOOL U8 I8 I16 F16 BF16 I32 F32 F64 " + "I64 C64");
}

SafetensorsEntry entryFrom(const std::filesystem::path &path, const std::string &name, const json &entry,
                           uint64_t dataBegin)
{
    if (name.size() > kMaxName)
        damaged(path, "a tensor name has " + std::to_string(name.size()) + " bytes, expected at most 512");
    const auto offsets = unsignedList(path, name, entry, "data_offsets");
    const auto shape = unsignedList(path, name, entry, "shape");
    const DataType &type = dataType(path, name, entry);
    if (offsets.size() != 2 || offsets[1] < offsets[0])
        damaged(path, "'data_offsets' of tensor " + name + " is not a pair [begin, end]");
    if (shape.size() > kMaxRank)
        damaged(path, "tensor " + name + " has " + std::to_string(shape.size()) + " dimensions, expected at most 8");
    uint64_t bytes = type.bytes;
    for (const uint64_t side : shape) // one of 0 hides no other: strides are products of the rest
        if (__builtin_mul_overflow(bytes, std::max<uint64_t>(side, 1), &bytes) || bytes > uint64_t(INT64_MAX))
            damaged(path, "the size of tensor " + name + " overflows");
    if (std::ranges::find(shape, 0U) != shape.end())
        bytes = 0;
    if (bytes != offsets[1] - offsets[0])
        damaged(path, "tensor " + name + " occupies " + std::to_string(offsets[1] - offsets[0])
                          + " bytes, but its shape and " + "type need " + std::to_string(bytes));
    SafetensorsEntry result{type.name, {}, dataBegin + offsets[0], dataBegin + offsets[1]};
    for (const uint64_t side : shape)
        result.shape.push_back(int64_t(side));
    return result;
}

// No holes, no overlaps, nothing after the last tensor: a file that is two things at once cannot pass.
void expectSeamless(const SafetensorsIndex &index, uint64_t dataBegin, uint64_t fileBytes)
{
    std::vector<std::pair<const std::string *, const SafetensorsEntry *>> order;
    for (const auto &[name, entry] : index.entries)
        order.emplace_back(&name, &entry);
    std::ranges::sort(order, [](const auto &a, const auto &b) {
        return std::pair(a.second->begin, a.second->end) < std::pair(b.second->begin, b.second->end);
    });
    uint64_t expected = dataBegin;
    for (const auto &[name, entry] : order) {
        if (entry->begin != expected)
            damaged(index.path, "tensor " + *name + " begins at byte " + std::to_string(entry->begin) + ", expected "
                                    + std::to_string(expected));
        expected = entry->end;
    }
    if (expected != fileBytes)
        damaged(index.path, "its tensors end at byte " + std::to_string(expected) + ", but the file has "
                                + std::to_string(fileBytes) + " bytes");
}

const DataType &dataTypeOf(const at::Tensor &tensor)
{
    for (const DataType &type : kDataTypes)
        if (tensor.scalar_type() == type.type)
            return type;
    throw Error(ErrorCode::InvalidArgument, std::string("Tensors of type ") + c10::toString(tensor.scalar_type())
                                                + " cannot be written to a safetensors file.");
}

// Wide types first, then by name, so that every tensor is aligned.
std::vector<const StateDict::value_type *> writingOrder(const StateDict &tensors)
{
    std::vector<const StateDict::value_type *> order;
    for (const auto &entry : tensors)
        order.push_back(&entry);
    std::ranges::stable_sort(
        order, [](const auto *a, const auto *b) { return dataTypeOf(a->second).bytes > dataTypeOf(b->second).bytes; });
    return order;
}

std::string headerText(const std::vector<const StateDict::value_type *> &order,
                       const std::map<std::string, std::string> &metadata)
{
    json header = json::object();
    if (!metadata.empty())
        header["__metadata__"] = metadata;
    uint64_t offset = 0;
    for (const auto *entry : order) {
        const auto &[name, tensor] = *entry;
        const uint64_t bytes = uint64_t(tensor.numel()) * dataTypeOf(tensor).bytes;
        header[name] = {{"dtype", dataTypeOf(tensor).name},
                        {"shape", tensor.sizes().vec()},
                        {"data_offsets", {offset, offset + bytes}}};
        offset += bytes;
    }
    std::string text = header.dump(-1, ' ', false, json::error_handler_t::replace); // file names may be no UTF-8
    text.append((8 - text.size() % 8) % 8, ' ');
    return text;
}

// The JSON of the header, not yet looked at.
std::string headerOf(const FileBytes &file, const std::filesystem::path &path)
{
    if (file.size() < kLengthBytes)
        damaged(path, "it has " + std::to_string(file.size()) + " bytes, expected at least 8");
    uint64_t bytes = 0;
    file.read(0, &bytes, kLengthBytes);
    char brace = '{';
    if (file.size() > kLengthBytes && bytes > 0)
        file.read(kLengthBytes, &brace, 1);
    if (brace != '{') // a file of another kind, whose first bytes are no count
        damaged(path, "its header does not begin with '{'");
    if (bytes > kMaxHeaderBytes || bytes > file.size() - kLengthBytes)
        damaged(path, "its header claims " + std::to_string(bytes) + " bytes, but the file has "
                          + std::to_string(file.size()));
    std::string text(bytes, '\0');
    file.read(kLengthBytes, text.data(), bytes);
    return text;
}

} // namespace

SafetensorsIndex readSafetensorsIndex(const std::filesystem::path &path)
{
    SafetensorsIndex index{path, {}, {}, std::make_shared<FileBytes>(path)};
    const std::string text = headerOf(*index.source, path);
    const uint64_t dataBegin = kLengthBytes + text.size();
    const json header = parseHeader(path, text);
    if (header.size() > kMaxTensors)
        damaged(path, "it lists " + std::to_string(header.size()) + " tensors, expected at most 65536");
    for (const auto &[name, entry] : header.items()) {
        if (name != "__metadata__") {
            index.entries[name] = entryFrom(path, name, entry, dataBegin);
            continue;
        }
        if (!entry.is_object())
            damaged(path, "its metadata is not an object");
        for (const auto &[key, value] : entry.items()) {
            if (!value.is_string())
                damaged(path, "its metadata '" + key + "' is not a string");
            index.metadata[key] = value;
        }
    }
    expectSeamless(index, dataBegin, index.source->size());
    return index;
}

StateDict readSafetensors(const SafetensorsIndex &index, const std::string &prefix)
{
    const auto source = index.source ? index.source : std::make_shared<FileBytes>(index.path);
    StateDict tensors;
    for (auto it = index.entries.lower_bound(prefix); it != index.entries.end() && it->first.starts_with(prefix);
         ++it) {
        const auto &[name, entry] = *it;
        const auto *type =
            std::ranges::find(kDataTypes, entry.dtype, [](const DataType &t) { return std::string(t.name); });
        at::Tensor tensor = at::empty(entry.shape, type->type);
        source->read(entry.begin, tensor.data_ptr(), entry.end - entry.begin);
        tensors[name] = tensor;
    }
    return tensors;
}

void writeSafetensors(const std::filesystem::path &path, const StateDict &tensors,
                      const std::map<std::string, std::string> &metadata)
{
    const auto order = writingOrder(tensors);
    const std::string header = headerText(order, metadata);
    const uint64_t headerBytes = header.size();
    WholeFile writer(path);
    writer.write(&headerBytes, 8);
    writer.write(header.data(), headerBytes);
    for (const auto *entry : order) {
        const at::Tensor plain = entry->second.detach().cpu().contiguous();
        writer.write(plain.data_ptr(), uint64_t(plain.nbytes()));
    }
    writer.commit();
}

} // namespace tessera::models
