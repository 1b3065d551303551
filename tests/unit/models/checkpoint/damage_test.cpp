// Sound files cut off at every byte, and with every single bit turned.
#include <cstring>

#include <ATen/ATen.h>

#include "models/checkpoint/checkpoint.h"
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

bool sameBits(const at::Tensor &a, const at::Tensor &b)
{
    if (a.scalar_type() != b.scalar_type() || a.sizes() != b.sizes())
        return false;
    const at::Tensor left = a.contiguous();
    const at::Tensor right = b.contiguous();
    return left.nbytes() == 0 || std::memcmp(left.data_ptr(), right.data_ptr(), left.nbytes()) == 0;
}

bool sameTensors(const StateDict &a, const StateDict &b)
{
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](const auto &left, const auto &right) {
               return left.first == right.first && sameBits(left.second, right.second);
           });
}

// Nothing where the file is refused.
std::optional<StateDict> tryRead(const std::string &bytes)
{
    try {
        return readCheckpoint(indexOf(bytes));
    } catch (const Error &error) {
        EXPECT_EQ(error.code(), ErrorCode::FileFormat) << error.what();
        return std::nullopt;
    }
}

// Calls `check` with the place of every bit and what the file with that bit turned holds.
template<typename Check>
void turnEveryBit(const std::string &sound, const Check &check)
{
    for (size_t bit = 0; bit < 8 * sound.size(); ++bit) {
        std::string turned = sound;
        turned[bit / 8] = char(turned[bit / 8] ^ (1 << bit % 8));
        check(bit, tryRead(turned));
    }
}

uint64_t bytesOf(const StateDict &tensors)
{
    uint64_t bytes = 0;
    for (const auto &[name, tensor] : tensors)
        bytes += tensor.contiguous().nbytes(); // touches every element
    return bytes;
}

void expectEveryCutRefused(const std::string &sound)
{
    for (size_t size = 0; size < sound.size(); ++size)
        EXPECT_NE(refusal(sound.substr(0, size)), "accepted") << size;
}

} // namespace

TEST(DamagedZip, EveryCutIsRefused)
{
    expectEveryCutRefused(lightningZip().bytes());
}

TEST(DamagedLegacy, EveryCutIsRefused)
{
    expectEveryCutRefused(lightningLegacy().bytes());
}

// Checksums cover pickle and storages, so a file that is taken must say what it always said.
TEST(DamagedZip, ATurnedBitIsRefusedOrWithoutEffect)
{
    const std::string sound = lightningZip().bytes();
    const StateDict expected = readCheckpoint(indexOf(sound));
    size_t taken = 0;
    turnEveryBit(sound, [&](size_t bit, const std::optional<StateDict> &found) {
        taken += found ? 1 : 0;
        EXPECT_TRUE(!found || sameTensors(*found, expected)) << "bit " << bit % 8 << " of byte " << bit / 8;
    });
    EXPECT_LT(taken, 8 * sound.size());
}

// The same without checksums and without the shelter they give to the machine: everything may change, nothing may
// break or grow.
TEST(DamagedZip, ATurnedBitWithoutChecksumsIsHarmless)
{
    ZipPlan plan = lightningZip();
    for (ZipEntryPlan &entry : plan.entries)
        entry.crc = 0;
    const std::string sound = plan.bytes();
    turnEveryBit(sound, [&](size_t bit, const std::optional<StateDict> &found) {
        EXPECT_LE(found ? bytesOf(*found) : 0, 3 * sound.size()) << "bit " << bit % 8 << " of byte " << bit / 8;
    });
}

TEST(DamagedLegacy, ATurnedBitIsHarmless)
{
    const std::string sound = lightningLegacy().bytes();
    turnEveryBit(sound, [&](size_t bit, const std::optional<StateDict> &found) {
        EXPECT_LE(found ? bytesOf(*found) : 0, 3 * sound.size()) << "bit " << bit % 8 << " of byte " << bit / 8;
    });
}

} // namespace tessera::models
