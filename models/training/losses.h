// The terms of the VQGAN's training loss beside the perceptual one (Esser et al. 2021, sec. 3.1). All are
// float32 scalars that carry gradients to their first argument, whatever the type of the input.
#pragma once

#include <vector>

#include <ATen/core/Tensor.h>

namespace tessera::models
{

// Mean absolute difference.
at::Tensor l1Loss(const at::Tensor &x, const at::Tensor &target);

// L1 over a Laplacian pyramid with `levels` levels (the last is what remains of the low frequencies); weights
// double from coarse to fine and sum to one. REQUIRES: sides of at least 2^(levels - 1).
at::Tensor laplacianPyramidLoss(const at::Tensor &x, const at::Tensor &target, int levels = 4);

// Hinge losses on the patch logits (Lim and Ye 2017): real ones are pushed above 1, generated ones below -1.
at::Tensor discriminatorHingeLoss(const at::Tensor &realLogits, const at::Tensor &fakeLogits);
// The generator raises the logits of what it makes.
at::Tensor generatorLoss(const at::Tensor &fakeLogits);

// Mean over the discriminator's stages of the L1 between features (Wang et al. 2018, pix2pixHD). Real ones
// are detached.
at::Tensor featureMatchingLoss(const std::vector<at::Tensor> &fake, const std::vector<at::Tensor> &real);

// d loss / d x; the graph is kept for the pass that follows. Zeros when the loss does not depend on x.
at::Tensor lossGradient(const at::Tensor &loss, const at::Tensor &x);
// The same of a weight that `output` was made with, where d loss / d output is known.
at::Tensor gradientThrough(const at::Tensor &output, const at::Tensor &outputGradient, const at::Tensor &weight);

// The adversarial term's weight that balances it with the reconstruction at the decoder's last layer:
// |reconstruction gradient| / (|adversarial gradient| + 1e-4), at most `maximum`. The paper's eq. 7 writes
// 1e-6, the authors' code has 1e-4. A scalar without gradient; 0 when a gradient is not finite.
at::Tensor adaptiveWeight(const at::Tensor &reconstructionGradient, const at::Tensor &adversarialGradient,
                          double maximum = 1e4);

} // namespace tessera::models
