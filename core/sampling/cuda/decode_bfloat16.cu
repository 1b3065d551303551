#include "core/sampling/cuda/decode.cuh"

namespace tessera::core::cuda
{

void decodeBFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                    cudaStream_t stream)
{
    decodeAs<__nv_bfloat16>(network, buffers, rows, overlap, stream);
}

int prepareBFloat16(int embedding)
{
    return prepareAs<__nv_bfloat16>(embedding);
}

} // namespace tessera::core::cuda
