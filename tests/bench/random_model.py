"""Writes models with random weights in the published layout: a transformer of the wanted size between small VQGANs.

Speed does not depend on what the weights are. The first and the condition stage are small ones, since the time to decode is
not compared; codes have 16 pixels a side.
"""

import json
import os
import pathlib
import struct
import sys

import torch

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "data"))
from write_families import sflckr  # noqa: E402

SIZES = {
    "20M": {"n_layer": 8, "n_head": 7, "n_embd": 448},
    "310M": {"n_layer": 24, "n_head": 16, "n_embd": 1024},
}


class Sized(sflckr):
    codes = condition_codes = 1024

    def __init__(self, size):
        self.settings = {"gpt": SIZES[size]}
        super().__init__()

    def tensors(self):
        for stage, channels in ((self.first, 3), (self.stage, self.planes)):  # a use of each tensor makes it
            stage.encode(torch.zeros(1, channels, 32, 32))
            stage.decode(torch.zeros(2, 2, dtype=torch.int64))
        self.gpt.logits(torch.zeros(1, 4, dtype=torch.int64))
        return self.weights.store


def write_safetensors(path, tensors, metadata):
    header, at = {"__metadata__": metadata}, 0
    for name, tensor in sorted(tensors.items()):
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for _, tensor in sorted(tensors.items()):
            tensor.contiguous().numpy().tofile(file)


def write(size, path):
    unfinished = path.with_suffix(".unfinished")
    with torch.inference_mode():
        model = Sized(size)
        write_safetensors(unfinished, model.tensors(), {"config": json.dumps(model.configuration())})
    os.replace(unfinished, path)
