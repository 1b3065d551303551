#include "tests/unit/models/checkpoint/samplefile.h"

#include <algorithm>
#include <cstring>

#include "models/checkpoint/bytes.h"

namespace tessera::models
{

std::string number(uint64_t value, int bytes)
{
    std::string result;
    for (int i = 0; i < bytes; ++i)
        result += char(value >> (8 * i) & 255);
    return result;
}

std::string floats(int count, float first)
{
    std::string result;
    for (int i = 0; i < count; ++i) {
        const float value = first + float(i);
        result.append(reinterpret_cast<const char *>(&value), sizeof value);
    }
    return result;
}

PickleText &PickleText::raw(const std::string &bytes)
{
    m_bytes += bytes;
    return *this;
}

PickleText &PickleText::text(const std::string &value)
{
    return raw("X" + number(value.size(), 4) + value);
}

PickleText &PickleText::integer(int64_t value)
{
    if (value >= 0 && value < 256)
        return raw("K" + number(uint64_t(value), 1));
    if (value == int64_t(int32_t(value)))
        return raw("J" + number(uint64_t(value), 4));
    return raw("\x8A\x08" + number(uint64_t(value), 8));
}

PickleText &PickleText::global(const std::string &module, const std::string &name)
{
    return raw("c" + module + "\n" + name + "\n");
}

PickleText &PickleText::storage(const std::string &key, int64_t count, const std::string &type,
                                const std::string &location, const std::string &view)
{
    raw("(").text("storage").global("torch", type).text(key).text(location).integer(count).raw(view);
    return raw("tQ");
}

PickleText &PickleText::tuple(const std::vector<int64_t> &values)
{
    raw("(");
    for (const int64_t value : values)
        integer(value);
    return raw("t");
}

PickleText &PickleText::tensor(const std::function<void(PickleText &)> &storage, const std::vector<int64_t> &shape,
                               const std::vector<int64_t> &strides, int64_t offset)
{
    global("torch._utils", "_rebuild_tensor_v2").raw("(");
    storage(*this);
    integer(offset).tuple(shape).tuple(strides).raw("\x89").orderedDict();
    return raw("tR");
}

PickleText &PickleText::floatTensor(const std::string &key, const std::vector<int64_t> &shape)
{
    std::vector<int64_t> strides(shape.size(), 1);
    for (size_t i = shape.size(); i-- > 1;)
        strides[i - 1] = strides[i] * shape[i];
    const int64_t count = shape.empty() ? 1 : strides[0] * shape[0];
    return tensor([&](PickleText &pickle) { pickle.storage(key, count); }, shape, strides);
}

ZipEntryPlan &ZipPlan::entry(const std::string &name)
{
    return *std::ranges::find(entries, name, &ZipEntryPlan::name);
}

std::string ZipPlan::bytes() const
{
    std::string file;
    std::string directory;
    for (const ZipEntryPlan &entry : entries) {
        const uint32_t crc = entry.crc.value_or(crc32(entry.content.data(), entry.content.size()));
        const std::string &local = entry.localName ? *entry.localName : entry.name;
        const size_t begin = file.size();
        size_t padding = 64 - (begin + 30 + local.size()) % 64;
        if (padding < 4)
            padding += 64;
        file += number(0x04034B50, 4) + number(20, 2) + number(entry.flags, 2) + number(entry.localMethod, 2)
                + number(0, 8) + number(entry.localSize, 4) + number(entry.localSize, 4) + number(local.size(), 2)
                + number(padding, 2) + local + "FB" + number(padding - 4, 2) + std::string(padding - 4, 'Z')
                + entry.content + number(0x08074B50, 4) + number(crc, 4) + number(entry.content.size(), 4)
                + number(entry.content.size(), 4);
        directory += number(0x02014B50, 4) + number(0, 2) + number(20, 2) + number(entry.flags, 2)
                     + number(entry.method, 2) + number(0, 4) + number(crc, 4)
                     + number(entry.compressedSize.value_or(entry.content.size()), 4)
                     + number(entry.size.value_or(entry.content.size()), 4) + number(entry.name.size(), 2)
                     + number(entry.extra.size(), 2) + std::string(10, '\0') + number(entry.offset.value_or(begin), 4)
                     + entry.name + entry.extra;
    }
    const uint64_t offset = directoryOffset.value_or(file.size());
    const uint64_t size = directoryBytes.value_or(directory.size());
    const uint64_t records = count.value_or(entries.size());
    file += directory;
    if (zip64) {
        const uint64_t at = end64Offset.value_or(file.size());
        file += number(0x06064B50, 4) + number(44, 8) + number(0x031E, 2) + number(45, 2) + number(0, 8)
                + number(records, 8) + number(records, 8) + number(size, 8) + number(offset, 8) + number(0x07064B50, 4)
                + number(0, 4) + number(at, 8) + number(1, 4);
    }
    return file + number(0x06054B50, 4) + number(disk, 2) + number(0, 2) + number(std::min<uint64_t>(records, 65535), 2)
           + number(std::min<uint64_t>(records, 65535), 2) + number(size, 4) + number(offset, 4)
           + number(comment.size(), 2) + comment;
}

ZipPlan zipPlan(const std::string &pickle, const std::vector<std::pair<std::string, std::string>> &storages)
{
    ZipPlan plan;
    plan.entries.push_back({"archive/data.pkl", pickle});
    plan.entries.push_back({"archive/byteorder", "little"});
    for (const auto &[key, content] : storages)
        plan.entries.push_back({"archive/data/" + key, content});
    plan.entries.push_back({"archive/version", "3\n"});
    return plan;
}

LegacyPlan::LegacyPlan()
{
    system = PickleText()
                 .raw("}(")
                 .text("protocol_version")
                 .integer(1001)
                 .text("little_endian")
                 .raw("\x88")
                 .text("type_sizes")
                 .raw("}(")
                 .text("short")
                 .integer(2)
                 .text("int")
                 .integer(4)
                 .text("long")
                 .integer(4)
                 .raw("uu")
                 .stop();
}

std::string LegacyPlan::bytes() const
{
    PickleText list;
    list.raw("](");
    std::string contents;
    for (const LegacyStorage &storage : storages) {
        list.text(storage.key);
        contents += number(uint64_t(storage.count), 8) + storage.content;
    }
    return magic + protocol + system + object + (keys ? *keys : list.raw("e").stop()) + contents + tail;
}

std::string smallPickle()
{
    return PickleText().raw("}").text("a").floatTensor("0", {2, 3}).raw("s").stop();
}

ZipPlan smallZip()
{
    return zipPlan(smallPickle(), {{"0", floats(6, 0)}});
}

LegacyPlan smallLegacy()
{
    LegacyPlan plan;
    plan.object = smallPickle();
    plan.storages = {{"0", 6, floats(6, 0)}};
    return plan;
}

namespace
{

constexpr int kMomenta = 6; // tensors of the optimizer

std::string momentumKey(int i)
{
    return std::to_string(10 + i);
}

// 1, 2, 3, 4 as half.
const std::string kHalves("\x00\x3C\x00\x40\x00\x42\x00\x44", 8);

} // namespace

std::string lightningPickle()
{
    const auto weight = [](PickleText &pickle) { pickle.storage("0", 12, "FloatStorage", "cuda:0"); };
    const auto bias = [](PickleText &pickle) { pickle.storage("1", 4, "HalfStorage", "cuda:0"); };
    const auto steps = [](PickleText &pickle) { pickle.storage("2", 1, "LongStorage"); };
    const auto score = [](PickleText &pickle) { pickle.storage("4", 1, "FloatStorage", "cuda:0"); };
    PickleText pickle;
    pickle.raw("}q\x01(").text("epoch").integer(12).text("global_step").integer(70000);
    pickle.text("pytorch-lightning_version").text("1.0.8").text("callbacks").raw("}q\x02");
    pickle.global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint").raw("}q\x03(");
    pickle.text("best_model_score").tensor(score, {}, {}).text("best_model_path").text("last.ckpt");
    pickle.text("monitor").global("numpy.core.multiarray", "scalar").global("numpy", "dtype").raw("(").text("f8");
    pickle.raw("\x89\x88tR(K\x03").text("<").raw("NNNJ\xFF\xFF\xFF\xFFJ\xFF\xFF\xFF\xFFK").raw(std::string(1, '\0'));
    pickle.raw("tb").global("_codecs", "encode").text(std::string(6, '\0') + "\xC3\xB0?").text("latin1");
    pickle.raw("\x86R\x86Rus");
    pickle.text("optimizer_states").raw("]}(").text("state").raw("}");
    for (int i = 0; i < kMomenta; ++i) {
        pickle.integer(i).raw("}").text("exp_avg");
        pickle.tensor([&](PickleText &p) { p.storage(momentumKey(i), 12, "FloatStorage", "cuda:0"); }, {4, 3}, {3, 1});
        pickle.raw("ss");
    }
    pickle.text("param_groups").raw("]}");
    pickle.text("params").raw("]K").raw(std::string(1, '\0')).raw("asaua");
    pickle.text("lr_schedulers").raw("]").text("hyper_parameters");
    pickle.global("omegaconf.dictconfig", "DictConfig").raw(")\x81}").text("_content").raw("}sb");
    pickle.text("state_dict").orderedDict().raw("q\x04(");
    pickle.text("first.weight").tensor(weight, {4, 3}, {3, 1}).text("first.bias").tensor(bias, {4}, {1});
    pickle.text("tied.weight").tensor(weight, {4, 3}, {3, 1}).text("rows").tensor(weight, {2, 3}, {3, 1}, 3);
    pickle.text("steps").tensor(steps, {}, {}).raw("u}").text("_metadata").orderedDict().raw("sbu");
    return pickle.stop();
}

ZipPlan lightningZip()
{
    std::vector<std::pair<std::string, std::string>> storages{
        {"0", floats(12, 1)}, {"1", kHalves}, {"2", number(uint64_t(-7), 8)}, {"4", floats(1, 0.5F)}};
    for (int i = 0; i < kMomenta; ++i)
        storages.emplace_back(momentumKey(i), floats(12, 100));
    return zipPlan(lightningPickle(), storages);
}

LegacyPlan lightningLegacy()
{
    LegacyPlan plan;
    plan.object = lightningPickle();
    size_t at = 0;
    // The storages of legacy files have a sixth field, None where the storage is no view.
    while ((at = plan.object.find("tQ", at)) != std::string::npos) {
        plan.object.insert(at, "N");
        at += 3;
    }
    plan.storages = {
        {"0", 12, floats(12, 1)}, {"1", 4, kHalves}, {"2", 1, number(uint64_t(-7), 8)}, {"4", 1, floats(1, 0.5F)}};
    for (int i = 0; i < kMomenta; ++i)
        plan.storages.push_back({momentumKey(i), 12, floats(12, 100)});
    return plan;
}

} // namespace tessera::models
