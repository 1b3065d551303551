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

void wholeStep(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks, cudaStream_t stream)
{
    switch (network.format) {
    case Format::Float32:
        return wholeFloat32(network, buffers, rows, blocks, stream);
    case Format::BFloat16:
        return wholeBFloat16(network, buffers, rows, blocks, stream);
    case Format::Float16:
        return wholeFloat16(network, buffers, rows, blocks, stream);
    }
}

int wholeStepBlocks(Format format, NetworkShape shape, int codes)
{
    switch (format) {
    case Format::Float32:
        return wholeBlocksFloat32(shape, codes);
    case Format::BFloat16:
        return wholeBlocksBFloat16(shape, codes);
    case Format::Float16:
        return wholeBlocksFloat16(shape, codes);
    }
    return 0;
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
