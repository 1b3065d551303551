#include "core/sampling/cuda/decode.cuh"

namespace tessera::core::cuda
{

void decodeFloat32(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                   cudaStream_t stream)
{
    decodeAs<float>(network, buffers, rows, overlap, stream);
}

int prepareFloat32(int embedding)
{
    return prepareAs<float>(embedding);
}

} // namespace tessera::core::cuda
