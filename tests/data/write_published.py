"""Turns a .safetensors file into a checkpoint as a training run of the original leaves it.

write_published.py TENSORS.safetensors OUT.ckpt zip|legacy
"""
import collections
import json
import struct
import sys

import numpy
import torch


def tensors_of(path):
    data = open(path, "rb").read()
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + length])
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        assert entry["dtype"] == "F32", name
        begin, end = (8 + length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(data[begin:end], dtype="<f4").reshape(entry["shape"])
        yield name, torch.from_numpy(values.copy())


def main(source, target, container):
    state = collections.OrderedDict(tensors_of(source))
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    # What published files hold beside the networks.
    whole = any(name.startswith("transformer.") for name in state)
    state[("first_stage_model." if whole else "") + "loss.discriminator.main.0.weight"] = torch.ones(4, 3, 4, 4)
    if whole:
        state.setdefault("transformer.blocks.0.attn.mask", torch.tril(torch.ones(1, 1, 8, 8)))
    checkpoint = {
        "epoch": 12,
        "global_step": 345,
        "pytorch-lightning_version": "1.0.8",
        "optimizer_states": [{"state": {0: {"step": 1, "exp_avg": torch.zeros(1000)}}, "param_groups": [{"lr": 1e-4}]}],
        "lr_schedulers": [],
        "state_dict": state,
    }
    torch.save(checkpoint, target, _use_new_zipfile_serialization=container == "zip")


if __name__ == "__main__":
    main(*sys.argv[1:])
