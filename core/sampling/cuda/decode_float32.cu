#include "core/sampling/cuda/wholestep.cuh"

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

void wholeFloat32(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks, cudaStream_t stream)
{
    wholeAs<float>(network, buffers, rows, blocks, stream);
}

int wholeBlocksFloat32(NetworkShape shape, int codes)
{
    return wholeBlocksAs<float>(shape, codes);
}

} // namespace tessera::core::cuda
