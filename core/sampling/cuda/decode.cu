#include "core/sampling/cuda/decode.cuh"

namespace tessera::core::cuda
{

void decodeStep(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap, cudaStream_t stream)
{
    switch (network.format) {
    case Format::Float32:
        return decodeFloat32(network, buffers, rows, overlap, stream);
    case Format::BFloat16:
        return decodeBFloat16(network, buffers, rows, overlap, stream);
    case Format::Float16:
        return decodeFloat16(network, buffers, rows, overlap, stream);
    }
}

int prepareDecode(Format format, int embedding)
{
    switch (format) {
    case Format::Float32:
        return prepareFloat32(embedding);
    case Format::BFloat16:
        return prepareBFloat16(embedding);
    case Format::Float16:
        return prepareFloat16(embedding);
    }
    return 0;
}

} // namespace tessera::core::cuda
