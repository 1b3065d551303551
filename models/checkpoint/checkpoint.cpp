#include "models/checkpoint/checkpoint.h"

#include <algorithm>
#include <array>
#include <cstring>

#include <ATen/ATen.h>

#include "models/error.h"

namespace tessera::models
{

namespace
{

struct ScalarName {
    std::string_view name;
    at::ScalarType type;
};

constexpr std::array<ScalarName, 12> kScalars{{{"F64", at::kDouble},
                                               {"F32", at::kFloat},
                                               {"F16", at::kHalf},
                                               {"BF16", at::kBFloat16},
                                               {"I64", at::kLong},
                                               {"I32", at::kInt},
                                               {"I16", at::kShort},
                                               {"I8", at::kChar},
                                               {"U8", at::kByte},
                                               {"BOOL", at::kBool},
                                               {"C64", at::kComplexFloat},
                                               {"C128", at::kComplexDouble}}};

at::ScalarType scalarType(const std::string &dtype)
{
    return std::ranges::find(kScalars, std::string_view(dtype), &ScalarName::name)->type;
}

// Elements of a storage from the first to the last that somebody needs.
struct Span {
    int64_t begin = INT64_MAX;
    int64_t end = 0;
    std::string dtype;
};

void widen(Span &span, const CheckpointTensor &tensor)
{
    span.dtype = tensor.dtype;
    if (tensor.count() == 0)
        return;
    int64_t last = tensor.offset;
    for (size_t i = 0; i < tensor.shape.size(); ++i)
        last += (tensor.shape[i] - 1) * tensor.strides[i];
    span.begin = std::min(span.begin, tensor.offset);
    span.end = std::max(span.end, last + 1);
}

at::Tensor allocate(const std::string &name, int64_t count, at::ScalarType type)
{
    try {
        return at::empty({count}, type);
    } catch (const std::exception &) { // c10 has no type of its own for a full main memory
        throw Error(ErrorCode::OutOfMemory, name + " needs " + std::to_string(count)
                                                + " elements at once, more than the main memory has left.");
    }
}

// A byte that is neither 0 nor 1 is no value of bool.
void normaliseBool(at::Tensor &buffer)
{
    auto *bytes = static_cast<uint8_t *>(buffer.data_ptr());
    std::transform(bytes, bytes + buffer.numel(), bytes, [](uint8_t byte) { return uint8_t(byte != 0 ? 1 : 0); });
}

at::Tensor readSpan(const CheckpointIndex &index, const std::string &key, const Span &span)
{
    const CheckpointStorage &storage = index.storages.at(key);
    const int64_t count = std::max<int64_t>(span.end - span.begin, 0);
    at::Tensor buffer = allocate(index.path.string(), span.end == 0 ? 0 : count, scalarType(span.dtype));
    const uint64_t bytes = uint64_t(buffer.nbytes());
    if (bytes > 0)
        index.source->read(storage.begin + uint64_t(span.begin) * buffer.element_size(), buffer.data_ptr(), bytes);
    if (storage.crc && bytes == storage.contentBytes && crc32(buffer.data_ptr(), bytes) != *storage.crc)
        damaged(*index.source, "the checksum of storage " + inQuotes(key) + " at byte " + std::to_string(storage.begin)
                                   + " is wrong; download the file again");
    if (buffer.scalar_type() == at::kBool)
        normaliseBool(buffer);
    return buffer;
}

at::Tensor inlineTensor(const CheckpointIndex &index, const CheckpointTensor &tensor)
{
    at::Tensor buffer = allocate(index.path.string(), tensor.count(), scalarType(tensor.dtype));
    std::memcpy(buffer.data_ptr(), tensor.inlineBytes.data(), tensor.inlineBytes.size());
    if (buffer.scalar_type() == at::kBool)
        normaliseBool(buffer);
    return buffer.as_strided(tensor.shape, tensor.strides);
}

} // namespace

StateDict readCheckpoint(const CheckpointIndex &index, const std::string &prefix)
{
    return readCheckpoint(index, [&](const std::string &name) { return name.starts_with(prefix); });
}

StateDict readCheckpoint(const CheckpointIndex &index, const std::function<bool(const std::string &)> &wanted)
{
    std::map<std::string, std::vector<const std::pair<const std::string, CheckpointTensor> *>> inStorages;
    StateDict result;
    for (const auto &entry : index.tensors) {
        if (!wanted(entry.first))
            continue;
        if (entry.second.storage.empty())
            result[entry.first] = inlineTensor(index, entry.second);
        else
            inStorages[entry.second.storage].push_back(&entry);
    }
    for (const auto &[key, entries] : inStorages) {
        Span span;
        for (const auto *entry : entries)
            widen(span, entry->second);
        const at::Tensor buffer = readSpan(index, key, span);
        for (const auto *entry : entries) {
            const CheckpointTensor &tensor = entry->second;
            const int64_t offset = tensor.count() == 0 ? 0 : tensor.offset - span.begin;
            result[entry->first] = buffer.as_strided(tensor.shape, tensor.strides, offset);
        }
    }
    return result;
}

} // namespace tessera::models
