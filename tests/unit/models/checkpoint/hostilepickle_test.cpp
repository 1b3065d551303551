// Pickles with a lie in them: opcodes, lengths, and tensors that do not fit their storages.
#include <fstream>

#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

using testing::HasSubstr;
using namespace std::string_literals;

// A zip file around a pickle; storage "0" holds six floats.
std::string around(const std::string &pickle)
{
    return zipPlan(pickle, {{"0", floats(6, 0)}}).bytes();
}

std::string opcodes(const std::string &text)
{
    return around(PickleText().raw(text).stop());
}

void expectRefused(const std::vector<Hostile> &cases)
{
    for (const Hostile &hostile : cases)
        EXPECT_THAT(refusal(hostile.bytes), HasSubstr(hostile.words)) << hostile.what;
}

// {"a": <tensor>} over storage "0".
std::string tensor(const std::vector<int64_t> &shape, const std::vector<int64_t> &strides, int64_t offset = 0,
                   int64_t count = 6, const std::string &type = "FloatStorage", const std::string &view = "")
{
    PickleText pickle;
    pickle.raw("}").text("a").tensor([&](PickleText &p) { p.storage("0", count, type, "cpu", view); }, shape, strides,
                                     offset);
    return around(pickle.raw("s").stop());
}

// {"state_dict": {"a": tensor, <key>: <value>}}
std::string beside(const std::function<void(PickleText &)> &keyAndValue)
{
    PickleText pickle;
    pickle.raw("}").text("state_dict").raw("}(").text("a").floatTensor("0", {6});
    keyAndValue(pickle);
    return around(pickle.raw("us").stop());
}

std::string calling(const std::string &module, const std::string &name, const std::string &arguments)
{
    return around(PickleText().raw("}").text("a").global(module, name).raw(arguments + "Rs").stop());
}

std::string wrapped(int times)
{
    PickleText pickle;
    pickle.raw("}").text("a");
    for (int i = 0; i < times; ++i)
        pickle.global("torch._utils", "_rebuild_parameter").raw("(");
    pickle.floatTensor("0", {6});
    for (int i = 0; i < times; ++i)
        pickle.raw("\x88").orderedDict().raw("tR");
    return around(pickle.raw("s").stop());
}

std::string repeated(const std::string &text, size_t count)
{
    std::string result;
    result.reserve(text.size() * count);
    for (size_t i = 0; i < count; ++i)
        result += text;
    return result;
}

std::vector<Hostile> brokenStacks()
{
    return {
        {"REDUCE of nothing", opcodes("R"), "empty stack"},
        {"REDUCE of one", opcodes(")R"), "empty stack"},
        {"TUPLE1 of nothing", opcodes("\x85"), "empty stack"},
        {"TUPLE3 of two", opcodes("NN\x87"), "empty stack"},
        {"BINPERSID of nothing", opcodes("Q"), "empty stack"},
        {"APPEND to nothing", opcodes("Na"), "empty stack"},
        {"SETITEM of two", opcodes("NNs"), "empty stack"},
        {"BUILD of one", opcodes("Nb"), "empty stack"},
        {"NEWOBJ of nothing", opcodes("\x81"), "empty stack"},
        {"NEWOBJ_EX of one", opcodes("}\x92"), "empty stack"},
        {"STACK_GLOBAL of nothing", opcodes("\x93"), "empty stack"},
        {"POP of nothing", opcodes("0"), "empty stack"},
        {"DUP of nothing", opcodes("2"), "empty stack"},
        {"BINPUT of nothing", opcodes("q\x01"), "empty stack"},
        {"MEMOIZE of nothing", opcodes("\x94"), "empty stack"},
        {"POP below a mark", opcodes("N(00"), "with 0 values"},
        {"TUPLE1 across a mark", opcodes("N(\x85"), "empty stack"},
        {"TUPLE without a mark", opcodes("NNt"), "mark that is not there"},
        {"SETITEMS without a mark", opcodes("}NNu"), "mark that is not there"},
        {"APPENDS to nothing", opcodes("(Ne"), "not there"},
        {"SETITEMS across a mark", opcodes("}((NNu"), "not there"},
        {"LIST without a mark", opcodes("l"), "mark that is not there"},
        {"POP_MARK without a mark", opcodes("1"), "mark that is not there"},
        {"nothing at the end", opcodes(""), "with 0 values"},
        {"two values at the end", opcodes("NN"), "with 2 values"},
        {"a mark at the end", opcodes("N("), "on the stack"},
    };
}

std::vector<Hostile> brokenObjects()
{
    return {
        {"a key without a value", opcodes("}(Nu"), "key without a value"},
        {"DICT of one", opcodes("(Nd"), "key without a value"},
        {"items of a list", opcodes("](NNu"), "no dictionary"},
        {"items of a number", opcodes("K\x01NNs"), "no dictionary"},
        {"items of a tuple", opcodes(")NNs"), "no dictionary"},
        {"appending to a dictionary", opcodes("}(Ne"), "no list"},
        {"appending to None", opcodes("NNa"), "no list"},
        {"adding to a text", opcodes("X\0\0\0\0(N\x90"s), "no list"},
        {"appending to a filled object", opcodes("cx\ny\n)RNNsNa"), "no list"},
        {"filling an appended object", opcodes("cx\ny\n)RNaNNs"), "no dictionary"},
        {"the state of a number", opcodes("K\x01}b"), "no object"},
        {"the state of a list", opcodes("]}b"), "no object"},
        {"calling a text", opcodes("X\0\0\0\0)R"s), "no class"},
        {"calling a storage", opcodes(")Q)R"), "no class"},
        {"calling with a list", opcodes("cx\ny\n]R"), "no tuple"},
        {"keywords that are a list", opcodes("cx\ny\n)]\x92"), "no dictionary"},
        {"a class named by numbers", opcodes("K\x01K\x02\x93"), "no text"},
        {"a storage named by text", opcodes("X\0\0\0\0Q"s), "no tuple"},
        {"a value never stored", opcodes("h\x05"), "never stored"},
        {"value 4294967295", opcodes("j\xFF\xFF\xFF\xFF"), "never stored"},
        {"a class name without an end", opcodes("cos"), "bytes are expected"},
        {"a class name of 2 KiB", opcodes("c" + std::string(2048, 'x') + "\ny\n"), "longer than 1024"},
    };
}

std::vector<Hostile> brokenLengths()
{
    return {
        {"protocol 1", around("\x80\x01N."), "protocol 1"},
        {"protocol 6", around("\x80\x06N."), "protocol 6"},
        {"protocol 0", around("(dp0\n."), "begins with byte 40"},
        {"a second protocol", opcodes("\x80\x02N"), "no opcode"},
        {"no end", around("\x80\x02N"), "ends at byte"},
        {"a text of 4 GiB", opcodes("X\xFF\xFF\xFF\xFF"), "4294967295 bytes are expected"},
        {"a text of 2^64 - 1 bytes", opcodes("\x8D" + std::string(8, '\xFF')), "18446744073709551615"},
        {"2^63 bytes", opcodes("\x8E" + std::string(7, '\0') + "\x80"), "9223372036854775808"},
        {"a byte array of 2^40", opcodes("\x96" + number(uint64_t(1) << 40, 8)), "1099511627776"},
        {"a number of 2 GiB", opcodes("\x8B\xFF\xFF\xFF\x7F"), "2147483647"},
        {"a number of 4 GiB", opcodes("\x8B\xFF\xFF\xFF\xFF"), "4294967295"},
        {"a number of 255 bytes", opcodes("\x8A\xFF"), "255 bytes are expected"},
        {"a frame beyond the end", opcodes("\x95" + number(1000, 8)), "1000 bytes are expected"},
        {"a frame of 2^64 - 1", opcodes("\x95" + std::string(8, '\xFF')), "18446744073709551615"},
    };
}

std::vector<Hostile> brokenTensors()
{
    return {
        {"one row too many", tensor({3, 3}, {3, 1}), "reaches beyond its storage of 6 elements"},
        {"an offset one too far", tensor({6}, {1}, 1), "reaches beyond"},
        {"an offset of 2^62", tensor({1}, {1}, int64_t(1) << 62), "reaches beyond"},
        {"an empty tensor beyond the end", tensor({0}, {1}, 7), "reaches beyond"},
        {"a negative offset", tensor({1}, {1}, -1), "no offset"},
        {"a negative size", tensor({-1}, {1}), "holds -1"},
        {"a negative stride", tensor({2}, {-1}, 5), "holds -1"},
        {"a stride of 2^62", tensor({3}, {int64_t(1) << 62}), "reaches beyond"},
        {"sizes that overflow", tensor({int64_t(1) << 40, int64_t(1) << 40}, {0, 0}), "reaches beyond"},
        {"2^38 elements from one", tensor({int64_t(1) << 38}, {0}), "far more than the file stores"},
        {"an empty one of 2^80", tensor({0, int64_t(1) << 40, int64_t(1) << 40}, {1, 1, 1}), "reaches beyond"},
        {"nine dimensions", tensor({1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}), "9 dimensions"},
        {"sizes without strides", tensor({2, 3}, {1}), "2 sizes, but 1 strides"},
        {"a storage larger than its entry", tensor({6}, {1}, 0, 7), "has 7 elements"},
        {"a storage of 2^62 elements", tensor({6}, {1}, 0, int64_t(1) << 62), "more than a file can hold"},
        {"a storage of -1 elements", tensor({}, {}, 0, -1), "count of elements"},
        {"an unknown storage", tensor({6}, {1}, 0, 6, "EvilStorage"), "not supported: 'torch.EvilStorage'"},
        {"a quantised storage", tensor({6}, {1}, 0, 6, "QInt8Storage"), "not supported"},
        {"a storage that is no class", tensor({6}, {1}, 0, 6, "load"), "not supported: 'torch.load'"},
        {"a view beyond the storage", tensor({2}, {1}, 0, 6, "FloatStorage", "(X\1\0\0\0vK\5K\2t"s), "has a view"},
        {"a view with a negative beginning",
         tensor({2}, {1}, 0, 6, "FloatStorage", "(X\1\0\0\0vJ\xFF\xFF\xFF\xFFK\2t"s), "has a view"},
        {"a tensor beyond its view", tensor({3}, {1}, 0, 6, "FloatStorage", "(X\1\0\0\0vK\4K\2t"s), "reaches beyond"},
        {"wrapped 17 times", wrapped(17), "more than 16 times"},
        {"a parameter of nothing", calling("torch._utils", "_rebuild_parameter", ")"), "without a tensor"},
        {"a parameter of a number", calling("torch._utils", "_rebuild_parameter", "K\1\x85"), "no tensor"},
        {"a tensor of nothing", calling("torch._utils", "_rebuild_tensor_v2", ")"), "lacks its storage"},
        {"a tensor of numbers", calling("torch._utils", "_rebuild_tensor_v2", "(K\1K\1K\1K\1t"), "lacks its storage"},
        {"a tensor without a type", calling("torch._utils", "_rebuild_tensor_v3", "(K\1K\1K\1K\1t"),
         "lacks its storage"},
        {"a sparse tensor", calling("torch._utils", "_rebuild_sparse_tensor", ")"), "'torch._utils._rebuild_sparse"},
        {"a class of its own", calling("torch._tensor", "_rebuild_from_type_v2", ")"), "class of its own"},
        {"a class of its own around itself",
         calling("torch._tensor", "_rebuild_from_type_v2", "(ctorch._utils\n_rebuild_parameter\nK\1)K\1t"),
         "wrapped more than 16 times"},
    };
}

std::vector<Hostile> brokenStateDicts()
{
    const std::string storage = "(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0000X\3\0\0\0cpuK\6tQ"s;
    return {
        {"a list", opcodes("]"), "a list of 0"},
        {"a number", opcodes("K\1"), "holds 1"},
        {"an empty dictionary", opcodes("}"), "its keys are none"},
        {"a class", opcodes("cos\nsystem\n"), "the class 'os.system'"},
        {"a call", opcodes("cos\nsystem\n)R"), "an object of 'os.system'"},
        {"a tensor alone", around(PickleText().floatTensor("0", {6}).stop()), "a tensor"},
        {"numbers", opcodes("}X\1\0\0\0aK\1s"s), "its keys are 'a'"},
        {"a state_dict that is a list", opcodes("}X\n\0\0\0state_dict]s"s), "state_dict is a list"},
        {"an empty state_dict", opcodes("}X\n\0\0\0state_dict}s"s), "no tensor"},
        {"a name that is a number", beside([](PickleText &p) { p.raw("K\1N"); }), "is 1, expected text"},
        {"a name that is no text", beside([](PickleText &p) { p.text("\xC3(").raw("N"); }), "no UTF-8"},
        {"a name of 2 KiB", beside([](PickleText &p) { p.text(std::string(2048, 'n')).raw("N"); }), "1024 bytes"},
        {"a name twice", beside([](PickleText &p) { p.text("a").floatTensor("0", {6}); }), "twice"},
        {"an object among tensors", beside([](PickleText &p) { p.text("b").raw("cx\ny\n)R"); }),
         "object of 'x.y', expected a tensor"},
        {"a storage among tensors", beside([&](PickleText &p) { p.text("b").raw(storage); }), "a storage, expected"},
        {"two types in one storage", beside([](PickleText &p) {
             p.text("b").tensor([](PickleText &s) { s.storage("0", 6, "IntStorage"); }, {6}, {1});
         }),
         "contradicts others about storage '0'"},
        {"two lengths of one storage",
         beside([](PickleText &p) { p.text("b").tensor([](PickleText &s) { s.storage("0", 5); }, {5}, {1}); }),
         "contradicts others"},
        {"a module",
         around(PickleText().raw("}").text("a").floatTensor("0", {6}).raw("s0(X\6\0\0\0modulecx\ny\nNNtQ"s).stop()),
         "a storage"},
        {"pairs that are none", opcodes("ccollections\nOrderedDict\n]Na\x85R"), "something else than pairs"},
    };
}

// One array of numpy, a mebibyte, under so many names.
std::string sharedArray(int names)
{
    const std::string content(1U << 20, 'x');
    PickleText pickle;
    pickle.raw("}").text("state_dict").raw("}(");
    pickle.text("0").global("numpy.core.multiarray", "_reconstruct").raw("(").global("numpy", "ndarray");
    pickle.raw("K\0\x85"s + "C\1btR(K\1").tuple({int64_t(content.size())}).global("numpy", "dtype").raw("(");
    pickle.text("u1").raw("\x89\x88tR\x89" + ("B" + number(content.size(), 4)) + content + "tbq\1");
    for (int i = 1; i < names; ++i)
        pickle.text(std::to_string(i)).raw("h\1");
    return around(pickle.raw("us").stop());
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true; // freed memory is kept
#else
constexpr bool kSanitized = false;
#endif

uint64_t statusKiB(const std::string &key)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(key))
            return std::stoull(line.substr(key.size() + 1));
    return 0;
}

// Bytes that reading `bytes` needs at most, beside what the process holds already.
uint64_t peakOf(const std::string &bytes, std::string &message)
{
    std::ofstream("/proc/self/clear_refs") << 5;
    const uint64_t before = statusKiB("VmRSS:");
    message = refusal(bytes);
    const uint64_t peak = statusKiB("VmHWM:");
    return peak > before ? (peak - before) * 1024 : 0;
}

} // namespace

TEST(HostilePickle, BrokenStacksAreRefused)
{
    expectRefused(brokenStacks());
}

TEST(HostilePickle, BrokenObjectsAreRefused)
{
    expectRefused(brokenObjects());
}

TEST(HostilePickle, BrokenLengthsAreRefused)
{
    expectRefused(brokenLengths());
}

TEST(HostilePickle, BrokenTensorsAreRefused)
{
    expectRefused(brokenTensors());
}

TEST(HostilePickle, BrokenStateDictsAreRefused)
{
    expectRefused(brokenStateDicts());
}

TEST(HostilePickle, OpcodesOfOtherWritersAreRefusedByName)
{
    const std::vector<std::pair<char, const char *>> names{
        {'I', "INT"},     {'L', "LONG"},           {'F', "FLOAT"},
        {'S', "STRING"},  {'V', "UNICODE"},        {'p', "PUT"},
        {'g', "GET"},     {'i', "INST"},           {'o', "OBJ"},
        {'P', "PERSID"},  {'\x82', "EXT1"},        {'\x83', "EXT2"},
        {'\x84', "EXT4"}, {'\x97', "NEXT_BUFFER"}, {'\x98', "READONLY_BUFFER"}};
    for (const auto &[opcode, name] : names)
        EXPECT_THAT(refusal(opcodes("N" + std::string(1, opcode))),
                    HasSubstr("uses opcode " + std::string(name) + ", which torch.save does not write (byte 67)"));
}

TEST(HostilePickle, EveryByteIsAnOpcodeOrRefused)
{
    for (int byte = 0; byte < 256; ++byte)
        EXPECT_NE(refusal(opcodes(std::string(1, char(byte)))), "accepted") << byte;
}

// What a walk over the result, or freeing it, would need a deep stack for; and what only fills the memory.
TEST(HostilePickle, BombsNeedNeitherStackNorMemory)
{
    const size_t million = 1'000'000;
    const std::vector<Hostile> bombs{
        {"tuples in tuples", opcodes(")" + repeated("\x85", million)), "a tuple of 1"},
        {"lists in lists", opcodes(repeated("]", 300'000) + repeated("a", 299'999)), "a list of 1"},
        {"a list in itself", opcodes("]q\1h\1a"), "a list of 1"},
        {"a dictionary in itself", opcodes("}q\1X\n\0\0\0state_dicth\1s"s), "no tensor"},
        {"ten million values", opcodes(repeated("N0", 5 * million)), "more objects"},
        {"eleven million opcodes", opcodes(repeated("]q\0000"s, 100) + repeated("(0", 5'500'000)),
         "more than 10000000"},
        {"a high stack", opcodes(repeated("N", million + 2)), "1000000"},
        {"many marks", opcodes(repeated("(", million + 2)), "1000000 marks"},
        {"many memories", opcodes("N" + repeated("\x94", million + 2)), "remembers more"},
        {"far memories", opcodes("Nr\xFF\xFF\xFF\xFF"), "holds none"},
        {"many lists", opcodes(repeated("]", 900'000) + repeated("Na0", 600'000)), "more objects"},
        {"many classes", opcodes([&] {
             std::string text;
             for (int i = 0; i < 400'000; ++i)
                 text += "cm\nn" + std::to_string(i) + "\n0";
             return text;
         }()),
         "more objects"},
        {"65 MiB", around("\x80\x02"s + "B" + number(65U << 20, 4) + std::string(65U << 20, 'x') + "0N."),
         "longer than 64 MiB"},
        {"an array of many names", sharedArray(200), "its pickle repeats arrays to 10485760 bytes"},
    };
    EXPECT_EQ(refusal(sharedArray(2)), "accepted");
    for (const Hostile &bomb : bombs) {
        std::string message;
        const uint64_t peak = peakOf(bomb.bytes, message);
        EXPECT_THAT(message, HasSubstr(bomb.words)) << bomb.what;
        if (!kSanitized) {
            EXPECT_LE(peak, (64U << 20) + 2 * bomb.bytes.size()) << bomb.what;
        }
    }
}

} // namespace tessera::models
