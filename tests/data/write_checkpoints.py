"""Writes checkpoints in every form that torch.save has, each beside the same tensors as safetensors.

    python write_checkpoints.py FOLDER

Every NAME.ckpt in FOLDER has a NAME.safetensors with what its state_dict must come out as.
"""

import collections
import json
import pathlib
import struct
import sys
import types

import torch

try:
    import numpy
except ImportError:
    numpy = None

NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
    torch.complex64: "C64",
}
BOTH = (("zip", True), ("legacy", False))


def content(tensor):
    plain = tensor.detach().contiguous().reshape(-1)
    return bytes(plain.view(torch.uint8).tolist()) if plain.numel() else b""


def write_safetensors(path, tensors):
    header, blob = {}, b""
    order = sorted(tensors.items(), key=lambda item: (-item[1].element_size(), item[0]))
    for name, tensor in order:
        data = content(tensor)
        header[name] = {
            "dtype": NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [len(blob), len(blob) + len(data)],
        }
        blob += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + blob)


def save(folder, name, root, tensors, both=BOTH, **options):
    for container, new in both:
        path = folder / f"{name}-{container}"
        torch.save(root, f"{path}.ckpt", _use_new_zipfile_serialization=new, **options)
        write_safetensors(pathlib.Path(f"{path}.safetensors"), tensors)


def random(dtype, *shape):
    numbers = torch.randn(shape) * 50
    if dtype == torch.bool:
        return numbers > 0
    if dtype.is_complex:
        return torch.complex(numbers, torch.randn(shape))
    return numbers.abs().to(dtype) if dtype == torch.uint8 else numbers.to(dtype)


def stand_in(module, name, base=object):
    """A class under a name that this machine need not have, so that its pickle names it."""
    parts = module.split(".")
    for i in range(1, len(parts) + 1):
        sys.modules.setdefault(".".join(parts[:i]), types.ModuleType(".".join(parts[:i])))
    made = type(name, (base,), {"__module__": module})
    setattr(sys.modules[module], name, made)
    return made


def network():
    torch.manual_seed(3)
    return torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.Conv2d(8, 4, 1, bias=False), torch.nn.Linear(4, 5)
    )


def lightning(model, version):
    checkpointing = stand_in("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
    attributes = stand_in("pytorch_lightning.utilities.parsing", "AttributeDict", dict)
    settings = stand_in("omegaconf.dictconfig", "DictConfig")
    metadata = stand_in("omegaconf.base", "ContainerMetadata")
    optimizer = torch.optim.Adam(model.parameters(), lr=4.5e-6, betas=(0.5, 0.9))
    model(torch.randn(1, 3, 6, 6).repeat(2, 1, 1, 1)).square().mean().backward()
    optimizer.step()
    root = {
        "epoch": 7,
        "global_step": 123456789012,
        "pytorch-lightning_version": version,
        "optimizer_states": [optimizer.state_dict()],
        "lr_schedulers": [],
        "state_dict": model.state_dict(),
    }
    options = settings()
    options.__dict__.update(_content={"n_embed": 1024}, _metadata=metadata(), _parent=None)
    if version == "0.9.0":
        root["checkpoint_callback_best_model_score"] = torch.tensor(0.25)
        root["checkpoint_callback_best_model_path"] = "epoch=7.ckpt"
        root["hparams_name"] = "hparams"
        root["hyper_parameters"] = attributes(lr=4.5e-6, config=options)
    else:
        score = numpy.float64(0.25) if numpy else 0.25
        root["callbacks"] = {checkpointing: {"monitor": "val/rec_loss", "best_model_score": score}}
        root["hyper_parameters"] = options
        root["native_amp_scaling_state"] = {"scale": 65536.0, "_growth_tracker": 12}
    return root


def write_types(folder):
    for dtype, name in NAMES.items():
        tensors = {"weight": random(dtype, 3, 5), "scalar": random(dtype), "empty": random(dtype, 0, 4)}
        save(folder, f"type-{name.lower()}", {"state_dict": tensors}, tensors)


def write_views(folder):
    base = torch.arange(60.0).reshape(3, 4, 5)
    views = {
        "base": base,
        "transposed": base.transpose(0, 2),
        "slice": base[1:, ::2, 1:4],
        "row": base[2, 3],
        "same": base,
    }
    save(folder, "views", {"state_dict": views}, views)
    wide = {"wide": torch.arange(4.0).reshape(4, 1).expand(4, 3), "rest": torch.arange(9.0)[5:]}
    save(folder, "expanded", {"state_dict": wide}, wide)
    turned = {"image": torch.randn(1, 3, 4, 4).to(memory_format=torch.channels_last)}
    save(folder, "channels-last", turned, turned)
    one = {"only": torch.randn(2, 2)}
    save(folder, "one", one, one)


def write_models(folder):
    model = network()
    state = model.state_dict()
    save(folder, "ordered", state, state)
    save(folder, "wrapped", {"state_dict": state}, state)
    for version in ("0.9.0", "1.0.8"):
        model = network()
        flat = torch.nn.Sequential(model[0], model[1], model[2])
        root = lightning(flat, version)
        save(folder, f"lightning-{version}", root, root["state_dict"])
    parameters = collections.OrderedDict((name, value) for name, value in model.named_parameters())
    save(folder, "parameters", parameters, parameters)
    tagged = torch.nn.Parameter(torch.randn(3))
    tagged.note = "a parameter with an attribute"
    save(folder, "tagged", {"state_dict": {"tagged": tagged}}, {"tagged": tagged})
    save(folder, "protocol4", {"state_dict": state, "epoch": 3}, state, pickle_protocol=4)
    many = {f"block.{i}.weight": torch.full((3,), float(i)) for i in range(1500)}
    save(folder, "many", {"state_dict": many}, many)


def write_others(folder):
    state = {"weight": torch.randn(4), "größe": torch.ones(2)}
    if numpy is not None:
        grid = numpy.arange(6, dtype=numpy.float32).reshape(2, 3)
        extras = {"grid": grid, "column": numpy.asfortranarray(grid), "step": numpy.int64(7)}
        values = {name: torch.from_numpy(numpy.array(value)) for name, value in extras.items()}
        save(folder, "numpy", {"state_dict": {**state, **extras}}, {**state, **values})
    odd = stand_in("main", "Setup")()
    odd.path = pathlib.PurePosixPath("logs")
    root = {"state_dict": state, "setup": odd, "big": 2**100, "bytes": b"\x00\xff", "set": {1, 2}, "size": torch.Size([1])}
    save(folder, "oddities", root, state)
    subclass = {"weight": torch.randn(3).as_subclass(stand_in("main", "Tagged", torch.Tensor))}
    save(folder, "subclass", {"state_dict": subclass}, {"weight": subclass["weight"].as_subclass(torch.Tensor)})
    torch.serialization.set_crc32_options(False)
    save(folder, "no-checksums", state, state, both=BOTH[:1])
    torch.serialization.set_crc32_options(True)


def write_moved(folder):
    """Storages that claim to come from a graphics card: torch writes the location that a tagger names."""
    torch.serialization.register_package(0, lambda storage: "cuda:3", lambda storage, location: None)
    state = {"weight": torch.randn(4, 4), "half": torch.randn(3).half()}
    save(folder, "from-cuda", {"state_dict": state}, state)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(1)
    write_types(folder)
    write_views(folder)
    write_models(folder)
    write_others(folder)
    write_moved(folder)


if __name__ == "__main__":
    main()
