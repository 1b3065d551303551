"""Writes published models in little, what they are given, and what must come out of them.

    python write_families.py FOLDER FAMILY...

FOLDER/FAMILY/model is a run of the original: configs/*-project.yaml and checkpoints/last.ckpt, with random weights under
the original's names. FOLDER/FAMILY/NAME.png is the map of the canvas NAME, and FOLDER/FAMILY/expected.safetensors holds
for each canvas NAME.condition, NAME.codes and NAME.picture as reference.py computes them, and a picture "input" with its
"input.codes".
"""
import collections
import json
import pathlib
import struct
import sys
import zlib

import numpy
import torch

import reference
from reference import Gpt, Stage, Weights

CANVASES = {"square": (16, 16), "wide": (16, 18), "tall": (17, 16)}  # rows and columns of codes
TYPES = {torch.int64: "I64", torch.float32: "F32", torch.uint8: "U8"}


def write_safetensors(path, tensors):
    header, blobs, at = {}, [], 0
    for name, tensor in sorted(tensors.items()):
        blobs.append(tensor.contiguous().numpy().tobytes())
        header[name] = {"dtype": TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(blobs[-1])]}
        at += len(blobs[-1])
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def write_png(path, pixels):
    """uint8 [H, W] gray or [H, W, 4]"""
    height, width = pixels.shape[:2]
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    kind = 6 if pixels.ndim == 3 else 0
    header = struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def yaml(node, indent=0):
    lines = []
    for key, value in node.items():
        if isinstance(value, dict) and value:
            lines += [" " * indent + f"{key}:"] + yaml(value, indent + 2)
        else:
            lines.append(" " * indent + f"{key}: {value if isinstance(value, str) else json.dumps(value)}")
    return lines


def stage_params(channels, codes, multipliers, z=8, embed=4, attention=16):
    dd = {"double_z": False, "z_channels": z, "resolution": 256, "in_channels": channels, "out_ch": channels, "ch": 32}
    dd |= {"ch_mult": multipliers, "num_res_blocks": 1, "attn_resolutions": [attention], "dropout": 0.0}
    return {"embed_dim": embed, "n_embed": codes, "ddconfig": dd, "lossconfig": {"target": "taming.modules.losses.DummyLoss"}}


def node(target, params=None):
    return {"target": target} | ({} if params is None else {"params": params})


F16 = [1, 1, 1, 1, 1]
VQ = "taming.models.vqgan.VQModel"


class Family:
    """One model: its networks, its configuration, and what the transformer is conditioned on."""

    first_target, multipliers, codes, first_options = VQ, F16, 48, {}
    tokens = 256  # before the picture's
    settings = {}
    canvases = CANVASES
    beyond = 0

    def __init__(self):
        self.weights = Weights(sum(map(ord, type(self).__name__)))
        self.first_params = stage_params(3, self.codes, self.multipliers, **self.first_options)
        self.first = Stage(self.weights.below("first_stage_model"), self.first_params, "Gumbel" in self.first_target)
        gpt = {"vocab_size": self.codes, "block_size": max(256, 256 + self.tokens), "n_layer": 2, "n_head": 2, "n_embd": 32}
        if self.tokens == 1:
            gpt["block_size"] = 256
        self.gpt_params = gpt | self.settings.get("gpt", {})
        self.gpt = Gpt(self.weights.below("transformer"), self.gpt_params)
        self.random = torch.Generator().manual_seed(7)

    def configuration(self):
        params = {
            "cond_stage_key": self.key,
            "transformer_config": node("taming.modules.transformer.mingpt.GPT", self.gpt_params),
            "first_stage_config": node(self.first_target, self.first_params),
            "cond_stage_config": self.condition_config(),
        } | self.settings.get("model", {})
        return {"model": {"base_learning_rate": 4.5e-06} | node("taming.models.cond_transformer.Net2NetTransformer", params)}

    def extra_tensors(self):
        return {}

    def optimizer_state(self):
        return {0: {"step": 1, "exp_avg": torch.zeros(1000)}}

    def blocks(self, height, width, values, side=24):
        """A map of blocks of `values`, int64 [H, W]."""
        coarse = values[torch.randint(len(values), (height // side + 1, width // side + 1), generator=self.random)]
        return coarse.repeat_interleave(side, 0).repeat_interleave(side, 1)[:height, :width]

    def run(self, folder):
        expected = {}
        factor = 2 ** (len(self.multipliers) - 1)
        for name, (rows, columns) in self.canvases.items():
            height, width = rows * factor, columns * factor
            if name == "tall":  # pixels beyond whole codes, which the encoder sees
                height, width = height + self.beyond, width + self.beyond // 2
            condition = self.condition(folder / f"{name}.png", height, width)
            codes = self.sample(condition, rows, columns)
            assert len(codes.unique()) > 8, "the codes are too much alike to prove anything"
            expected |= {f"{name}.condition": condition, f"{name}.codes": codes, f"{name}.picture": self.first.decode(codes)}
        self.reconstruct(expected)
        return expected

    def reconstruct(self, expected):
        """Encoding takes tensors that decoding does not; their codes are checked as well."""
        factor = 2 ** (len(self.multipliers) - 1)
        noise = torch.rand(1, 3, 4 * factor + 3, 5 * factor + 1, generator=self.random)
        picture = torch.nn.functional.avg_pool2d(noise, 5, 1, 2) * 4 - 2
        bytes_ = ((picture.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
        expected["input"] = bytes_[0].permute(1, 2, 0).contiguous()  # [H, W, 3]
        expected["input.codes"] = self.first.encode(bytes_.float() / 127.5 - 1)

    def sample(self, condition, rows, columns):
        return reference.greedy(self.gpt, condition, rows, columns)


class FromMap(Family):
    condition_codes, beyond = 32, 11
    stage_options = {}

    def __init__(self):
        super().__init__()
        self.stage_params = stage_params(self.planes, self.condition_codes, F16) | self.stage_options
        self.stage = Stage(self.weights.below("cond_stage_model"), self.stage_params)

    def condition_config(self):
        return node(VQ, self.stage_params)

    def extra_tensors(self):
        self.stage.decode(torch.zeros(2, 2, dtype=torch.int64))  # its decoder is in the files as well
        return {}


class FromLabels(FromMap):
    key = "segmentation"

    def condition(self, path, height, width):
        labels = self.blocks(height, width, self.values())
        write_png(path, labels.to(torch.uint8).numpy())
        return self.stage.encode(reference.one_hot(self.plane_of(labels), self.planes))

    def plane_of(self, labels):
        return labels


class sflckr(FromLabels):
    planes = 182

    def values(self):
        return torch.tensor([0, 105, 118, 123, 148, 156, 157, 168, 181])


class coco(FromLabels):
    planes, codes = 183, 64

    def values(self):
        return torch.tensor([0, 1, 20, 92, 105, 156, 181, 255])

    def plane_of(self, labels):  # in a byte, where 255 + 1 is 0
        return (labels + 1) % 256


class ade20k(FromLabels):
    planes = 151
    stage_options = {"colorize_nlabels": 151}
    settings = {"gpt": {"embd_pdrop": 0.1, "resid_pdrop": 0.1, "attn_pdrop": 0.1}}

    def values(self):
        return torch.tensor([0, 1, 3, 5, 17, 22, 27, 69, 150])

    def extra_tensors(self):
        return super().extra_tensors() | {"cond_stage_model.colorize": torch.randn(3, 151, 1, 1)}


class drin(FromMap):
    """Depth files hold one little-endian float in the four bytes of a pixel."""

    key, planes = "depth", 1

    def condition(self, path, height, width):
        y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        depth = 4000 * torch.sin(x / 31) * torch.cos(y / 23) + 3900 + self.blocks(height, width, torch.arange(5) * 300)
        depth = depth.float().contiguous()
        write_png(path, depth.numpy().view(numpy.uint8).reshape(height, width, 4))
        return self.stage.encode(reference.depth_input(depth))


class faceshq(Family):
    key, codes, levels, factor = "coord", 1024, 1024, 16

    def condition_config(self):
        return node("taming.modules.misc.coord.CoordStage", {"n_embed": self.levels, "down_factor": self.factor})

    def condition(self, path, height, width):
        return reference.coordinate_codes(height, width, self.levels, self.factor)


class celebahq(Family):
    key, tokens, canvases = "coord", 1, {"square": (16, 16)}
    settings = {"model": {"unconditional": False}}

    def condition_config(self):
        return "__is_unconditional__"

    def condition(self, path, height, width):
        return torch.tensor([0])


class ffhq(celebahq):
    """The start token may be any."""

    settings = {"model": {"sos_token": 5}}

    def condition(self, path, height, width):
        return torch.tensor([5])


class cin(celebahq):
    key = "class_label"
    settings = {}

    def condition_config(self):
        return node("taming.modules.util.Labelator", {"n_classes": 10})

    def condition(self, path, height, width):
        return torch.tensor([7])


class gumbel(Family):
    """The first stage of 8 pixels a code that a layer of its own chooses."""

    key, first_target, multipliers, first_options = "coord", "taming.models.vqgan.GumbelVQ", [1, 1, 1, 1], {"embed": 8, "attention": 32}
    condition_config, condition = faceshq.condition_config, faceshq.condition
    codes, levels, factor = 96, 96, 8
    canvases = {"square": (16, 16), "wide": (16, 17)}


class ldm(Family):
    """The first stages of latent diffusion: other widths, as many latents as numbers in a code."""

    key, first_target, multipliers = "coord", "ldm.models.autoencoder.VQModelInterface", [1, 2, 2, 4]
    first_options = {"z": 4, "embed": 4, "attention": 32}
    condition_config, condition = faceshq.condition_config, faceshq.condition
    codes, levels, factor = 80, 80, 8
    canvases = {"square": (16, 16)}


class listed(Family):
    """Only some vectors of the codebook are codes; pictures are encoded with the best of them."""

    key, multipliers, canvases = "coord", [1, 1], {"square": (16, 16)}
    condition_config, condition = faceshq.condition_config, faceshq.condition
    codes, levels, factor = 60, 60, 2
    vectors, used, unknown = 90, 60, "random"

    def __init__(self):
        super().__init__()
        remap = {"n_embed": self.vectors, "remap": "data/used_codes.npy", "unknown_index": self.unknown}
        self.first_params.update(remap)
        self.first.used = torch.randperm(self.vectors, generator=self.random)[: self.used]

    def extra_tensors(self):
        return {"first_stage_model.quantize.used": self.first.used}


class listed_extra(listed):
    """The others have a code of their own."""

    used, unknown = 59, "extra"


class listed_fixed(listed):
    """The others become one of the list."""

    unknown = 3


class again(FromMap):
    """The first stage is the condition stage as well, and its weights are in the file under both names."""

    key, planes, multipliers, canvases = "edges", 3, [1, 1], {"square": (16, 16)}
    stored_twice = True

    def __init__(self):
        super().__init__()
        self.stage = self.first

    def condition_config(self):
        return "__is_first_stage__"

    def condition(self, path, height, width):
        gray = self.blocks(height, width, torch.tensor([0, 255]), 3).to(torch.uint8)
        write_png(path, gray.numpy())
        lines = gray.float() / 255  # 0 and 1, as Canny gives them
        return self.stage.encode(lines.expand(1, 3, height, width))

    def extra_tensors(self):
        twins = {name: tensor for name, tensor in self.weights.store.items() if name.startswith("first_stage_model.")}
        return {name.replace("first", "cond", 1): tensor for name, tensor in twins.items()} if self.stored_twice else {}


class once(again):
    """The same in a file that leaves the second name out."""

    stored_twice = False


class unmasked(Family):
    """The condition sees itself in both directions."""

    key, multipliers, canvases = "coord", [1, 1], {"tall": (17, 16)}
    condition_config, condition = faceshq.condition_config, faceshq.condition
    codes, levels, factor = 48, 48, 2
    settings = {"gpt": {"n_unmasked": 256}}


class Ordered(Family):
    key, multipliers, canvases = "coord", [1, 1], {"square": (16, 16)}
    condition_config, condition = faceshq.condition_config, faceshq.condition
    codes, levels, factor = 48, 48, 2

    def __init__(self):
        super().__init__()
        self.order = reference.permuter_order(type(self).__name__)
        permuter = node("taming.modules.transformer.permuter." + type(self).__name__, {"H": 16, "W": 16})
        self.settings = {"model": {"permuter_config": permuter}}

    def sample(self, condition, rows, columns):
        return reference.greedy_in_order(self.gpt, condition, self.order)

    def extra_tensors(self):
        forward = torch.as_tensor(self.order)
        return {"permuter.forward_shuffle_idx": forward, "permuter.backward_shuffle_idx": torch.argsort(forward)}


class Reversed(Ordered):
    """What the file holds is not what its configuration says."""

    def __init__(self):
        Family.__init__(self)
        self.order = reference.permuter_order("SpiralIn")
        permuter = node("taming.modules.transformer.permuter.SpiralOut", {"H": 16, "W": 16})
        self.settings = {"model": {"permuter_config": permuter}}


class scored(sflckr):
    """Given codes, judged from the windows of two policies."""

    canvases = {"tall": (18, 17)}

    def run(self, folder):
        rows, columns = self.canvases["tall"]
        condition = self.condition(folder / "tall.png", rows * 16, columns * 16)
        codes = torch.randint(self.codes, (rows, columns), generator=self.random)
        exact = reference.score(self.gpt, condition, codes, reference.published_start)
        block = reference.score(self.gpt, condition, codes, reference.block_start(4))
        self.first.encode(torch.zeros(1, 3, 32, 32)), self.first.decode(codes[:2, :2])
        return {"tall.condition": condition, "tall.codes": codes, "exact": exact, "block": block}


class fullsize(sflckr):
    """S-FLCKR as large as it was published, Adam's moments and masks included: 4.3 GB. Nothing is expected of it but that
    it opens; no test asks for it."""

    def __init__(self):
        Family.__init__(self)
        full = {"ch": 128, "ch_mult": [1, 1, 2, 2, 4], "num_res_blocks": 2, "z_channels": 256}
        for stage in (self.first_params, stage_params(182, 1024, F16)):
            stage |= {"embed_dim": 256, "n_embed": 1024, "ddconfig": stage["ddconfig"] | full}
        self.stage_params = stage
        self.first = Stage(self.weights.below("first_stage_model"), self.first_params)
        self.stage = Stage(self.weights.below("cond_stage_model"), self.stage_params)
        self.gpt_params |= {"vocab_size": 1024, "n_layer": 24, "n_head": 16, "n_embd": 1024}
        self.gpt.params = self.gpt_params

    def run(self, folder):
        write_png(folder / "square.png", self.blocks(256, 256, self.values()).to(torch.uint8).numpy())
        for stage, channels in ((self.first, 3), (self.stage, 182)):
            stage.encode(torch.zeros(1, channels, 32, 32)), stage.decode(torch.zeros(2, 2, dtype=torch.int64))
        self.gpt.logits(torch.zeros(1, 4, dtype=torch.int64))
        return {}

    def extra_tensors(self):
        mask = torch.tril(torch.ones(512, 512))[None, None]
        return {f"transformer.blocks.{layer}.attn.mask": mask.clone() for layer in range(24)}

    def optimizer_state(self):
        trained = [tensor for name, tensor in self.weights.store.items() if name.startswith("transformer.")]
        return {
            i: {"step": 1, "exp_avg": torch.zeros_like(tensor), "exp_avg_sq": torch.zeros_like(tensor)}
            for i, tensor in enumerate(trained)
        }


ORDERS = ("Subsample", "ZCurve", "SpiralOut", "SpiralIn", "Random", "AlternateParsing")
FAMILIES = {name: type(name, (Ordered,), {}) for name in ORDERS}
FAMILIES |= {
    made.__name__: made
    for made in (sflckr, coco, ade20k, drin, faceshq, celebahq, ffhq, cin, gumbel, ldm, listed, listed_extra, listed_fixed, again, once, unmasked, scored, Reversed, fullsize)
}


def write_checkpoint(path, tensors, optimizer_state, legacy):
    state = collections.OrderedDict(sorted(tensors.items()))
    state._metadata = collections.OrderedDict({"": {"version": 1}})
    state["first_stage_model.loss.discriminator.main.0.weight"] = torch.ones(4, 3, 4, 4)
    state.setdefault("transformer.blocks.0.attn.mask", torch.tril(torch.ones(1, 1, 8, 8)))
    adam = {"state": optimizer_state, "param_groups": [{"lr": 4.5e-6}]}
    checkpoint = {"epoch": 12, "global_step": 345, "pytorch-lightning_version": "1.0.8", "callbacks": {}}
    checkpoint |= {"optimizer_states": [adam], "lr_schedulers": [], "state_dict": state}
    torch.save(checkpoint, path, _use_new_zipfile_serialization=not legacy)


def write_family(folder, name):
    for part in ("configs", "checkpoints"):
        (folder / "model" / part).mkdir(parents=True, exist_ok=True)
    with torch.inference_mode():
        family = FAMILIES[name]()
        expected = family.run(folder)
        tensors = family.weights.store | family.extra_tensors()
    # The runs of November 2020 were written in the old container.
    legacy = name in ("sflckr", "ade20k", "drin", "faceshq", "fullsize")
    write_checkpoint(folder / "model" / "checkpoints" / "last.ckpt", tensors, family.optimizer_state(), legacy)
    text = "\n".join(yaml(family.configuration())) + "\n"
    (folder / "model" / "configs" / "2020-11-09T13-31-51-project.yaml").write_text(text)
    write_safetensors(folder / "expected.safetensors", expected)


def main(target, *names):
    torch.set_num_threads(1)  # threads that wait for each other cost more than they bring on a busy machine
    for name in names:
        write_family(pathlib.Path(target) / name, name)


if __name__ == "__main__":
    main(*sys.argv[1:])
