"""Writes the binary corpora of the fuzzing targets anew: small sound files of every form.

    python tests/fuzz/write_corpus.py
"""
import collections
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "data"))

import torch

import write_checkpoints
from write_checkpoints import lightning, stand_in, write_safetensors

CORPUS = ROOT / "fuzz" / "corpus"


def small_network():
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Conv2d(2, 1, 1))


def roots():
    state = small_network().state_dict()
    base = torch.arange(12.0).reshape(3, 4)
    views = {"base": base, "turned": base.t(), "part": base[1:, ::2], "same": base, "empty": torch.zeros(0, 4)}
    types = {str(i): write_checkpoints.random(dtype, 2, 2) for i, dtype in enumerate(write_checkpoints.NAMES)}
    odd = stand_in("main", "Setup")()
    odd.path = pathlib.PurePosixPath("logs")
    yield "one", {"only": torch.ones(2)}
    yield "ordered", state
    yield "views", {"state_dict": views}
    yield "types", {"state_dict": types}
    yield "parameters", collections.OrderedDict(small_network().named_parameters())
    yield "oddities", {"state_dict": {"a": torch.ones(1)}, "setup": odd, "big": 2**100, "set": {1}, "bytes": b"\xff"}
    for version in ("0.9.0", "1.0.8"):
        yield "lightning-" + version, lightning(small_network(), version)


def write_all():
    # Without checksums a change of the pickle goes past the first gate.
    torch.serialization.set_crc32_options(False)
    for name, root in roots():
        for container, new in (("zip", True), ("legacy", False)):
            torch.save(root, CORPUS / container / f"{name}.ckpt", _use_new_zipfile_serialization=new)
    torch.save({"a": torch.ones(1)}, CORPUS / "zip" / "protocol4.ckpt", pickle_protocol=4)
    for name, tensors in (
        ("one", {"a": torch.ones(2)}),
        ("types", {n: torch.zeros(1, 2).to(t) for t, n in write_checkpoints.NAMES.items()}),
        ("shapes", {"scalar": torch.tensor(1.0), "empty": torch.zeros(0, 3), "deep": torch.ones(1, 1, 1, 2, 1, 1)}),
        ("none", {}),
    ):
        write_safetensors(CORPUS / "safetensors" / f"{name}.safetensors", tensors)
    header = b'{"__metadata__":{"config":"{}"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}   '
    (CORPUS / "safetensors" / "metadata.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + b"\0" * 4)


if __name__ == "__main__":
    for folder in ("zip", "legacy", "safetensors"):
        shutil.rmtree(CORPUS / folder, ignore_errors=True)
        (CORPUS / folder).mkdir(parents=True)
    write_all()
