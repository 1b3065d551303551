// The number formats of checkpoints, under the names that safetensors uses.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tessera::models
{

struct ElementType {
    const char *name = ""; // "F32"; empty: bytes whose format the tensor tells
    uint32_t bytes = 1;
    const char *storage = "";   // torch.<storage>Storage: "Float"
    const char *torchName = ""; // torch.<torchName>: "float32"
    const char *numpyCode = ""; // numpy.dtype(<numpyCode>): "f4"
};

// Null where there is none. `name` as in the file: "torch.FloatStorage", "torch.cuda.FloatStorage",
// "torch.storage.UntypedStorage" and their like.
const ElementType *storageType(std::string_view name);
// "torch.float32"
const ElementType *typeOfTorchName(std::string_view name);
// "f4"
const ElementType *typeOfNumpyCode(std::string_view code);
// "F32"
const ElementType *typeOfName(std::string_view name);

} // namespace tessera::models
