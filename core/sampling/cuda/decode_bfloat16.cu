#include "core/sampling/cuda/wholestep.cuh"

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

void wholeBFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks,
                   cudaStream_t stream)
{
    wholeAs<__nv_bfloat16>(network, buffers, rows, blocks, stream);
}

int wholeBlocksBFloat16(NetworkShape shape, int codes)
{
    return wholeBlocksAs<__nv_bfloat16>(shape, codes);
}

} // namespace tessera::core::cuda
