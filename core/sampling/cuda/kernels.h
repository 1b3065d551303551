// CUDA kernels of the transformer behind plain pointers to device memory; nothing of LibTorch. Every function only
// queues work on the stream; errors show in cudaGetLastError(). Heads are kHeadDim wide.
#pragma once

#include <cstdint>

#include <cuda_runtime_api.h>

namespace tessera::core::cuda
{

enum class Format { Float32, BFloat16, Float16 }; // of weights, keys and values, and what products read

inline constexpr int kHeadDim = 64;
inline constexpr int kSplitKeys = 128;        // keys that one block of attention looks at
inline constexpr int kMostDecodeRows = 8;     // of decodeStep
inline constexpr int kMostDecodeWidth = 1024; // embedding of decodeStep
inline constexpr int kMostDrawnCodes = 1024;  // picture codes of drawCode

// One token on its way through the network.
struct TokenRow {
    void *cache;      // of its window: [layers, keys and values, heads, blockSize, kHeadDim]; null: the row is not used
    int32_t position; // in the window
    int32_t token;    // vocabulary id
};

struct NetworkShape {
    int layers, heads, embedding, blockSize;
    int unmasked; // leading tokens that see each other

    int splits() const { return (blockSize + kSplitKeys - 1) / kSplitKeys; }
};

struct NormWeights {
    const float *weight, *bias; // [embedding]
};

// What attention leaves of a row, before its parts are put together.
struct AttentionParts {
    float *mixed; // [rows, heads, splits, kHeadDim]: values weighed by exp(score - greatest score)
    float2 *
        weights; // [rows, heads, splits]: that greatest score, and the sum of the weights; 0 where nothing was looked at
};

// x[row] = tokens[token] + positions[position]: float [rows, embedding].
void embed(const TokenRow *rows, int count, const float *tokens, const float *positions, int embedding, float *x,
           cudaStream_t stream);

// x += added + bias (added null: nothing), then out = LayerNorm(x), in `format`, or in float if `wide`. `added` is in
// `format`, the bias [embedding]. REQUIRES: embedding a multiple of 4, at most 4096.
void addNorm(Format format, float *x, const void *added, const float *bias, NormWeights norm, int rows, int embedding,
             void *out, bool wide, cudaStream_t stream);

// values [rows, width] += bias [width], then GELU in its erf form, in place. REQUIRES: width a multiple of 4.
void biasGelu(Format format, void *values, const float *bias, int rows, int width, cudaStream_t stream);

// Adds the bias [query, key and value, embedding] to [rows, query, key and value, embedding], and puts keys and values
// where they belong in the rows' caches.
void storeKeysValues(Format format, const TokenRow *rows, int count, void *queryKeyValue, const float *bias,
                     NetworkShape shape, int layer, cudaStream_t stream);

// Attention of each row over the keys and values in its cache up to its own position: out [rows, embedding]. Row r's
// query begins at queries + r * stride. REQUIRES: count <= 65535; those keys and values are stored.
void attendRows(Format format, const TokenRow *rows, int count, const void *queries, int stride, NetworkShape shape,
                int layer, AttentionParts parts, void *out, cudaStream_t stream);

struct BlockWeights {
    NormWeights norm1, norm2;
    const void *queryKeyValue, *proj, *up, *down; // [outputs, inputs]
    const float *queryKeyValueBias, *projBias, *upBias, *downBias;
};

// Of a kernel whose blocks wait for each other; zero at first.
struct WholeState {
    uint32_t arrived;
    uint32_t lost; // not 0: a block waited in vain in a step that was not recorded; its results are void
};

struct DecodeBuffers {
    TokenRow *rows;             // [kMostDecodeRows]
    float *x;                   // [rows, embedding]
    float *query;               // [rows, embedding]
    float *hidden;              // [rows, 4 * embedding]
    float *logits;              // [rows, codes]
    AttentionParts parts;       // of kMostDecodeRows rows
    const BlockWeights *blocks; // [layers], device memory; for wholeStep() alone, as what follows
    WholeState *state;
};

struct DecodeNetwork {
    Format format;
    NetworkShape shape;
    const BlockWeights *blocks; // host memory
    NormWeights finalNorm;
    const float *tokens, *positions; // embeddings
    const float *head;               // [codes, embedding]
    int codes;
};

// One token for each of so many rows (1, 2, 4 or 8): buffers.rows -> buffers.logits, keys and values into the caches.
// `overlap`: kernels fetch their weights while the one before still runs, where the device can.
// REQUIRES: prepareDecode() on this device before; embedding <= kMostDecodeWidth.
void decodeStep(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, bool overlap,
                cudaStream_t stream);

// decodeStep() for 1 or 2 rows as one kernel that stays on the device from layer to layer. `blocks`: of
// wholeStepBlocks() with the same codes, not 0. Look at buffers.state->lost after the first one.
void wholeStep(const DecodeNetwork &network, const DecodeBuffers &buffers, int rows, int blocks, cudaStream_t stream);

// Blocks of a wholeStep() on the current device, one a processor; 0 where the device or the network does not suit. Not
// within a capture.
int wholeStepBlocks(Format format, NetworkShape shape, int codes);

// The most rows decodeStep() has the memory for on the current device: 0, 1, 2, 4 or 8. Not within a capture.
int prepareDecode(Format format, int embedding);

// How codes are drawn, in device memory; as core/sampling/samplingparams.h.
struct DrawParameters {
    double temperature, topP;
    float guidance;
    int32_t topK;
    int32_t greedy;
};

struct DrawBuffers {
    const DrawParameters *parameters;
    int32_t *step;      // which of the places below the next code takes; counted on
    const float *noise; // [places, codes]
    float *guided;      // [places, codes]: the guided logits
    int32_t *drawn;     // [places]
};

// Draws a code from logits [streams, codes] (one stream, or with guidance the conditional and the unconditional one),
// as core/sampling/distribution.h does, and makes it the token of `rows`, one position on. `first` is the vocabulary id
// of code 0. REQUIRES: codes <= kMostDrawnCodes.
void drawCode(const float *logits, int streams, int codes, int first, DrawBuffers buffers, TokenRow *rows,
              cudaStream_t stream);

} // namespace tessera::core::cuda
