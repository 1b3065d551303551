// Codes of one window, drawn on the device: the host hands noise over and takes results, a row of codes behind.
#pragma once

#include "core/sampling/cuda/decoder.h"
#include "core/sampling/engine.h"

namespace tessera::core::cuda
{

// Draws task.codes codes; `logits` are those of the streams' last tokens, float [streams, codes] on the device. The
// caches hold those tokens. False: stopped. Waits for the device in any case.
bool drawCodes(Decoder &decoder, const DrawTask &task, const at::Tensor &logits, const StopFn &stopped);

} // namespace tessera::core::cuda
