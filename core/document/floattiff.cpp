#include "core/document/floattiff.h"

#include "core/document/imagefile.h"
#include "core/render/packing.h"
#include "models/error.h"

#include <QtEndian>

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <iterator>
#include <map>
#include <vector>

namespace tessera::core
{
namespace
{

enum Tag : quint16 {
    Width = 256,
    Height = 257,
    BitsPerSample = 258,
    Compression = 259,
    StripOffsets = 273,
    SamplesPerPixel = 277,
    RowsPerStrip = 278,
    StripByteCounts = 279,
    Predictor = 317,
    TileWidth = 322,
    SampleFormat = 339,
};
constexpr quint32 kFloatSamples = 3;
constexpr quint32 kNotCompressed = 1;

// All others are passed over: a hostile directory names thousands, each with the whole file as its values.
bool isUsed(quint16 tag)
{
    constexpr quint16 kUsed[] = {Width,        Height,          BitsPerSample, Compression,
                                 StripOffsets, SamplesPerPixel, RowsPerStrip,  StripByteCounts,
                                 Predictor,    TileWidth,       SampleFormat};
    return std::find(std::begin(kUsed), std::end(kUsed), tag) != std::end(kUsed);
}

class Reader
{
public:
    Reader(const QByteArray &content, const std::string &fileName) : m_content(content), m_fileName(fileName) {}

    // Reads the directory. To be asked first, and once.
    bool holdsFloats()
    {
        m_bigEndian = m_content.startsWith(QByteArray("MM\0*", 4));
        if (!m_bigEndian && !m_content.startsWith(QByteArray("II*\0", 4))) {
            return false;
        }
        readDirectory();
        return one(SampleFormat, 1) == kFloatSamples && one(BitsPerSample, 1) == 32;
    }

    FieldMap read()
    {
        m_kind = "float TIFF";
        checkKind();
        return readStrips();
    }

private:
    [[noreturn]] void fail(const std::string &what) const
    {
        throw Error(ErrorCode::FileFormat, std::string("The ") + m_kind + " file " + m_fileName + " " + what);
    }

    template<typename Number>
    Number number(qsizetype at) const
    {
        if (at < 0 || at > m_content.size() - qsizetype(sizeof(Number))) {
            fail("is damaged or cut off");
        }
        const char *bytes = m_content.constData() + at;
        return m_bigEndian ? qFromBigEndian<Number>(bytes) : qFromLittleEndian<Number>(bytes);
    }

    // Keeps the first entry of each tag in use whose values are whole numbers of 16 or 32 bits.
    void readDirectory()
    {
        const qsizetype start = number<quint32>(4);
        const int count = number<quint16>(start);
        for (int i = 0; i < count; ++i) {
            const qsizetype entry = start + 2 + 12 * qsizetype(i);
            const quint16 tag = number<quint16>(entry), type = number<quint16>(entry + 2);
            const qsizetype values = number<quint32>(entry + 4), size = type == 3 ? 2 : 4;
            if (!isUsed(tag) || m_entries.contains(tag) || (type != 3 && type != 4)
                || values > m_content.size() / size) {
                continue;
            }
            const qsizetype at = values * size <= 4 ? entry + 8 : qsizetype(number<quint32>(entry + 8));
            for (qsizetype k = 0; k < values; ++k) {
                m_entries[tag].push_back(size == 2 ? number<quint16>(at + 2 * k) : number<quint32>(at + 4 * k));
            }
        }
    }

    quint32 one(Tag tag, quint32 otherwise) const
    {
        const auto found = m_entries.find(tag);
        return found == m_entries.end() || found->second.empty() ? otherwise : found->second.front();
    }

    void checkKind() const
    {
        const quint32 width = one(Width, 0), height = one(Height, 0), compression = one(Compression, kNotCompressed);
        if (width < 1 || height < 1 || width > quint32(kMaxImageSidePixels) || height > quint32(kMaxImageSidePixels)) {
            fail("has " + std::to_string(width) + " x " + std::to_string(height) + " pixels; expected 1 to "
                 + std::to_string(kMaxImageSidePixels) + " a side");
        }
        if (one(SamplesPerPixel, 1) != 1) {
            fail("has " + std::to_string(one(SamplesPerPixel, 1)) + " channels; expected one");
        }
        const bool deflate = compression == 8 || compression == 32946;
        if (m_entries.contains(TileWidth) || one(Predictor, 1) != 1 || (compression != kNotCompressed && !deflate)) {
            fail("is stored in tiles, with a predictor or in compression " + std::to_string(compression)
                 + "; expected strips that are not compressed or by Deflate");
        }
    }

    struct Strip {
        qsizetype offset = 0;
        qsizetype count = 0;
        qsizetype expected = 0; // bytes of its pixels
    };

    FieldMap readStrips() const
    {
        const std::vector<Strip> strips = checkedStrips();
        FieldMap field{int(one(Width, 0)), int(one(Height, 0)), {}};
        field.values.reserve(size_t(field.width) * size_t(field.height));
        for (const Strip &strip : strips) {
            append(field.values, stripBytes(strip));
        }
        return field;
    }

    // Before memory is taken for them: each can hold its pixels, and no two are the same bytes.
    std::vector<Strip> checkedStrips() const
    {
        const quint32 width = one(Width, 0), height = one(Height, 0);
        const quint32 rows = std::clamp(one(RowsPerStrip, height), 1u, height);
        const auto offsets = m_entries.find(StripOffsets), counts = m_entries.find(StripByteCounts);
        const size_t number = (height + rows - 1) / rows;
        if (offsets == m_entries.end() || counts == m_entries.end() || offsets->second.size() < number
            || counts->second.size() < number) {
            fail("is damaged: it does not say where its rows lie");
        }
        std::vector<Strip> strips;
        qsizetype stored = 0;
        for (size_t i = 0; i < number; ++i) {
            const quint32 stripRows = std::min(rows, height - quint32(i) * rows);
            strips.push_back({offsets->second[i], counts->second[i], qsizetype(stripRows) * width * 4});
            checkStrip(strips.back());
            stored += strips.back().count;
        }
        if (stored > m_content.size()) {
            fail("is damaged: its strips share bytes, having " + std::to_string(stored) + " of a file of "
                 + std::to_string(m_content.size()));
        }
        return strips;
    }

    bool isDeflated() const { return one(Compression, kNotCompressed) != kNotCompressed; }

    void checkStrip(const Strip &strip) const
    {
        if (strip.offset > m_content.size() || strip.count > m_content.size() - strip.offset) {
            fail("is cut off after " + std::to_string(m_content.size()) + " bytes");
        }
        if (isDeflated() && !canInflate(size_t(strip.count), size_t(strip.expected))) {
            fail("is damaged: a strip of " + std::to_string(strip.count) + " bytes cannot hold "
                 + std::to_string(strip.expected) + ", as its sides and rows have it");
        }
        if (!isDeflated()) {
            checkLength(strip.count, strip.expected);
        }
    }

    void checkLength(qsizetype found, qsizetype expected) const
    {
        if (found < expected) {
            fail("is damaged: a strip holds " + std::to_string(found) + " bytes; expected " + std::to_string(expected));
        }
    }

    QByteArray stripBytes(const Strip &strip) const
    {
        if (!isDeflated()) {
            return m_content.mid(strip.offset, strip.expected);
        }
        QByteArray plain(strip.expected, '\0');
        uLongf length = uLongf(strip.expected);
        const auto *packed = reinterpret_cast<const Bytef *>(m_content.constData() + strip.offset);
        const int state = uncompress(reinterpret_cast<Bytef *>(plain.data()), &length, packed, uLong(strip.count));
        checkLength(state == Z_OK ? qsizetype(length) : 0, strip.expected);
        return plain;
    }

    void append(std::vector<float> &values, const QByteArray &bytes) const
    {
        for (qsizetype at = 0; at < bytes.size(); at += 4) {
            const char *four = bytes.constData() + at;
            values.push_back(
                std::bit_cast<float>(m_bigEndian ? qFromBigEndian<quint32>(four) : qFromLittleEndian<quint32>(four)));
        }
    }

    const QByteArray &m_content;
    const std::string &m_fileName;
    const char *m_kind = "TIFF"; // as far as is known
    bool m_bigEndian = false;
    std::map<quint16, std::vector<quint32>> m_entries;
};

} // namespace

std::optional<FieldMap> readFloatTiff(const QByteArray &content, const std::string &fileName)
{
    Reader reader(content, fileName);
    return reader.holdsFloats() ? std::optional(reader.read()) : std::nullopt;
}

bool isFloatTiff(const QByteArray &content, const std::string &fileName)
{
    return Reader(content, fileName).holdsFloats();
}

} // namespace tessera::core
