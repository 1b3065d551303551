#include "models/checkpoint/numpyvalue.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sstream>

namespace tessera::models
{

namespace
{

constexpr size_t kMaxRank = 8;
constexpr uint64_t kMaxBytes = uint64_t(1) << 40;

bool isScalar(std::string_view callee)
{
    return callee == "numpy.core.multiarray.scalar" || callee == "numpy._core.multiarray.scalar";
}

bool isArray(std::string_view callee)
{
    return callee == "numpy.core.multiarray._reconstruct" || callee == "numpy._core.multiarray._reconstruct";
}

// Text whose characters are all below U+0100 -> one byte each.
std::optional<std::string> latin1(std::string_view utf8)
{
    std::string result;
    for (size_t i = 0; i < utf8.size(); ++i) {
        const auto byte = uint8_t(utf8[i]);
        if (byte < 0x80) {
            result += char(byte);
            continue;
        }
        if ((byte != 0xC2 && byte != 0xC3) || i + 1 == utf8.size() || (uint8_t(utf8[i + 1]) & 0xC0) != 0x80)
            return std::nullopt;
        result += char((byte & 3) << 6 | (uint8_t(utf8[++i]) & 0x3F));
    }
    return result;
}

template<typename T>
std::string asText(const std::string &bytes)
{
    T value{};
    std::memcpy(&value, bytes.data(), sizeof value);
    std::ostringstream text;
    text << +value;
    return text.str();
}

// Steps between neighbours in elements; the first dimension is the fastest in Fortran's order.
std::vector<int64_t> denseStrides(const std::vector<int64_t> &shape, bool fortran)
{
    std::vector<int64_t> strides(shape.size());
    int64_t step = 1;
    for (size_t i = 0; i < shape.size(); ++i) {
        const size_t axis = fortran ? i : shape.size() - 1 - i;
        strides[axis] = step;
        step *= std::max<int64_t>(shape[axis], 1);
    }
    return strides;
}

} // namespace

std::string_view NumpyReader::callee(NodeId node) const
{
    return m_graph.kind(node) == PickleKind::Call ? std::string_view(m_graph.globalName(m_graph.callee(node)))
                                                  : std::string_view();
}

bool NumpyReader::isValue(NodeId node) const
{
    return isScalar(callee(node)) || isArray(callee(node));
}

std::optional<std::string> NumpyReader::bytes(NodeId node) const
{
    if (m_graph.kind(node) == PickleKind::Bytes)
        return std::string(*m_graph.bytes(node));
    if (callee(node) != "_codecs.encode")
        return std::nullopt;
    const auto arguments = m_graph.members(m_graph.arguments(node));
    const auto text = arguments.empty() ? std::nullopt : m_graph.text(arguments[0]);
    return text ? latin1(*text) : std::nullopt;
}

// numpy.dtype('f4', align, copy) with the state (version, byte order, ...).
const ElementType *NumpyReader::type(NodeId node, std::string &problem) const
{
    problem = "its data type is not supported";
    if (callee(node) != "numpy.dtype")
        return nullptr;
    const auto arguments = m_graph.members(m_graph.arguments(node));
    const auto code = arguments.empty() ? std::nullopt : m_graph.text(arguments[0]);
    const auto state = m_graph.state(node);
    const auto details = state ? m_graph.members(*state) : std::span<const NodeId>();
    const auto order = details.size() > 1 ? m_graph.text(details[1]) : std::nullopt;
    if (!code)
        return nullptr;
    problem = "its data type " + inQuotes(*code) + " is not supported";
    if (order == ">") {
        problem = "its bytes are in big-endian order";
        return nullptr;
    }
    return typeOfNumpyCode(*code);
}

std::optional<CheckpointTensor> NumpyReader::read(NodeId node, std::string &problem) const
{
    if (isArray(callee(node)))
        return array(node, problem);
    const auto arguments = m_graph.members(m_graph.arguments(node));
    problem = "it has no data type and bytes";
    if (arguments.size() != 2)
        return std::nullopt;
    const ElementType *format = type(arguments[0], problem);
    auto content = bytes(arguments[1]);
    if (format == nullptr)
        return std::nullopt;
    problem = "it does not have the " + std::to_string(format->bytes) + " bytes of its data type";
    if (!content || content->size() != format->bytes)
        return std::nullopt;
    return CheckpointTensor{format->name, {}, {}, "", 0, std::move(*content)};
}

// The state of an array: (version, shape, dtype, Fortran's order, bytes).
std::optional<CheckpointTensor> NumpyReader::array(NodeId node, std::string &problem) const
{
    problem = "it has no shape, data type and bytes";
    const auto state = m_graph.state(node);
    const auto details = state ? m_graph.members(*state) : std::span<const NodeId>();
    if (details.size() != 5 || m_graph.kind(details[1]) != PickleKind::Tuple)
        return std::nullopt;
    const ElementType *format = type(details[2], problem);
    if (format == nullptr)
        return std::nullopt;
    CheckpointTensor tensor{format->name, {}, {}, "", 0, ""};
    uint64_t size = format->bytes;
    uint64_t span = size; // as if no side were 0
    problem = "its shape is not usable";
    for (const NodeId member : m_graph.members(details[1])) {
        const auto side = m_graph.integer(member);
        if (!side || *side < 0 || tensor.shape.size() == kMaxRank
            || __builtin_mul_overflow(span, std::max<uint64_t>(uint64_t(*side), 1), &span) || span > kMaxBytes)
            return std::nullopt;
        size *= uint64_t(*side);
        tensor.shape.push_back(*side);
    }
    auto content = bytes(details[4]);
    problem = "it has not the " + std::to_string(size) + " bytes of its shape";
    if (!content || content->size() != size)
        return std::nullopt;
    tensor.strides = denseStrides(tensor.shape, m_graph.boolean(details[3]).value_or(false));
    tensor.inlineBytes = std::move(*content);
    return tensor;
}

std::optional<std::string> NumpyReader::numberText(NodeId node) const
{
    std::string problem;
    const auto number = isScalar(callee(node)) ? read(node, problem) : std::nullopt;
    if (!number)
        return std::nullopt;
    struct Format {
        std::string_view dtype;
        std::string (*text)(const std::string &);
    };
    static constexpr std::array<Format, 8> formats{{{"F64", asText<double>},
                                                    {"F32", asText<float>},
                                                    {"I64", asText<int64_t>},
                                                    {"I32", asText<int32_t>},
                                                    {"I16", asText<int16_t>},
                                                    {"I8", asText<int8_t>},
                                                    {"U8", asText<uint8_t>},
                                                    {"BOOL", asText<uint8_t>}}};
    for (const Format &format : formats)
        if (format.dtype == number->dtype)
            return format.text(number->inlineBytes);
    return std::nullopt;
}

} // namespace tessera::models
