// Everything that Python's torch writes comes out bit for bit as torch would load it.
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <ATen/ATen.h>

#include "models/checkpoint/checkpoint.h"
#include "models/safetensors.h"
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/pythontorch.h"

namespace tessera::models
{

namespace
{

namespace fs = std::filesystem;

std::string inShell(const fs::path &path)
{
    return "'" + path.string() + "'";
}

void expectSame(const fs::path &checkpoint)
{
    const CheckpointIndex index = readCheckpointIndex(checkpoint);
    const StateDict found = readCheckpoint(index);
    fs::path expectedPath = checkpoint;
    const StateDict expected = readSafetensors(readSafetensorsIndex(expectedPath.replace_extension(".safetensors")));
    EXPECT_THAT(checkpoint.filename().string(), testing::HasSubstr(index.container));
    ASSERT_EQ(found.size(), expected.size());
    for (const auto &[name, tensor] : expected) {
        ASSERT_TRUE(found.contains(name)) << name;
        const at::Tensor plain = found.at(name).contiguous();
        ASSERT_EQ(plain.scalar_type(), tensor.scalar_type()) << name;
        ASSERT_EQ(plain.sizes(), tensor.sizes()) << name;
        EXPECT_TRUE(plain.nbytes() == 0 || std::memcmp(plain.data_ptr(), tensor.data_ptr(), plain.nbytes()) == 0)
            << name;
    }
}

} // namespace

TEST(CheckpointCorpus, EveryFileThatTorchWritesLoads)
{
    if (!tests::hasTorch(TESSERA_VENV_PYTHON))
        GTEST_SKIP() << tests::kNoTorch;
    const fs::path folder = TESSERA_CORPUS_FOLDER;
    fs::remove_all(folder);
    const std::string command =
        inShell(TESSERA_VENV_PYTHON) + " -W ignore tests/data/write_checkpoints.py " + inShell(folder);
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
    int count = 0;
    for (const fs::directory_entry &entry : fs::directory_iterator(folder)) {
        if (entry.path().extension() != ".ckpt")
            continue;
        SCOPED_TRACE(entry.path().filename());
        EXPECT_NO_THROW(expectSame(entry.path()));
        ++count;
    }
    EXPECT_GE(count, 50);
}

} // namespace tessera::models
