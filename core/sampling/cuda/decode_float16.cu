#include "core/sampling/cuda/decode.cuh"

namespace tessera::core::cuda
{

void decodeFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                   cudaStream_t stream)
{
    decodeAs<__half>(network, buffers, rows, overlap, stream);
}

int prepareFloat16(int embedding)
{
    return prepareAs<__half>(embedding);
}

} // namespace tessera::core::cuda
