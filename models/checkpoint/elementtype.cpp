#include "models/checkpoint/elementtype.h"

#include <algorithm>
#include <array>

namespace tessera::models
{

namespace
{

constexpr std::array<ElementType, 12> kTypes{{{"F64", 8, "Double", "float64", "f8"},
                                              {"F32", 4, "Float", "float32", "f4"},
                                              {"F16", 2, "Half", "float16", "f2"},
                                              {"BF16", 2, "BFloat16", "bfloat16", ""},
                                              {"I64", 8, "Long", "int64", "i8"},
                                              {"I32", 4, "Int", "int32", "i4"},
                                              {"I16", 2, "Short", "int16", "i2"},
                                              {"I8", 1, "Char", "int8", "i1"},
                                              {"U8", 1, "Byte", "uint8", "u1"},
                                              {"BOOL", 1, "Bool", "bool", "b1"},
                                              {"C64", 8, "ComplexFloat", "complex64", "c8"},
                                              {"C128", 16, "ComplexDouble", "complex128", "c16"}}};

constexpr ElementType kUntyped{};

const ElementType *find(std::string_view text, const char *ElementType::*column)
{
    if (text.empty())
        return nullptr;
    const auto *found = std::ranges::find_if(kTypes, [&](const ElementType &type) { return text == type.*column; });
    return found != kTypes.end() ? found : nullptr;
}

bool takePrefix(std::string_view &text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

} // namespace

const ElementType *storageType(std::string_view name)
{
    if (!takePrefix(name, "torch.") || !name.ends_with("Storage"))
        return nullptr;
    if (!takePrefix(name, "storage."))
        takePrefix(name, "cuda.");
    name.remove_suffix(std::string_view("Storage").size());
    takePrefix(name, "_");
    return name == "Untyped" || name == "Typed" ? &kUntyped : find(name, &ElementType::storage);
}

const ElementType *typeOfTorchName(std::string_view name)
{
    return takePrefix(name, "torch.") ? find(name, &ElementType::torchName) : nullptr;
}

const ElementType *typeOfNumpyCode(std::string_view code)
{
    return find(code, &ElementType::numpyCode);
}

const ElementType *typeOfName(std::string_view name)
{
    return find(name, &ElementType::name);
}

} // namespace tessera::models
