#include "tests/fuzz/mutator.h"

#include <array>

namespace tessera::fuzz
{

namespace
{

using namespace std::string_view_literals;

// Pieces of the formats that chance would hardly find.
constexpr std::array kWords{"PK\1\2"sv,
                            "PK\3\4"sv,
                            "PK\5\6"sv,
                            "PK\6\6"sv,
                            "archive/data/0"sv,
                            "ctorch._utils\n_rebuild_tensor_v2\n"sv,
                            "ctorch\nFloatStorage\n"sv,
                            "ccollections\nOrderedDict\n)R"sv,
                            "X\7\0\0\0storage"sv,
                            "\x8A\x08\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"sv,
                            "}("sv,
                            "tR"sv,
                            "tQ"sv,
                            "\x85"sv,
                            "\x86"sv,
                            "u."sv,
                            "\"F32\""sv,
                            "\"shape\":["sv,
                            "\"data_offsets\":[0,8]"sv,
                            "\"__metadata__\":{"sv,
                            "{}"sv,
                            "18446744073709551615"sv,
                            "-1"sv,
                            "!!python/object "sv,
                            "&a"sv,
                            "*a"sv,
                            "<<: "sv,
                            "- "sv,
                            "\n  "sv,
                            ": "sv,
                            "[1, 2]"sv,
                            "taming.modules.util.Labelator"sv,
                            "__is_first_stage__"sv};
// Opcodes of pickles.
constexpr std::string_view kOpcodes("(.012BCGJKMNQRTUX]abcdehjlqrstu})\x81\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f"
                                    "\x90\x91\x92\x93\x94\x95\x96");
constexpr std::array<uint64_t, 12> kNumbers{
    0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, INT64_MAX - 1U, ~uint64_t(0)};

} // namespace

std::string_view Mutator::word()
{
    return kWords[below(kWords.size())];
}

void Mutator::writeNumber(std::string &bytes, size_t at)
{
    uint64_t number = kNumbers[below(kNumbers.size())] + below(3) - 1;
    for (size_t i = 0; i < (size_t(1) << below(4)) && at + i < bytes.size(); ++i, number >>= 8)
        bytes[at + i] = char(number & 0xFF);
}

void Mutator::changeOnce(std::string &bytes, const std::string &other)
{
    const size_t at = below(bytes.size());
    switch (below(10)) {
    case 0:
        bytes[at] = char(bytes[at] ^ (1 << below(8)));
        break;
    case 1:
        bytes[at] = char(below(256));
        break;
    case 2:
        bytes.erase(at, 1 + below(16));
        break;
    case 3:
        bytes.insert(at, bytes.substr(below(bytes.size()), below(64)));
        break;
    case 4:
        bytes.insert(at, 1 + below(4), char(below(256)));
        break;
    case 5:
        writeNumber(bytes, at);
        break;
    case 6:
        bytes.insert(at, word());
        break;
    case 7:
        bytes.replace(at, word().size(), word());
        break;
    case 8:
        bytes.insert(at, 1, kOpcodes[below(kOpcodes.size())]);
        break;
    default: {
        const size_t from = below(other.size());
        bytes.replace(at, below(64), other.substr(from, below(64)));
    }
    }
    if (bytes.empty())
        bytes = '.';
}

std::string Mutator::next(const std::vector<std::string> &seeds)
{
    std::string bytes = seeds[below(seeds.size())];
    const std::string &other = seeds[below(seeds.size())];
    const size_t changes = 1 + below(8);
    for (size_t i = 0; i < changes; ++i)
        changeOnce(bytes, other);
    return bytes;
}

} // namespace tessera::fuzz
