#include "core/sampling/cuda/wholestep.cuh"

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

void wholeFloat16(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks, cudaStream_t stream)
{
    wholeAs<__half>(network, buffers, rows, blocks, stream);
}

int wholeBlocksFloat16(NetworkShape shape, int codes)
{
    return wholeBlocksAs<__half>(shape, codes);
}

} // namespace tessera::core::cuda
