// Sound files with a few random mutations each: always an error or an index whose every element lies in the file.
// TESSERA_FUZZ_RUNS sets how many; the seed is fixed.
#include <array>
#include <cstdlib>
#include <random>

#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

// Opcodes that the machine knows, so that mutations reach deep.
constexpr std::string_view kOpcodes("(.012BCGJKMNQRTUX]abcdehjlqrstu})\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
                                    "\x90\x91\x92\x93\x94\x95\x96");

class Mutator
{
public:
    explicit Mutator(uint64_t seed) : m_random(seed) {}

    size_t below(size_t limit) { return size_t(m_random() % limit); }

    void mutate(std::string &bytes)
    {
        const size_t count = 1 + below(6);
        for (size_t i = 0; i < count; ++i)
            mutateOnce(bytes, below(bytes.size()));
    }

private:
    void mutateOnce(std::string &bytes, size_t at)
    {
        switch (below(7)) {
        case 0:
            bytes[at] = char(bytes[at] ^ (1 << below(8)));
            break;
        case 1:
            bytes[at] = char(below(256));
            break;
        case 2:
            bytes.erase(at, 1 + below(8));
            bytes += '.'; // never empty
            break;
        case 3:
            bytes.insert(at, bytes.substr(below(bytes.size()), below(40)));
            break;
        case 4:
            bytes.insert(at, 1, char(below(256)));
            break;
        case 5:
            bytes.replace(at, 1 + below(8), std::string(1 + below(8), below(2) == 0 ? '\0' : '\xFF'));
            break;
        default:
            bytes.insert(at, 1, kOpcodes[below(kOpcodes.size())]);
        }
    }

    std::mt19937_64 m_random;
};

std::string withoutChecksums(ZipPlan plan)
{
    for (ZipEntryPlan &entry : plan.entries)
        entry.crc = 0;
    return plan.bytes();
}

std::string mutatedFile(Mutator &mutator)
{
    static const std::array<std::string, 4> files{withoutChecksums(lightningZip()), withoutChecksums(smallZip()),
                                                  lightningLegacy().bytes(), smallLegacy().bytes()};
    std::string file = files[mutator.below(files.size())];
    mutator.mutate(file);
    return file;
}

// Containers stay sound, so that the pickle is reached.
std::string fileAroundMutatedPickle(Mutator &mutator)
{
    const bool isZip = mutator.below(2) == 0;
    const bool isSmall = mutator.below(2) == 0;
    std::string pickle = isSmall ? smallPickle() : isZip ? lightningPickle() : lightningLegacy().object;
    mutator.mutate(pickle);
    if (isZip) {
        ZipPlan plan = isSmall ? smallZip() : lightningZip();
        plan.entries.front().content = pickle;
        return plan.bytes();
    }
    LegacyPlan plan = isSmall ? smallLegacy() : lightningLegacy();
    plan.object = pickle;
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
    Mutator mutator(20'210'401);
    size_t accepted = 0;
    for (size_t i = 0; i < runs && !HasFailure(); i += 2) {
        tryFile(mutatedFile(mutator), accepted);
        tryFile(fileAroundMutatedPickle(mutator), accepted);
    }
    // The mutations are mild enough to pass the first gates.
    EXPECT_GT(accepted, runs / 100);
}

} // namespace tessera::models
