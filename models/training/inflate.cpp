#include "models/training/inflate.h"

#include <algorithm>
#include <array>

#include "models/error.h"

namespace tessera::models
{

namespace
{

constexpr int kLongestCode = 15;

// A canonical Huffman code: how many codes each length has, and the symbols in the order of their codes.
struct Huffman {
    std::array<int, kLongestCode + 1> counts{};
    std::vector<int> symbols;

    explicit Huffman(std::span<const uint8_t> lengths)
    {
        for (const uint8_t length : lengths)
            ++counts[length];
        counts[0] = 0;
        for (int length = 1; length <= kLongestCode; ++length)
            for (size_t symbol = 0; symbol < lengths.size(); ++symbol)
                if (lengths[symbol] == length)
                    symbols.push_back(int(symbol));
    }
};

// RFC 1951, 3.2.5: the first length or distance of each symbol, and how many bits follow.
struct Range {
    int first, bits;
};
constexpr std::array<Range, 29> kLengths{{{3, 0},   {4, 0},   {5, 0},   {6, 0},   {7, 0},  {8, 0},  {9, 0},  {10, 0},
                                          {11, 1},  {13, 1},  {15, 1},  {17, 1},  {19, 2}, {23, 2}, {27, 2}, {31, 2},
                                          {35, 3},  {43, 3},  {51, 3},  {59, 3},  {67, 4}, {83, 4}, {99, 4}, {115, 4},
                                          {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0}}};

Range distanceRange(int symbol)
{
    if (symbol < 2)
        return {symbol + 1, 0};
    const int bits = symbol / 2 - 1;
    return {((2 + symbol % 2) << bits) + 1, bits};
}

class Inflater
{
public:
    Inflater(std::span<const uint8_t> in, size_t most, const std::string &origin)
        : m_in(in)
        , m_most(most)
        , m_origin(origin)
    {}

    std::vector<uint8_t> run()
    {
        const int method = bits(8), flags = bits(8);
        if (method % 16 != 8 || (method * 256 + flags) % 31 != 0 || (flags & 32) != 0)
            fail("has no zlib stream where one was expected");
        for (bool last = false; !last;) {
            last = bits(1) == 1;
            block(bits(2));
        }
        checkSum();
        return std::move(m_out);
    }

private:
    [[noreturn]] void fail(const std::string &what) const
    {
        throw Error(ErrorCode::FileFormat, m_origin + " " + what + ".");
    }

    int bits(int count)
    {
        while (m_held < count) {
            if (m_next == m_in.size())
                fail("ends within its compressed data");
            m_bits |= uint32_t(m_in[m_next++]) << m_held;
            m_held += 8;
        }
        const uint32_t result = m_bits & ((1U << count) - 1);
        m_bits >>= count;
        m_held -= count;
        return int(result);
    }

    void put(uint8_t byte)
    {
        if (m_out.size() == m_most)
            fail("holds more compressed data than its size allows");
        m_out.push_back(byte);
    }

    int symbol(const Huffman &code)
    {
        int value = 0, first = 0, index = 0;
        for (int length = 1; length <= kLongestCode; ++length) {
            value |= bits(1);
            const int count = code.counts[size_t(length)];
            if (value < first)
                fail("has damaged compressed data: more codes than there is room for");
            if (value - first < count)
                return code.symbols[size_t(index + value - first)];
            index += count;
            first = (first + count) << 1;
            value <<= 1;
        }
        fail("has damaged compressed data: a code that nothing stands for");
    }

    void block(int kind)
    {
        if (kind == 0)
            stored();
        else if (kind == 1)
            compressed(fixedLengths(), Huffman(std::vector<uint8_t>(30, 5)));
        else if (kind == 2)
            dynamic();
        else
            fail("has damaged compressed data: a block of an unknown kind");
    }

    void stored()
    {
        bits(m_held % 8);
        const int low = bits(8), length = low + 256 * bits(8), lowCheck = bits(8), check = lowCheck + 256 * bits(8);
        if (length != 65535 - check)
            fail("has damaged compressed data: lengths that disagree");
        for (int i = 0; i < length; ++i)
            put(uint8_t(bits(8)));
    }

    static Huffman fixedLengths()
    {
        std::vector<uint8_t> lengths(288, 8);
        std::fill(lengths.begin() + 144, lengths.begin() + 256, uint8_t(9));
        std::fill(lengths.begin() + 256, lengths.begin() + 280, uint8_t(7));
        return Huffman(lengths);
    }

    void dynamic()
    {
        static constexpr std::array<size_t, 19> kOrder{16, 17, 18, 0, 8,  7, 9,  6, 10, 5,
                                                       11, 4,  12, 3, 13, 2, 14, 1, 15};
        const int literals = bits(5) + 257, distances = bits(5) + 1, count = bits(4) + 4;
        std::array<uint8_t, 19> ofLengths{};
        for (int i = 0; i < count; ++i)
            ofLengths[kOrder[size_t(i)]] = uint8_t(bits(3));
        const std::vector<uint8_t> lengths = codeLengths(Huffman(ofLengths), size_t(literals + distances));
        const std::span<const uint8_t> all(lengths);
        compressed(Huffman(all.first(size_t(literals))), Huffman(all.subspan(size_t(literals))));
    }

    std::vector<uint8_t> codeLengths(const Huffman &code, size_t count)
    {
        std::vector<uint8_t> lengths;
        while (lengths.size() < count) {
            const int found = symbol(code);
            if (found < 16) {
                lengths.push_back(uint8_t(found));
                continue;
            }
            if (found == 16 && lengths.empty())
                fail("has damaged compressed data: a repetition of nothing");
            const uint8_t repeated = found == 16 ? lengths.back() : uint8_t(0);
            const int times = found == 16 ? 3 + bits(2) : found == 17 ? 3 + bits(3) : 11 + bits(7);
            lengths.insert(lengths.end(), size_t(times), repeated);
        }
        if (lengths.size() > count)
            fail("has damaged compressed data: more code lengths than codes");
        return lengths;
    }

    void compressed(const Huffman &literals, const Huffman &distances)
    {
        constexpr int kEnd = 256;
        for (int found = symbol(literals); found != kEnd; found = symbol(literals)) {
            if (found < kEnd)
                put(uint8_t(found));
            else
                copy(found - kEnd - 1, distances);
        }
    }

    void copy(int lengthSymbol, const Huffman &distances)
    {
        if (lengthSymbol >= int(kLengths.size()))
            fail("has damaged compressed data: a length that does not exist");
        const Range range = kLengths[size_t(lengthSymbol)];
        const int length = range.first + bits(range.bits), far = symbol(distances);
        if (far >= 30)
            fail("has damaged compressed data: a distance that does not exist");
        const Range reach = distanceRange(far);
        const size_t distance = size_t(reach.first + bits(reach.bits));
        if (distance > m_out.size())
            fail("has damaged compressed data: it repeats what lies before its beginning");
        for (int i = 0; i < length; ++i)
            put(m_out[m_out.size() - distance]);
    }

    void checkSum()
    {
        bits(m_held % 8);
        uint32_t expected = 0, a = 1, b = 0;
        for (int i = 0; i < 4; ++i)
            expected = expected << 8 | uint32_t(bits(8));
        for (const uint8_t byte : m_out) { // Adler-32
            a = (a + byte) % 65521;
            b = (b + a) % 65521;
        }
        if ((b << 16 | a) != expected)
            fail("has damaged compressed data: its checksum differs");
    }

    std::span<const uint8_t> m_in;
    size_t m_most;
    const std::string &m_origin;
    std::vector<uint8_t> m_out;
    size_t m_next = 0;
    uint32_t m_bits = 0;
    int m_held = 0;
};

} // namespace

std::vector<uint8_t> inflated(std::span<const uint8_t> stream, size_t most, const std::string &origin)
{
    return Inflater(stream, most, origin).run();
}

} // namespace tessera::models
