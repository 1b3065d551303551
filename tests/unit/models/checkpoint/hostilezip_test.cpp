// Zip containers with a lie in their structure.
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

using testing::HasSubstr;

std::string with(const std::function<void(ZipPlan &)> &change)
{
    ZipPlan plan = smallZip();
    change(plan);
    return plan.bytes();
}

std::string withEntry(const std::string &name, const std::function<void(ZipEntryPlan &)> &change)
{
    return with([&](ZipPlan &plan) { change(plan.entry("archive/" + name)); });
}

std::string withName(const std::string &name)
{
    return with([&](ZipPlan &plan) { plan.entries.push_back({name, "x"}); });
}

std::vector<Hostile> hostileDirectories()
{
    const std::string sound = smallZip().bytes();
    std::string shifted = sound;
    shifted.insert(0, sound.substr(0, 64));
    return {
        {"nothing but an end record", ZipPlan{{}, false}.bytes(), "data.pkl"},
        {"four bytes", "PK\x03\x04", "too few"},
        {"the first half", sound.substr(0, sound.size() / 2), "table of contents"},
        {"bytes after the end", sound + "x", "table of contents"},
        {"a comment that is too short", sound.substr(0, sound.size() - 2) + "\x05" + std::string(1, '\0') + "abc",
         "table of contents"},
        {"bytes before the beginning", shifted, "zip64 end record"},
        {"the same without zip64", sound.substr(0, 64) + with([](ZipPlan &plan) { plan.zip64 = false; }),
         "table of contents"},
        {"a file in parts", with([](ZipPlan &plan) { plan.disk = 3; }), "several parts"},
        {"more entries than there are", with([](ZipPlan &plan) { plan.count = 5; }), "no entry"},
        {"fewer entries than there are", with([](ZipPlan &plan) { plan.count = 3; }), "after the last entry"},
        {"100001 entries", with([](ZipPlan &plan) { plan.count = 100001; }), "at most 100000"},
        {"2^62 entries", with([](ZipPlan &plan) { plan.count = uint64_t(1) << 62; }), "at most 100000"},
        {"99999 entries in 300 bytes", with([](ZipPlan &plan) { plan.count = 99999; }), "too few for 99999"},
        {"a directory elsewhere", with([](ZipPlan &plan) { plan.directoryOffset = 7; }), "table of contents"},
        {"a directory beyond the end", with([](ZipPlan &plan) { plan.directoryOffset = 0xFFFFFF00; }),
         "table of contents"},
        {"a longer directory", with([](ZipPlan &plan) { plan.directoryBytes = 4000; }), "table of contents"},
        {"a directory of 2^63 bytes", with([](ZipPlan &plan) { plan.directoryBytes = uint64_t(1) << 63; }),
         "contradict"},
        {"a zip64 record elsewhere", with([](ZipPlan &plan) { plan.end64Offset = 12; }), "zip64 end record"},
        {"a zip64 record at 2^64 - 1", with([](ZipPlan &plan) { plan.end64Offset = ~uint64_t(0); }),
         "zip64 end record"},
    };
}

std::vector<Hostile> hostileNames()
{
    using namespace std::string_literals;
    return {
        {"an absolute name", withName("/etc/passwd"), "plain relative path"},
        {"a way up", withName("archive/../../x"), "plain relative path"},
        {"a way up alone", withName(".."), "plain relative path"},
        {"a backslash", withName("archive\\x"), "plain relative path"},
        {"a zero in a name", withName("archive/x\0y"s), "plain relative path"},
        {"an empty name", withName(""), "plain relative path"},
        {"a long name", withName(std::string(1025, 'x')), "longer than 1024"},
        {"a pickle twice", withName("archive/data.pkl"), "twice"},
        {"a storage twice", withName("archive/data/0"), "twice"},
        {"two pickles", withName("other/data.pkl"), "holds both"},
        {"no pickle", withEntry("data.pkl", [](auto &entry) { entry.name = "archive/data.pickle"; }), "data.pkl"},
        {"a pickle two folders down", withEntry("data.pkl", [](auto &entry) { entry.name = "a/b/data.pkl"; }),
         "data.pkl"},
        {"a program", withName("archive/code/__torch__.py"), "TorchScript"},
        {"constants of a program", withName("archive/constants.pkl"), "TorchScript"},
    };
}

std::vector<Hostile> hostileEntries()
{
    const std::string zip64Sizes = number(1, 2) + number(16, 2) + number(1, 8) + number(1, 8);
    return {
        {"a compressed pickle", withEntry("data.pkl", [](auto &entry) { entry.method = 8; }), "compressed"},
        {"a compressed storage", withEntry("data/0", [](auto &entry) { entry.method = 8; }), "compressed"},
        {"a storage that unfolds", withEntry("data/0", [](auto &entry) { entry.size = 0xFFFFFF00; }), "compressed"},
        {"an encrypted pickle", withEntry("data.pkl", [](auto &entry) { entry.flags = 0x0809; }), "encrypted"},
        {"an encrypted storage", withEntry("data/0", [](auto &entry) { entry.flags = 0x0849; }), "encrypted"},
        {"another method in the header", withEntry("data.pkl", [](auto &entry) { entry.localMethod = 8; }),
         "contradicts"},
        {"another name in the header", withEntry("data.pkl", [](auto &entry) { entry.localName = "archive/data.pkL"; }),
         "contradicts"},
        {"a shorter name in the header", withEntry("data.pkl", [](auto &entry) { entry.localName = "x"; }),
         "contradicts"},
        {"another size in the header", withEntry("data/0", [](auto &entry) { entry.localSize = 5; }), "contradicts"},
        {"a place beyond the end", withEntry("data/0", [](auto &entry) { entry.offset = 0x7FFFFFFF; }),
         "reaches beyond"},
        {"a place inside another entry", withEntry("data/0", [](auto &entry) { entry.offset = 40; }), "reaches beyond"},
        {"the place of another entry", withEntry("data/0", [](auto &entry) { entry.offset = 0; }), "reaches beyond"},
        {"a size beyond the next entry",
         withEntry("data/0",
                   [](auto &entry) {
                       entry.size = 400;
                       entry.compressedSize = 400;
                   }),
         "reaches beyond"},
        {"4 GiB in a small file",
         withEntry("data/0",
                   [](auto &entry) {
                       entry.size = 0xFFFFFFFE;
                       entry.compressedSize = 0xFFFFFFFE;
                   }),
         "reaches beyond"},
        {"a wide size that is missing", withEntry("data/0", [](auto &entry) { entry.size = 0xFFFFFFFF; }), "zip64"},
        {"wide sizes cut off",
         withEntry("data/0",
                   [&](auto &entry) {
                       entry.size = 0xFFFFFFFF;
                       entry.compressedSize = 0xFFFFFFFF;
                       entry.offset = 0xFFFFFFFF;
                       entry.extra = zip64Sizes;
                   }),
         "zip64"},
        {"a wide field longer than its record",
         withEntry("data/0",
                   [](auto &entry) {
                       entry.size = 0xFFFFFFFF;
                       entry.extra = number(1, 2) + number(99, 2);
                   }),
         "zip64"},
        {"2^64 - 1 bytes",
         withEntry("data/0",
                   [](auto &entry) {
                       entry.size = 0xFFFFFFFF;
                       entry.compressedSize = 0xFFFFFFFF;
                       entry.extra = number(1, 2) + number(16, 2) + std::string(16, '\xFF');
                   }),
         "reaches beyond"},
        {"a wrong checksum", withEntry("data.pkl", [](auto &entry) { entry.crc = 1; }), "checksum"},
        {"big-endian bytes", withEntry("byteorder", [](auto &entry) { entry.content = "big"; }), "endian"},
        {"a storage that is missing", withEntry("data/0", [](auto &entry) { entry.name = "archive/data/1"; }),
         "storage '0' is missing"},
        {"a storage that is short", withEntry("data/0", [](auto &entry) { entry.content = floats(5, 0); }),
         "has 6 elements of 4 bytes, but its entry has 20"},
        {"an empty storage", withEntry("data/0", [](auto &entry) { entry.content = ""; }), "but its entry has 0"},
        {"an empty pickle", withEntry("data.pkl", [](auto &entry) { entry.content = ""; }), "ends at byte"},
        {"bytes after the pickle", withEntry("data.pkl", [](auto &entry) { entry.content += "x"; }), "stops at byte"},
    };
}

void expectRefused(const std::vector<Hostile> &cases)
{
    for (const Hostile &hostile : cases)
        EXPECT_THAT(refusal(hostile.bytes), HasSubstr(hostile.words)) << hostile.what;
}

} // namespace

TEST(HostileZip, DirectoriesAreRefused)
{
    expectRefused(hostileDirectories());
}

TEST(HostileZip, NamesAreRefused)
{
    expectRefused(hostileNames());
}

TEST(HostileZip, EntriesAreRefused)
{
    expectRefused(hostileEntries());
}

TEST(SoundZip, VariantsAreAccepted)
{
    EXPECT_EQ(refusal(smallZip().bytes()), "accepted");
    EXPECT_EQ(refusal(with([](ZipPlan &plan) { plan.zip64 = false; })), "accepted");
    EXPECT_EQ(refusal(with([](ZipPlan &plan) { plan.comment = "made by hand"; })), "accepted");
    EXPECT_EQ(refusal(withName("archive/.data/serialization_id")), "accepted");
    // The writer may leave checksums out.
    EXPECT_EQ(refusal(withEntry("data.pkl", [](auto &entry) { entry.crc = 0; })), "accepted");
    // Entries that nobody reads may be packed as they like.
    EXPECT_EQ(refusal(withEntry("version", [](auto &entry) { entry.method = 8; })), "accepted");
    // Sizes that would fit are written wide.
    EXPECT_EQ(refusal(withEntry("data/0",
                                [](auto &entry) {
                                    entry.size = 0xFFFFFFFF;
                                    entry.compressedSize = 0xFFFFFFFF;
                                    entry.extra = number(7, 2) + number(1, 2) + "x" + number(1, 2) + number(16, 2)
                                                  + number(24, 8) + number(24, 8);
                                })),
              "accepted");
}

TEST(SoundZip, KeepsTheFolderWhateverItsName)
{
    ZipPlan plan = smallZip();
    for (ZipEntryPlan &entry : plan.entries)
        entry.name = "last" + entry.name.substr(entry.name.find('/'));
    const CheckpointIndex index = indexOf(plan.bytes());
    EXPECT_EQ(index.container, "zip");
    EXPECT_EQ(index.tensors.at("a").shape, (std::vector<int64_t>{2, 3}));
}

} // namespace tessera::models
