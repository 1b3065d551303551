#include "models/checkpoint/knownglobals.h"

#include <algorithm>
#include <array>

#include "models/checkpoint/elementtype.h"

namespace tessera::models
{

namespace
{

using Names = std::string_view;

constexpr std::array kNames{Names("collections.OrderedDict"),
                            Names("collections.defaultdict"),
                            Names("torch.Size"),
                            Names("torch.Tensor"),
                            Names("torch.device"),
                            Names("torch.nn.parameter.Parameter"),
                            Names("torch._tensor._rebuild_from_type_v2"),
                            Names("torch.serialization._get_layout"),
                            Names("_codecs.encode"),
                            Names("numpy.dtype"),
                            Names("numpy.ndarray"),
                            Names("numpy.core.multiarray.scalar"),
                            Names("numpy.core.multiarray._reconstruct"),
                            Names("numpy._core.multiarray.scalar"),
                            Names("numpy._core.multiarray._reconstruct"),
                            Names("copy_reg._reconstructor"),
                            Names("copyreg._reconstructor"),
                            Names("argparse.Namespace"),
                            Names("typing.Any"),
                            Names("builtins.getattr"), // by which older pickles name what is inside a class
                            Names("__builtin__.getattr")};

constexpr std::array kPrefixes{Names("torch._utils._rebuild_"),
                               Names("omegaconf."),
                               Names("pytorch_lightning."),
                               Names("lightning."),
                               Names("pathlib."),
                               Names("main."),
                               Names("cutlit."),
                               Names("datetime.")};

constexpr std::array kPlainClasses{
    Names("set"),   Names("frozenset"), Names("bytearray"), Names("complex"), Names("object"), Names("dict"),
    Names("list"),  Names("tuple"),     Names("int"),       Names("float"),   Names("str"),    Names("bool"),
    Names("bytes"), Names("long"),      Names("unicode"),   Names("slice"),   Names("range")};

bool isPlainClass(std::string_view name)
{
    for (const Names module : {Names("builtins."), Names("__builtin__.")})
        if (name.starts_with(module))
            return std::ranges::find(kPlainClasses, name.substr(module.size())) != kPlainClasses.end();
    return false;
}

} // namespace

bool isKnownGlobal(std::string_view name)
{
    return std::ranges::find(kNames, name) != kNames.end()
           || std::ranges::any_of(kPrefixes, [&](Names prefix) { return name.starts_with(prefix); })
           || isPlainClass(name) || storageType(name) != nullptr || typeOfTorchName(name) != nullptr;
}

} // namespace tessera::models
