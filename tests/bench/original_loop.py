"""The original's sampling, as slow as it is: what Tessera's speed is compared with.

For every code the whole window, condition and picture codes together, goes through all layers of the transformer; nothing
is remembered from one code to the next, attention scores are computed between all tokens and masked afterwards, and the
head gives logits of all positions, of which one is used (Esser, Rombach, Ommer: Taming Transformers for High-Resolution
Image Synthesis, CVPR 2021, sec. 3.2; a window of 16 x 16 codes is 511 tokens long). Two copies of all keys and values
that the original makes and never uses are left out, which can only make the loop faster.
"""

import json
import math
import struct

import numpy
import torch
import torch.nn.functional as F

TYPES = {"F32": "<f4", "F16": "<f2", "I8": "i1", "I64": "<i8"}
SCALE = ".scale"  # of a tensor of int8 weights: what a row is multiplied by


def read_model(path):
    """A model's configuration and the transformer's tensors by name, all float32."""
    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    configuration = json.loads(header.pop("__metadata__")["config"])
    data = numpy.memmap(path, dtype=numpy.uint8, mode="r", offset=8 + length)
    prefix, tensors = "transformer.", {}
    for name, entry in header.items():
        if name.startswith(prefix):
            begin, end = entry["data_offsets"]
            values = numpy.asarray(data[begin:end]).view(TYPES[entry["dtype"]]).reshape(entry["shape"])
            tensors[name[len(prefix) :]] = torch.from_numpy(values.astype(numpy.float32))
    for name in [name for name in tensors if name.endswith(SCALE)]:
        tensors[name[: -len(SCALE)]] *= tensors.pop(name)[:, None]
    return configuration, tensors


class Transformer:
    def __init__(self, params, tensors):
        self.heads, self.layers, self.tensors = params["n_head"], params["n_layer"], tensors
        length, unmasked = params["block_size"], params.get("n_unmasked", 0)
        self.hidden = torch.triu(torch.ones(length, length, dtype=torch.bool), 1)
        self.hidden[:unmasked, :unmasked] = False

    def linear(self, name, x):
        return F.linear(x, self.tensors[name + ".weight"], self.tensors.get(name + ".bias"))

    def norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], self.tensors[name + ".weight"], self.tensors[name + ".bias"])

    def attention(self, name, x):
        batch, length, width = x.shape
        k, q, v = (
            self.linear(f"{name}.{part}", x).view(batch, length, self.heads, -1).transpose(1, 2)
            for part in ("key", "query", "value")
        )
        scores = q @ k.transpose(2, 3) * (1 / math.sqrt(width // self.heads))  # [B, heads, T, T]
        scores = scores.masked_fill(self.hidden[:length, :length], -math.inf)
        mixed = (F.softmax(scores, dim=3) @ v).transpose(1, 2).reshape(batch, length, width)
        return self.linear(name + ".proj", mixed)

    def __call__(self, tokens):
        """int64 [B, T] -> float32 [B, T, vocabulary]"""
        x = self.tensors["tok_emb.weight"][tokens] + self.tensors["pos_emb"][:, : tokens.shape[1]]
        for layer in range(self.layers):
            block = f"blocks.{layer}."
            x = x + self.attention(block + "attn", self.norm(block + "ln1", x))
            h = F.gelu(self.linear(block + "mlp.0", self.norm(block + "ln2", x)))
            x = x + self.linear(block + "mlp.2", h)
        return self.linear("head", self.norm("ln_f", x))


class Sampler:
    """Draws codes of one canvas. Controls that an artist sets are 'any'; there is no guidance."""

    def __init__(self, path):
        configuration, tensors = read_model(path)
        model, own = configuration["model"], configuration["model"].get("tessera", {})
        self.transformer = Transformer(model["params"]["transformer_config"]["params"], tensors)
        self.controls = own.get("controls", [])
        self.window = own.get("window", 16)
        first_codes = model["params"]["first_stage_config"]["params"]["n_embed"]
        self.first_code, self.codes = own.get("image_tokens", [0, first_codes])
        condition_codes = model["params"]["cond_stage_config"]["params"]["n_embed"]
        self.first_condition, self.condition_codes = own.get("condition_tokens", [0, condition_codes])

    def origin(self, place, length):
        """Where the window of a code begins along one side."""
        return min(max(place - self.window // 2, 0), length - self.window)

    def control(self, control, top, rows):
        """The token of a control for a window: where it lies in the canvas, or how high the canvas is in windows."""
        values, height = control["values"], rows / self.window
        source, value = control.get("source"), 0
        if source == "row":
            middle = (top + self.window / 2) / rows
            value = 1 + min(int(middle * (len(values) - 1)), len(values) - 2)
        elif source == "height":
            value = min(range(1, len(values)), key=lambda i: abs(float(values[i]) - height))
        return control["first"] + value

    def logits(self, condition, canvas, row, column):
        """Of the code at a place, whatever stands at it and behind it. Grids: int64 [h, w]; float32 [codes]"""
        top, left = self.origin(row, canvas.shape[0]), self.origin(column, canvas.shape[1])
        area = (slice(top, top + self.window), slice(left, left + self.window))
        seen = self.first_condition + condition[area].reshape(-1)
        controls = [self.control(control, top, canvas.shape[0]) for control in self.controls]
        sequence = torch.cat((torch.tensor(controls, dtype=torch.int64), seen, self.first_code + canvas[area].reshape(-1)))
        place = (row - top) * self.window + column - left
        all_logits = self.transformer(sequence[None, :-1])[0, -(self.window**2) :]
        return all_logits[place, self.first_code : self.first_code + self.codes]

    def draw(self, condition, canvas, cells, temperature, top_k):
        """Draws the codes of `cells`, one after the other, into `canvas`. All cells, row by row, make a picture."""
        for row, column in cells:
            logits = self.logits(condition, canvas, row, column) / temperature
            least = torch.topk(logits, min(top_k, self.codes)).values[-1]
            odds = F.softmax(logits.masked_fill(logits < least, -math.inf), dim=0)
            canvas[row, column] = torch.multinomial(odds, 1)[0]
