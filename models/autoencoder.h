// VQGAN (Esser et al. 2021, sec. 3.1): encoder, vector quantiser, decoder, with the original's module names.
// Serves as first stage (pictures) and as condition stage (one-hot labels, depth, edges).
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include <ATen/core/Tensor.h>

#include "models/blocks.h"
#include "models/config.h"

namespace tessera::models
{

struct Encoder {
    Conv convIn;
    std::vector<Level> levels;
    MiddleBlock middle;
    GroupNorm normOut;
    Conv convOut;
    int64_t patch = 1;

    // x: float [B, inChannels, H, W] in [-1, 1] -> [B, zChannels, H / f, W / f] (rounded down per level). Undefined
    // when `stop`, which is looked at before each block, ended it.
    at::Tensor forward(const at::Tensor &x, const std::stop_token &stop = {}) const;
};

struct Decoder {
    Conv convIn;
    MiddleBlock middle;
    std::vector<Level> levels; // index 0 is the highest resolution, which runs last
    GroupNorm normOut;
    Conv convOut;
    Conv patchOut; // 3x3 over full-size features after the pixel shuffle; undefined when patch is 1
    int64_t patch = 1;

    // z: float [B, zChannels, h, w] -> [B, outChannels, f h, f w], not clamped. `stop` as of the encoder.
    at::Tensor forward(const at::Tensor &z, const std::stop_token &stop = {}) const;
    // The weight whose gradient balances losses (adaptive weight of the paper, eq. 7).
    const at::Tensor &lastLayer() const { return patchOut.weight.defined() ? patchOut.weight : convOut.weight; }
};

struct Autoencoder {
    AutoencoderConfig config;
    Encoder encoder;
    Decoder decoder;
    at::Tensor used; // quantize.used: int64 [remap.used], the codebook's vector of each code; undefined without remap
    at::Tensor codebook; // quantize.embedding.weight or, Gumbel, quantize.embed.weight [codes, embedDim]
    Conv codeLogits;     // quantize.proj: embedDim -> codes; undefined unless the quantizer is Gumbel
    Conv quantConv;      // quant_conv: zChannels -> embedDim
    Conv postQuantConv;  // post_quant_conv: embedDim -> zChannels; undefined, like `decoder`, in an encoder-only stage

    // Takes every tensor from `source`; throws what the source throws.
    static Autoencoder create(const AutoencoderConfig &config, ParameterSource &source);

    // Encoder output after quant_conv: [B, inChannels, H, W] -> [B, embedDim, h, w]. Here and below undefined when
    // `stop` was requested meanwhile.
    at::Tensor latents(const at::Tensor &x, const std::stop_token &stop = {}) const;
    // Nearest code of each latent (Gumbel: the likeliest), lowest index on ties: [B, embedDim, h, w] -> int64 [B, h, w]
    // below config.drawnCodes(). Distances in float32.
    at::Tensor nearestCodes(const at::Tensor &z) const;
    // int64 [B, h, w] -> codebook vectors [B, embedDim, h, w].
    at::Tensor lookup(const at::Tensor &codes) const;
    // The vector of each code that is drawn: [config.drawnCodes(), embedDim].
    at::Tensor drawnVectors() const;
    // REQUIRES for all that decodes: not encoder-only.
    // Picture -> codes, codes -> picture, quantised latents -> picture.
    at::Tensor encode(const at::Tensor &x, const std::stop_token &stop = {}) const;
    at::Tensor decode(const at::Tensor &codes) const { return decodeLatents(lookup(codes)); }
    at::Tensor decodeLatents(const at::Tensor &zq, const std::stop_token &stop = {}) const;

private:
    // The codebook's row of each code.
    at::Tensor rows(const at::Tensor &codes) const;
    // How badly each vector of the codebook fits each latent: [B h w, codes].
    at::Tensor misfits(const at::Tensor &z) const;
};

} // namespace tessera::models
