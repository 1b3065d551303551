// Checkpoints made by hand, byte for byte: sound ones as torch writes them, and the same with one lie in them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace tessera::models
{

std::string number(uint64_t value, int bytes); // little-endian
// `count` floats: first, first + 1, ...
std::string floats(int count, float first);

// Writes a pickle, opcode by opcode.
class PickleText
{
public:
    explicit PickleText(int protocol = 2) : m_bytes{char(0x80), char(protocol)} {}

    PickleText &raw(const std::string &bytes);
    PickleText &text(const std::string &value);
    PickleText &integer(int64_t value);
    PickleText &global(const std::string &module, const std::string &name);
    // One storage: a persistent id.
    PickleText &storage(const std::string &key, int64_t count, const std::string &type = "FloatStorage",
                        const std::string &location = "cpu", const std::string &view = "");
    PickleText &tuple(const std::vector<int64_t> &values);
    // torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, False, OrderedDict()); `storage` writes it.
    PickleText &tensor(const std::function<void(PickleText &)> &storage, const std::vector<int64_t> &shape,
                       const std::vector<int64_t> &strides, int64_t offset = 0);
    PickleText &floatTensor(const std::string &key, const std::vector<int64_t> &shape);
    PickleText &orderedDict() { return global("collections", "OrderedDict").raw(")R"); }
    std::string stop() { return raw(".").m_bytes; }
    const std::string &bytes() const { return m_bytes; }

private:
    std::string m_bytes;
};

struct ZipEntryPlan {
    std::string name;
    std::string content;
    std::optional<uint32_t> crc{};            // lies, where set
    std::optional<uint64_t> size{};           // in the directory
    std::optional<uint64_t> compressedSize{}; // in the directory
    std::optional<uint64_t> offset{};         // in the directory
    std::optional<std::string> localName{};
    uint16_t flags = 0x0808;
    uint16_t method = 0;
    uint16_t localMethod = 0;
    uint32_t localSize = 0;
    std::string extra{}; // of the directory
};

// Like torch: stored, aligned to 64 bytes, sizes in data descriptors, a zip64 end record.
struct ZipPlan {
    std::vector<ZipEntryPlan> entries;
    bool zip64 = true;
    std::string comment{};
    std::optional<uint64_t> count{};
    std::optional<uint64_t> directoryOffset{};
    std::optional<uint64_t> directoryBytes{};
    std::optional<uint64_t> end64Offset{};
    uint16_t disk = 0;

    ZipEntryPlan &entry(const std::string &name);
    std::string bytes() const;
};

// archive/data.pkl, its storages, byteorder and version.
ZipPlan zipPlan(const std::string &pickle, const std::vector<std::pair<std::string, std::string>> &storages);

struct LegacyStorage {
    std::string key;
    int64_t count = 0;
    std::string content;
};

struct LegacyPlan {
    std::string magic = "\x80\x02\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19.";
    std::string protocol = "\x80\x02M\xE9\x03.";
    std::string system;
    std::string object;
    std::optional<std::string> keys{}; // the pickle of the list
    std::vector<LegacyStorage> storages;
    std::string tail;

    LegacyPlan();
    std::string bytes() const;
};

// {"a": float [2, 3] = 0 ... 5} as the whole root.
std::string smallPickle();
ZipPlan smallZip();
LegacyPlan smallLegacy();

// What Lightning 1.0.8 writes: classes as keys, the optimizer's tensors, omegaconf, numpy, a tensor from cuda:0,
// views and shared storages. The state_dict holds "first.weight" float [4, 3], "first.bias" half [4],
// "tied.weight" (the storage of first.weight), "rows" (rows 1 and 2 of it) and "steps" int64 [].
std::string lightningPickle();
ZipPlan lightningZip();
LegacyPlan lightningLegacy();

} // namespace tessera::models
