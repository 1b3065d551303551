// Sound files with a few random mutations each: always an error or an index whose every element lies in the file.
// TESSERA_FUZZ_RUNS sets how many; the seed is fixed.
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/fuzz/mutator.h"
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

std::string withoutChecksums(ZipPlan plan)
{
    for (ZipEntryPlan &entry : plan.entries)
        entry.crc = 0;
    return plan.bytes();
}

// Containers stay sound, so that the pickle is reached.
std::string withMutatedPickle(ZipPlan plan, fuzz::Mutator &mutator)
{
    std::string &pickle = plan.entries.front().content;
    pickle = mutator.next({pickle});
    return plan.bytes();
}

std::string withMutatedPickle(LegacyPlan plan, fuzz::Mutator &mutator)
{
    plan.object = mutator.next({plan.object});
    return plan.bytes();
}

uint64_t endOf(const CheckpointTensor &tensor)
{
    int64_t last = tensor.offset;
    for (size_t i = 0; i < tensor.shape.size(); ++i) {
        if (tensor.shape[i] == 0)
            return 0;
        last += (tensor.shape[i] - 1) * tensor.strides[i];
    }
    return uint64_t(last + 1) * typeOfName(tensor.dtype)->bytes;
}

void expectInside(const CheckpointIndex &index, uint64_t fileBytes)
{
    for (const auto &[key, storage] : index.storages)
        EXPECT_LE(storage.begin + storage.bytes, fileBytes);
    for (const auto &[name, tensor] : index.tensors) {
        if (!tensor.storage.empty()) {
            EXPECT_LE(endOf(tensor), index.storages.at(tensor.storage).bytes) << name;
        }
    }
}

void tryFile(const std::string &bytes, size_t &accepted)
{
    try {
        expectInside(indexOf(bytes), bytes.size());
        ++accepted;
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileFormat) << error.what();
    }
}

} // namespace

TEST(MutatedCheckpoint, IsRefusedOrInsideItsFile)
{
    const char *wanted = std::getenv("TESSERA_FUZZ_RUNS");
    const size_t runs = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 20'000;
    const std::vector<std::string> files{withoutChecksums(lightningZip()), withoutChecksums(smallZip()),
                                         lightningLegacy().bytes(), smallLegacy().bytes()};
    fuzz::Mutator mutator(20'210'401);
    size_t accepted = 0;
    for (size_t i = 0; i < runs && !HasFailure(); i += 4) {
        tryFile(mutator.next(files), accepted);
        tryFile(mutator.next(files), accepted);
        const bool small = i % 8 == 0;
        tryFile(withMutatedPickle(small ? smallZip() : lightningZip(), mutator), accepted);
        tryFile(withMutatedPickle(small ? smallLegacy() : lightningLegacy(), mutator), accepted);
    }
    // The mutations are mild enough to pass the first gates.
    EXPECT_GT(accepted, runs / 100);
}

} // namespace tessera::models
