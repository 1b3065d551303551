#include "core/document/npyfile.h"

#include "core/document/atomicfile.h"
#include "models/error.h"

#include <QByteArray>
#include <QList>
#include <QtEndian>

#include <bit>
#include <cstring>
#include <map>

namespace tessera::core
{
namespace
{

static_assert(std::endian::native == std::endian::little, "values are copied as they lie in memory");

namespace fs = std::filesystem;

const QByteArray kMagic("\x93NUMPY\x01\x00", 8);
constexpr qsizetype kPreludeBytes = 10; // magic, version, length of the header
constexpr qint64 kMaxSide = 65536;

[[noreturn]] void fail(const fs::path &path, const std::string &what)
{
    throw Error(ErrorCode::FileFormat, "The file " + path.string() + " " + what);
}

std::string shapeText(const std::vector<qint64> &shape)
{
    std::string text;
    for (const qint64 side : shape) {
        text += (text.empty() ? "[" : ", ") + std::to_string(side);
    }
    return text.empty() ? "[]" : text + "]";
}

QByteArray withHeader(const char *type, const std::vector<qint64> &shape, const void *values, size_t bytes)
{
    QByteArray sides;
    for (const qint64 side : shape) {
        sides += QByteArray::number(side) + ", ";
    }
    sides.chop(2);
    QByteArray header = QByteArray("{'descr': '") + type + "', 'fortran_order': False, 'shape': (" + sides + "), }";
    // NumPy wants the values to start at a multiple of 64.
    header += QByteArray(63 - (kPreludeBytes + header.size()) % 64, ' ') + '\n';
    QByteArray length(2, Qt::Uninitialized);
    qToLittleEndian(quint16(header.size()), length.data());
    return kMagic + length + header + QByteArray(static_cast<const char *>(values), qsizetype(bytes));
}

// The header is a Python dictionary of three entries: 'descr': text, 'fortran_order': True or False, 'shape':
// tuple.
class HeaderParser
{
public:
    HeaderParser(const QByteArray &text, const fs::path &path) : m_text(text), m_path(path) {}

    // Values as written: texts without quotes, tuples without brackets.
    std::map<QByteArray, QByteArray> parse()
    {
        std::map<QByteArray, QByteArray> entries;
        expect('{');
        while (!accept('}')) {
            const QByteArray key = quoted();
            expect(':');
            if (!entries.emplace(key, value()).second) {
                damaged();
            }
            if (!accept(',')) {
                expect('}');
                break;
            }
        }
        skipSpaces();
        const bool whole = entries.size() == 3 && entries.contains("descr") && entries.contains("fortran_order")
                           && entries.contains("shape");
        if (m_at != m_text.size() || !whole) {
            damaged();
        }
        return entries;
    }

private:
    [[noreturn]] void damaged() const { fail(m_path, "is not a .npy array: its header is damaged"); }

    void skipSpaces()
    {
        while (m_at < m_text.size() && (m_text[m_at] == ' ' || m_text[m_at] == '\n')) {
            ++m_at;
        }
    }

    bool accept(char wanted)
    {
        skipSpaces();
        const bool there = m_at < m_text.size() && m_text[m_at] == wanted;
        m_at += there;
        return there;
    }

    void expect(char wanted)
    {
        if (!accept(wanted)) {
            damaged();
        }
    }

    QByteArray until(char end)
    {
        const qsizetype stop = m_text.indexOf(end, m_at);
        if (stop < 0) {
            damaged();
        }
        const QByteArray part = m_text.mid(m_at, stop - m_at);
        m_at = stop + 1;
        return part;
    }

    QByteArray quoted()
    {
        if (accept('"')) {
            return until('"');
        }
        expect('\'');
        return until('\'');
    }

    QByteArray value()
    {
        skipSpaces();
        if (m_at < m_text.size() && (m_text[m_at] == '\'' || m_text[m_at] == '"')) {
            return quoted();
        }
        if (accept('(')) {
            return until(')');
        }
        const qsizetype start = m_at;
        while (m_at < m_text.size() && m_text[m_at] >= 'A' && m_text[m_at] <= 'z') {
            ++m_at;
        }
        return m_text.mid(start, m_at - start);
    }

    const QByteArray &m_text;
    const fs::path &m_path;
    qsizetype m_at = 0;
};

std::vector<qint64> parseShape(const QByteArray &text, const fs::path &path)
{
    QList<QByteArray> parts = text.split(',');
    if (parts.last().trimmed().isEmpty()) {
        parts.removeLast(); // (n,) has a comma at its end
    }
    std::vector<qint64> shape;
    for (const QByteArray &part : parts) {
        bool isNumber = false;
        shape.push_back(part.trimmed().toLongLong(&isNumber));
        if (!isNumber) {
            fail(path, "is not a .npy array: its shape (" + text.toStdString() + ") is damaged");
        }
    }
    return shape;
}

struct Array {
    std::vector<qint64> shape;
    QByteArray values;
};

QByteArray headerOf(const QByteArray &content, const fs::path &path)
{
    if (content.size() < kPreludeBytes || !content.startsWith("\x93NUMPY")) {
        fail(path, "is not a .npy file: expected \\x93NUMPY as its first bytes");
    }
    if (!content.startsWith(kMagic)) {
        fail(path, "is a .npy file of version " + std::to_string(uchar(content[6])) + "."
                       + std::to_string(uchar(content[7])) + "; expected version 1.0");
    }
    const qsizetype length = qFromLittleEndian<quint16>(content.constData() + 8);
    if (content.size() - kPreludeBytes < length) {
        fail(path, "is cut off inside its header of " + std::to_string(length) + " bytes");
    }
    return content.mid(kPreludeBytes, length);
}

void checkShape(const std::vector<qint64> &shape, const std::string &shapeWanted, size_t dimensions,
                const fs::path &path)
{
    bool possible = shape.size() == dimensions;
    for (const qint64 side : shape) {
        possible = possible && side >= 1 && side <= kMaxSide;
    }
    if (!possible) {
        fail(path, "holds an array of shape " + shapeText(shape) + "; expected " + shapeWanted + ", each from 1 to "
                       + std::to_string(kMaxSide));
    }
}

Array readArray(const fs::path &path, const QByteArray &type, const std::string &typeName,
                const std::string &shapeWanted, size_t dimensions, qint64 bytesEach)
{
    const QByteArray content = readWholeFile(path);
    const QByteArray header = headerOf(content, path);
    std::map<QByteArray, QByteArray> entries = HeaderParser(header, path).parse();
    if (entries["descr"] != type) {
        fail(path, "holds values of type '" + entries["descr"].toStdString() + "'; expected '" + type.toStdString()
                       + "' (" + typeName + ")");
    }
    if (entries["fortran_order"] != "False") {
        fail(path, "holds an array in Fortran order; expected C order");
    }
    Array array{parseShape(entries["shape"], path), content.mid(kPreludeBytes + header.size())};
    checkShape(array.shape, shapeWanted, dimensions, path);
    qint64 expected = bytesEach;
    for (const qint64 side : array.shape) {
        if (expected > kMaxFileBytes / side) {
            fail(path, "holds an array of shape " + shapeText(array.shape) + ", more than its bytes can hold");
        }
        expected *= side;
    }
    if (array.values.size() != expected) {
        fail(path, "holds " + std::to_string(array.values.size()) + " bytes of values; expected "
                       + std::to_string(expected) + " for the shape " + shapeText(array.shape));
    }
    return array;
}

} // namespace

void writeNpy(const fs::path &path, const CodeGrid &codes)
{
    writeFileAtomically(path, withHeader("<i8", {codes.size.rows, codes.size.columns}, codes.values.data(),
                                         codes.values.size() * sizeof(int64_t)));
}

void writeNpy(const fs::path &path, const FloatPlanes &planes)
{
    writeFileAtomically(path, withHeader("<f4", {planes.planes, planes.rows, planes.columns}, planes.values.data(),
                                         planes.values.size() * sizeof(float)));
}

CodeGrid readNpyCodes(const fs::path &path)
{
    const Array array = readArray(path, "<i8", "int64", "[rows, columns]", 2, sizeof(int64_t));
    CodeGrid codes(GridSize{int(array.shape[0]), int(array.shape[1])});
    std::memcpy(codes.values.data(), array.values.constData(), size_t(array.values.size()));
    return codes;
}

FloatPlanes readNpyPlanes(const fs::path &path)
{
    const Array array = readArray(path, "<f4", "float32", "[planes, rows, columns]", 3, sizeof(float));
    FloatPlanes planes{int(array.shape[0]), int(array.shape[1]), int(array.shape[2]), {}};
    planes.values.resize(size_t(array.values.size()) / sizeof(float));
    std::memcpy(planes.values.data(), array.values.constData(), size_t(array.values.size()));
    return planes;
}

} // namespace tessera::core
