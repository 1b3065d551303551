// What the reader must take: forms that torch, Lightning and numpy have written over the years.
#include "models/checkpoint/knownglobals.h"
#include "tests/unit/models/checkpoint/reading.h"
#include "tests/unit/models/checkpoint/samplefile.h"

namespace tessera::models
{

namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using namespace std::string_literals;
using Shape = std::vector<int64_t>;

CheckpointIndex indexAround(PickleText &pickle)
{
    return indexOf(zipPlan(pickle.stop(), {{"0", floats(6, 0)}}).bytes());
}

CheckpointTensor onlyTensor(PickleText &pickle)
{
    const CheckpointIndex index = indexAround(pickle);
    EXPECT_EQ(index.tensors.size(), 1U);
    return index.tensors.begin()->second;
}

void expectLightning(const CheckpointIndex &index)
{
    ASSERT_EQ(index.tensors.size(), 5U);
    EXPECT_EQ(index.tensors.at("first.weight").dtype, "F32");
    EXPECT_EQ(index.tensors.at("first.weight").shape, (Shape{4, 3}));
    EXPECT_EQ(index.tensors.at("first.bias").dtype, "F16");
    EXPECT_EQ(index.tensors.at("tied.weight").storage, "0");
    EXPECT_EQ(index.tensors.at("rows").offset, 3);
    EXPECT_EQ(index.tensors.at("steps").shape, Shape());
    EXPECT_EQ(index.tensors.at("steps").dtype, "I64");
    // Neither the optimizer's storage nor the score's.
    ASSERT_EQ(index.storages.size(), 3U);
    EXPECT_EQ(index.storages.at("1").bytes, 8U);
    EXPECT_THAT(index.foreignGlobals, testing::IsEmpty());
    EXPECT_THAT(index.notices, testing::IsEmpty());
    EXPECT_THAT(index.facts,
                ElementsAre(Pair("callbacks", "a dictionary of 1"), Pair("epoch", "12"), Pair("global_step", "70000"),
                            Pair("hyper_parameters", "an object of 'omegaconf.dictconfig.DictConfig'"),
                            Pair("lr_schedulers", "a list of 0"), Pair("optimizer_states", "a list of 1"),
                            Pair("pytorch-lightning_version", "1.0.8")));
}

} // namespace

TEST(SoundPickle, LightningInZip)
{
    expectLightning(indexOf(lightningZip().bytes()));
}

TEST(SoundPickle, LightningInLegacy)
{
    expectLightning(indexOf(lightningLegacy().bytes()));
}

TEST(SoundPickle, ForeignNamesAreListedAndNeverUsed)
{
    PickleText pickle;
    pickle.raw("}(").text("extra").raw("cos\nsystem\n").text("false").raw("\x85R");
    pickle.text("main").raw("cmain\nSetup\n)\x81}b").text("state_dict").raw("}").text("a").floatTensor("0", {6});
    const CheckpointIndex index = indexAround(pickle.raw("su"));
    EXPECT_THAT(index.foreignGlobals, ElementsAre("os.system")); // the training's own classes are as usual
    ASSERT_EQ(index.notices.size(), 1U);
    EXPECT_THAT(index.notices[0], HasSubstr("'os.system'"));
    EXPECT_EQ(index.facts.at("extra"), "an object of 'os.system'");
}

TEST(SoundPickle, NamesThatPublishedCheckpointsHaveAreNoNews)
{
    for (const char *name : {"cutlit.callbacks.ImageLogger", "builtins.getattr", "__builtin__.getattr", "builtins.set",
                             "main.SetupCallback", "collections.defaultdict"})
        EXPECT_TRUE(isKnownGlobal(name)) << name;
    for (const char *name : {"cutlit2.run", "builtins.eval", "builtins.getattr.system", "builtins.setattr"})
        EXPECT_FALSE(isKnownGlobal(name)) << name;
}

TEST(SoundPickle, PlainValuesAmongTensorsAreLeftOut)
{
    PickleText pickle;
    pickle.raw("}").text("state_dict").raw("}(").text("a").floatTensor("0", {6}).text("b._extra_state");
    const CheckpointIndex index = indexAround(pickle.raw("cio\nBytesIO\n)R").text("version").integer(2).raw("us"));
    EXPECT_EQ(index.tensors.size(), 1U);
    EXPECT_THAT(index.notices,
                ElementsAre(HasSubstr("'b._extra_state'"), HasSubstr("'version'"), HasSubstr("'io.BytesIO'")));
}

TEST(SoundPickle, CountersMayStandBesideTensorsWithoutAStateDict)
{
    PickleText pickle;
    pickle.raw("}(").text("a").floatTensor("0", {6}).text("epoch").integer(3);
    const CheckpointIndex index = indexAround(pickle.raw("u"));
    EXPECT_EQ(index.tensors.size(), 1U);
    EXPECT_THAT(index.notices, ElementsAre(HasSubstr("'epoch'")));
}

TEST(SoundPickle, NewProtocols)
{
    PickleText pickle(4);
    const std::string body = "}\x94\x8C\1a\x94\x8C\x0Ctorch._utils\x94\x8C\x12_rebuild_tensor_v2\x94\x93\x94("
                             "(\x8C\7storage\x94\x8C\5torch\x94\x8C\x0C"s
                             + "FloatStorage\x94\x93\x94\x8C\1"s + "0\x94\x8C\3cpu\x94K\6tQK"s + std::string(1, '\0')
                             + "K\2K\3\x86K\3K\1\x86\x89N\x94tRs"s;
    pickle.raw("\x95" + number(body.size() + 1, 8) + body);
    const CheckpointTensor tensor = onlyTensor(pickle);
    EXPECT_EQ(tensor.shape, (Shape{2, 3}));
    EXPECT_EQ(tensor.strides, (Shape{3, 1}));
}

TEST(SoundPickle, MemoIndicesMayBeFarApart)
{
    PickleText pickle;
    pickle.raw("}r\xFF\xFF\xFF\xFFq\5").text("a").floatTensor("0", {6});
    EXPECT_EQ(onlyTensor(pickle.raw("s0j\xFF\xFF\xFF\xFFh\5"s + "0")).shape, Shape{6});
}

TEST(SoundPickle, Parameters)
{
    PickleText function;
    function.raw("}").text("a").global("torch._utils", "_rebuild_parameter").raw("(").floatTensor("0", {6});
    EXPECT_EQ(onlyTensor(function.raw("\x88").orderedDict().raw("tRs")).shape, Shape{6});
    PickleText type;
    type.raw("}").text("a").global("torch.nn.parameter", "Parameter").raw("(").floatTensor("0", {6}).raw("\x88tRs");
    EXPECT_EQ(onlyTensor(type).shape, Shape{6});
    PickleText own;
    own.raw("}").text("a").global("torch._tensor", "_rebuild_from_type_v2").raw("(");
    own.global("torch._utils", "_rebuild_tensor_v2").global("my", "Tensor").raw("(").storage("0", 6);
    EXPECT_EQ(onlyTensor(own.integer(0).tuple({6}).tuple({1}).raw("\x89Nt}tRs")).shape, Shape{6});
}

TEST(SoundPickle, TensorsOfTheFirstVersion)
{
    PickleText pickle;
    pickle.raw("}").text("a").global("torch._utils", "_rebuild_tensor").raw("(").storage("0", 6).integer(1);
    const CheckpointTensor tensor =
        onlyTensor(pickle.global("torch", "Size").tuple({2}).raw("\x85R").tuple({2}).raw("tRs"));
    EXPECT_EQ(tensor.offset, 1);
    EXPECT_EQ(tensor.shape, Shape{2});
}

TEST(SoundPickle, TensorsWithATypeOfTheirOwn)
{
    PickleText pickle;
    pickle.raw("}").text("a").global("torch._utils", "_rebuild_tensor_v3").raw("(").storage("0", 24, "UntypedStorage");
    pickle.integer(2).tuple({10}).tuple({1}).raw("\x89N").global("torch", "int16").raw("tRs");
    const CheckpointTensor tensor = onlyTensor(pickle);
    EXPECT_EQ(tensor.dtype, "I16");
    EXPECT_EQ(tensor.offset, 2);
}

TEST(SoundPickle, EmptyTensorsAndEmptyStorages)
{
    PickleText pickle;
    pickle.raw("}").text("a").tensor([](PickleText &p) { p.storage("0", 6); }, {0, 5}, {5, 1}, 6).raw("s");
    EXPECT_EQ(onlyTensor(pickle).count(), 0);
}

TEST(SoundPickle, OrderedDictFromPairs)
{
    PickleText pickle;
    pickle.global("collections", "OrderedDict").raw("]]").raw("(").text("a").floatTensor("0", {6});
    EXPECT_EQ(onlyTensor(pickle.raw("ea\x85R")).shape, Shape{6});
}

TEST(SoundPickle, ArraysOfNumpy)
{
    PickleText pickle;
    pickle.raw("}").text("state_dict").raw("}").text("grid").global("numpy._core.multiarray", "_reconstruct");
    pickle.raw("(cnumpy\nndarray\nK\0\x85"s).raw("C\1btR(K\1"s).tuple({2, 3}).global("numpy", "dtype");
    pickle.raw("(").text("i2").raw("\x89\x88tR(K\3").text("<").raw("NNNtb\x88");
    pickle.raw("C\x0C").raw(std::string("\1\0\2\0\3\0\4\0\5\0\6\0", 12)).raw("tbss");
    const CheckpointTensor tensor = onlyTensor(pickle);
    EXPECT_EQ(tensor.dtype, "I16");
    EXPECT_EQ(tensor.shape, (Shape{2, 3}));
    EXPECT_EQ(tensor.strides, (Shape{1, 2})); // Fortran's order
    EXPECT_EQ(tensor.inlineBytes.size(), 12U);
}

TEST(SoundPickle, ChecksumIsThatOfZip)
{
    EXPECT_EQ(crc32("123456789", 9), 0xCBF43926U);
    EXPECT_EQ(crc32("6789", 4, crc32("12345", 5)), 0xCBF43926U);
    EXPECT_EQ(crc32(MemoryBytes("x123456789y"), 1, 9), 0xCBF43926U);
}

TEST(SoundPickle, TextIsQuotedAndProven)
{
    EXPECT_EQ(inQuotes("a\n\xFF"), "'a\\x0A\\xFF'");
    EXPECT_EQ(inQuotes(std::string(81, 'x')), "'" + std::string(80, 'x') + "...'");
    EXPECT_TRUE(isUtf8("a\xC3\xA4\xE2\x82\xAC\xF0\x9F\x8E\xA8"));
    for (const char *bad : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF5"})
        EXPECT_FALSE(isUtf8(bad)) << inQuotes(bad);
}

} // namespace tessera::models
