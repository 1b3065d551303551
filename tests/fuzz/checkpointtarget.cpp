// Torch checkpoints, zip and legacy: refused with an error about the file, or every element lies inside it.
#include <algorithm>
#include <memory>

#include <ATen/ATen.h>

#include "models/checkpoint/checkpoint.h"
#include "models/checkpoint/elementtype.h"
#include "models/error.h"
#include "tests/fuzz/targets.h"

namespace
{

using namespace tessera;
using namespace tessera::models;

uint64_t elementsReached(const CheckpointTensor &tensor)
{
    if (std::ranges::find(tensor.shape, 0) != tensor.shape.end())
        return 0;
    int64_t last = tensor.offset;
    for (size_t i = 0; i < tensor.shape.size(); ++i)
        last += (tensor.shape[i] - 1) * tensor.strides[i];
    return uint64_t(last + 1);
}

void checkIndex(const CheckpointIndex &index, uint64_t fileBytes)
{
    for (const auto &[key, storage] : index.storages)
        fuzz::require(storage.begin <= fileBytes && storage.bytes <= fileBytes - storage.begin);
    for (const auto &[name, tensor] : index.tensors)
        if (!tensor.storage.empty())
            fuzz::require(elementsReached(tensor) * typeOfName(tensor.dtype)->bytes
                          <= index.storages.at(tensor.storage).bytes);
}

// Touches every element.
void checkTensors(const StateDict &tensors, const CheckpointIndex &index)
{
    fuzz::require(tensors.size() == index.tensors.size());
    for (const auto &[name, tensor] : tensors)
        fuzz::require(tensor.contiguous().sizes() == at::IntArrayRef(index.tensors.at(name).shape));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try {
        const CheckpointIndex index =
            readCheckpointIndex(std::make_shared<MemoryBytes>(fuzz::textOf(data, size), "input.ckpt"));
        checkIndex(index, size);
        checkTensors(readCheckpoint(index), index);
    } catch (const Error &error) {
        fuzz::require(error.code() == ErrorCode::FileFormat);
    }
    return 0;
}
