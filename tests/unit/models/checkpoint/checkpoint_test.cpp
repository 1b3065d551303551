// Tensors out of checkpoints made by hand.
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <ATen/ATen.h>

#include "models/checkpoint/checkpoint.h"
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"
#include "tests/unit/models/temporaryfolder.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;
using testing::HasSubstr;

StateDict readAll(const std::string &bytes, const std::string &prefix = "")
{
    return readCheckpoint(indexOf(bytes), prefix);
}

void expectLightning(const StateDict &tensors)
{
    ASSERT_EQ(tensors.size(), 5U);
    const at::Tensor weight = at::arange(1, 13, at::kFloat).reshape({4, 3});
    EXPECT_TRUE(at::equal(tensors.at("first.weight"), weight));
    EXPECT_TRUE(at::equal(tensors.at("first.bias"), at::arange(1, 5, at::kHalf)));
    EXPECT_TRUE(at::equal(tensors.at("tied.weight"), weight));
    EXPECT_EQ(tensors.at("tied.weight").data_ptr(), tensors.at("first.weight").data_ptr());
    EXPECT_TRUE(at::equal(tensors.at("rows"), weight.slice(0, 1, 3)));
    EXPECT_EQ(tensors.at("steps").item<int64_t>(), -7);
}

std::string withType(const std::string &type, const std::string &content, int64_t count)
{
    PickleText pickle;
    pickle.raw("}").text("a").tensor([&](PickleText &p) { p.storage("0", count, type); }, {count}, {1}).raw("s");
    return zipPlan(pickle.stop(), {{"0", content}}).bytes();
}

using CheckpointFile = TemporaryFolderTest;

// One zip entry at `at`, wide in the directory; `content` is written, the rest of `size` is a hole.
std::string writeWide(std::ofstream &file, uint64_t at, const std::string &name, const std::string &content,
                      uint64_t size)
{
    file.seekp(std::streamoff(at));
    file << number(0x04034B50, 4) + number(45, 2) + number(0x0808, 2) + std::string(18, char(0))
         << number(name.size(), 2) << number(0, 2) << name << content;
    return number(0x02014B50, 4) + number(0, 2) + number(45, 2) + number(0x0808, 2) + number(0, 2) + number(0, 8)
           + std::string(8, '\xFF') + number(name.size(), 2) + number(28, 2) + std::string(10, '\0')
           + std::string(4, '\xFF') + name + number(1, 2) + number(24, 2) + number(size, 8) + number(size, 8)
           + number(at, 8);
}

} // namespace

TEST(Checkpoint, LightningInBothContainers)
{
    expectLightning(readAll(lightningZip().bytes()));
    expectLightning(readAll(lightningLegacy().bytes()));
}

TEST(Checkpoint, PrefixChoosesTensors)
{
    const StateDict tensors = readAll(lightningZip().bytes(), "first.");
    ASSERT_EQ(tensors.size(), 2U);
    EXPECT_TRUE(tensors.contains("first.bias"));
    EXPECT_TRUE(readAll(lightningZip().bytes(), "transformer.").empty());
}

TEST(Checkpoint, OnlyTheNeededPartOfAStorageIsRead)
{
    const StateDict tensors = readAll(lightningZip().bytes(), "rows");
    EXPECT_EQ(tensors.at("rows").storage().nbytes(), 24U);
    EXPECT_TRUE(at::equal(tensors.at("rows"), at::arange(4, 10, at::kFloat).reshape({2, 3})));
}

TEST(Checkpoint, BoolsAreZeroOrOne)
{
    const at::Tensor flags = readAll(withType("BoolStorage", std::string("\0\1\2\xFF", 4), 4)).at("a");
    EXPECT_EQ(flags.scalar_type(), at::kBool);
    const auto *bytes = static_cast<const uint8_t *>(flags.data_ptr());
    EXPECT_EQ(std::vector<uint8_t>(bytes, bytes + 4), (std::vector<uint8_t>{0, 1, 1, 1}));
}

TEST(Checkpoint, EveryTypeOfStorage)
{
    const std::vector<std::pair<const char *, at::ScalarType>> types{{"Double", at::kDouble},
                                                                     {"Float", at::kFloat},
                                                                     {"Half", at::kHalf},
                                                                     {"BFloat16", at::kBFloat16},
                                                                     {"Long", at::kLong},
                                                                     {"Int", at::kInt},
                                                                     {"Short", at::kShort},
                                                                     {"Char", at::kChar},
                                                                     {"Byte", at::kByte},
                                                                     {"Bool", at::kBool},
                                                                     {"ComplexFloat", at::kComplexFloat},
                                                                     {"ComplexDouble", at::kComplexDouble}};
    for (const auto &[name, type] : types) {
        const std::string content(3 * c10::elementSize(type), '\1');
        const at::Tensor tensor = readAll(withType(name + std::string("Storage"), content, 3)).at("a");
        EXPECT_EQ(tensor.scalar_type(), type);
        EXPECT_EQ(std::string(static_cast<const char *>(tensor.data_ptr()), tensor.nbytes()), content) << name;
    }
}

TEST(Checkpoint, AWrongChecksumOfAStorageIsAnError)
{
    ZipPlan plan = smallZip();
    plan.entry("archive/data/0").crc = 5;
    const CheckpointIndex index = indexOf(plan.bytes());
    try {
        readCheckpoint(index);
        FAIL() << "accepted";
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileFormat);
        EXPECT_THAT(error.what(), HasSubstr("the checksum of storage '0'"));
    }
}

TEST_F(CheckpointFile, MissingFilesAndFoldersCannotBeRead)
{
    for (const fs::path &path : {folder / "none.ckpt", folder}) {
        try {
            readCheckpointIndex(path);
            FAIL() << "accepted";
        } catch (const Error &error) {
            EXPECT_EQ(error.code(), ErrorCode::FileRead);
            EXPECT_THAT(error.what(), HasSubstr(path.string()));
        }
    }
}

TEST_F(CheckpointFile, AFileThatShrinksIsAnError)
{
    const fs::path path = folder / "last.ckpt";
    std::ofstream(path, std::ios::binary) << smallLegacy().bytes();
    const CheckpointIndex index = readCheckpointIndex(path);
    fs::resize_file(path, 100);
    EXPECT_THROW(readCheckpoint(index), Error);
}

// Torch needs zip64 from 4 GiB on. The storage of the optimizer is a hole that nobody reads.
TEST_F(CheckpointFile, FilesBeyondFourGigabytes)
{
    const fs::path path = folder / "large.ckpt";
    const uint64_t hole = 4'600'000'000;
    const std::string pickle = smallPickle();
    std::ofstream file(path, std::ios::binary);
    std::string directory = writeWide(file, 0, "last/data/7", "", hole);
    const uint64_t second = 41 + hole;
    directory += writeWide(file, second, "last/data.pkl", pickle, pickle.size());
    const uint64_t third = second + 43 + pickle.size();
    directory += writeWide(file, third, "last/data/0", floats(6, 0), 24);
    const uint64_t begin = third + 41 + 24;
    file << directory << number(0x06064B50, 4) << number(44, 8) << number(45, 2) << number(45, 2) << number(0, 8)
         << number(3, 8) << number(3, 8) << number(directory.size(), 8) << number(begin, 8) << number(0x07064B50, 4)
         << number(0, 4) << number(begin + directory.size(), 8) << number(1, 4) << number(0x06054B50, 4) << number(0, 4)
         << number(3, 2) << number(3, 2) << number(directory.size(), 4) << std::string(4, '\xFF') << number(0, 2);
    file.close();
    ASSERT_GT(fs::file_size(path), hole);
    const CheckpointIndex index = readCheckpointIndex(path);
    EXPECT_GT(index.storages.at("0").begin, hole);
    EXPECT_TRUE(at::equal(readCheckpoint(index).at("a"), at::arange(6, at::kFloat).reshape({2, 3})));
}

} // namespace tessera::models
