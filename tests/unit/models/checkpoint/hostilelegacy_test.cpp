// Legacy containers with a lie in them, and files that are no checkpoints.
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

using testing::HasSubstr;
using namespace std::string_literals;

std::string with(const std::function<void(LegacyPlan &)> &change)
{
    LegacyPlan plan = smallLegacy();
    change(plan);
    return plan.bytes();
}

std::string withObject(const std::string &object)
{
    return with([&](LegacyPlan &plan) { plan.object = object; });
}

std::string tensor(const std::vector<int64_t> &shape, const std::vector<int64_t> &strides, int64_t offset = 0,
                   const std::string &view = "N", const std::string &type = "FloatStorage")
{
    PickleText pickle;
    pickle.raw("}").text("a").tensor([&](PickleText &p) { p.storage("0", 6, type, "cpu", view); }, shape, strides,
                                     offset);
    return withObject(pickle.raw("s").stop());
}

std::string withSystem(const std::string &pairs)
{
    return with([&](LegacyPlan &plan) { plan.system = PickleText().raw("}" + pairs).stop(); });
}

std::vector<Hostile> hostileFiles()
{
    const std::string sound = smallLegacy().bytes();
    PickleText twoRefs;
    twoRefs.raw("}(").text("a").floatTensor("0", {6}).text("b").floatTensor("0", {5}).raw("u");
    return {
        {"the magic number alone", sound.substr(0, 15), "ends at byte 15"},
        {"another magic number", with([](LegacyPlan &plan) { plan.magic[5] = 'x'; }), "magic number"},
        {"a short magic number", with([](LegacyPlan &plan) { plan.magic = "\x80\x02\x8A\x01\x6C."; }), "magic number"},
        {"a plain pickle", "\x80\x04N.", "magic number"},
        {"a plain pickle of a call",
         "\x80\x02"
         "cos\nsystem\nX\2\0\0\0ls\x85R."s,
         "magic number"},
        {"protocol 1002", with([](LegacyPlan &plan) { plan.protocol = "\x80\x02M\xEA\x03."; }), "not 1001"},
        {"a protocol that is text", with([](LegacyPlan &plan) { plan.protocol = PickleText().text("1001").stop(); }),
         "not 1001"},
        {"big-endian bytes", withSystem("X\r\0\0\0little_endian\x89s"s), "big-endian"},
        {"no system", with([](LegacyPlan &plan) { plan.system = ""; }), "begins with byte 6"},
        {"no object", withObject(""), "begins with byte 6"},
        {"an object without an end", withObject("\x80\x02}"), "no opcode"},
        {"no list", with([](LegacyPlan &plan) { plan.keys = ""; }), "begins with byte 6"},
        {"a list that is a tuple", with([](LegacyPlan &plan) { plan.keys = PickleText().raw(")").stop(); }),
         "list of storages"},
        {"a list of numbers", with([](LegacyPlan &plan) { plan.keys = PickleText().raw("]K\1a").stop(); }),
         "(no text)"},
        {"an empty list", with([](LegacyPlan &plan) { plan.keys = PickleText().raw("]").stop(); }),
         "storage '0' is missing"},
        {"a key that is unknown", with([](LegacyPlan &plan) { plan.storages[0].key = "1"; }), "does not mention"},
        {"an empty key", with([](LegacyPlan &plan) { plan.storages[0].key = ""; }), "does not mention"},
        {"a key twice", with([](LegacyPlan &plan) { plan.storages.push_back(plan.storages[0]); }), "twice"},
        {"a storage with five elements", with([](LegacyPlan &plan) { plan.storages[0].count = 5; }),
         "has 5 elements, but the pickle declares 6"},
        {"a storage with -1 elements", with([](LegacyPlan &plan) { plan.storages[0].count = -1; }),
         "18446744073709551615 elements"},
        {"a storage that is short", with([](LegacyPlan &plan) { plan.storages[0].content.resize(20); }),
         "beyond the end of the file"},
        {"no storage", with([](LegacyPlan &plan) { plan.storages[0].content = ""; }), "beyond the end of the file"},
        {"no count", sound.substr(0, sound.size() - 25), "8 bytes are expected"},
        {"two lengths of one storage", withObject(twoRefs.stop()), "contradicts itself about storage '0'"},
        {"a storage of a class unknown", tensor({6}, {1}, 0, "N", "EvilStorage"), "whose size is not known"},
        {"a quantised storage", tensor({6}, {1}, 0, "N", "QInt32Storage"), "not supported"},
        {"a view that is no tuple", tensor({6}, {1}, 0, "K\1"), "has a view"},
        {"a view of text", tensor({6}, {1}, 0, "(NNNt"), "has a view"},
        {"a view beyond the storage", tensor({1}, {1}, 0, "(NK\7K\1t"), "has a view"},
        {"a view of 2^62", tensor({1}, {1}, 0, "(NK\1\x8A\x08\0\0\0\0\0\0\0\x40t"s), "has a view"},
        {"a tensor beyond its view", tensor({4}, {1}, 0, "(NK\3K\3t"), "reaches beyond its storage of 3"},
        {"a tensor beyond its storage", tensor({7}, {1}), "reaches beyond its storage of 6"},
        {"a negative offset", tensor({1}, {1}, -4), "no offset"},
        {"elements from nothing", tensor({1000, 1000, 1000}, {0, 0, 0}), "far more"},
        {"a storage id of three", withObject("\x80\x02}X\1\0\0\0a(X\7\0\0\0storageNNtQs."s), "no storage"},
        {"a storage id of seven", withObject("\x80\x02}X\1\0\0\0a(X\7\0\0\0storageNNNNNNtQs."s), "no storage"},
        {"a key that is a number",
         withObject("\x80\x02}X\1\0\0\0a(X\7\0\0\0storagectorch\nFloatStorage\nK\1NK\6NtQs."s), "without a key"},
        {"a count that is text",
         withObject("\x80\x02}X\1\0\0\0a(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000NNNtQs."s),
         "without a key or a count"},
        {"a module", withObject("\x80\x02(X\6\0\0\0modulecx\ny\nX\4\0\0\0x.pyX\1\0\0\0#tQ."s), "whole module"},
        {"an empty dictionary", withObject("\x80\x02}."), "does not mention"},
        {"a text of 4 GiB", withObject("\x80\x02X\xFF\xFF\xFF\xFF"), "4294967295 bytes are expected"},
        {"INST", withObject("\x80\x02(ios\nsystem\n."), "opcode INST"},
    };
}

std::vector<Hostile> otherFiles()
{
    std::string tar(512, '\0');
    tar.replace(0, 7, "storage");
    tar.replace(257, 5, "ustar");
    return {
        {"nothing", "", "it is empty"},
        {"zeros", std::string(4096, '\0'), "zeros alone"},
        {"a web page", "<!DOCTYPE html>\n<html><body>Sign in</body></html>", "it is a web page"},
        {"a page without a type", "  \r\n<html lang=en>", "it is a web page"},
        {"a page with a mark", "\xEF\xBB\xBF<HTML>", "it is a web page"},
        {"an answer in XML", "<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code></Error>", "it is a web page"},
        {"an answer in JSON", "{\"error\": \"not found\"}", "JSON text"},
        {"a pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n", "Git LFS"},
        {"safetensors", number(2, 8) + "{}", "safetensors"},
        {"a tar file", tar, "tar file"},
        {"gzip", "\x1F\x8B\x08", "gzip"},
        {"text", "hello", "begins with 'hello'"},
        {"a picture", "\x89PNG\r\n\x1A\n", "begins with '\\x89PNG\\x0D\\x0A\\x1A\\x0A'"},
        {"one byte", "\x80", "ends at byte 1"},
    };
}

} // namespace

TEST(HostileLegacy, FilesAreRefused)
{
    for (const Hostile &hostile : hostileFiles())
        EXPECT_THAT(refusal(hostile.bytes), HasSubstr(hostile.words)) << hostile.what;
}

TEST(HostileLegacy, OtherFilesAreNamed)
{
    for (const Hostile &other : otherFiles())
        EXPECT_THAT(refusal(other.bytes), HasSubstr(other.words)) << other.what;
}

TEST(SoundLegacy, IsAccepted)
{
    const CheckpointIndex index = indexOf(smallLegacy().bytes());
    EXPECT_EQ(index.container, "legacy");
    EXPECT_EQ(index.tensors.at("a").strides, (std::vector<int64_t>{3, 1}));
    EXPECT_EQ(index.storages.at("0").bytes, 24U);
    EXPECT_EQ(refusal(tensor({2}, {2}, 1, "(NK\2K\4t")), "accepted");
}

} // namespace tessera::models
