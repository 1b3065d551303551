"""The paper's networks and its sampling, straightforwardly: what other implementations are held to.

Nothing is cached, batched or skipped: for every code the whole window goes through the transformer. Networks are
functions of a Weights object, which makes a tensor the first time that its name is asked for.
"""
import itertools
import math

import numpy
import torch
import torch.nn.functional as F


class Weights:
    """Random tensors by name; `below(prefix)` is the same store seen from a module."""

    def __init__(self, seed, store=None, prefix=""):
        self.seed = seed
        self.store = {} if store is None else store
        self.prefix = prefix

    def below(self, prefix):
        return Weights(self.seed, self.store, self.prefix + prefix + ".")

    def __call__(self, name, *shape, scale=1.0, mean=0.0):
        name = self.prefix + name
        if name not in self.store:
            generator = torch.Generator().manual_seed(self.seed * 1000003 + sum(ord(c) * 31**i for i, c in enumerate(name)) % 2**31)
            self.store[name] = mean + scale * torch.randn(shape, generator=generator)
        assert tuple(self.store[name].shape) == shape, (name, shape)
        return self.store[name]

    def conv(self, name, x, channels, kernel, padding=0, stride=1):
        inputs = x.shape[1]
        weight = self(name + ".weight", channels, inputs, kernel, kernel, scale=1.3 / math.sqrt(inputs * kernel**2))
        return F.conv2d(x, weight, self(name + ".bias", channels, scale=0.1), stride=stride, padding=padding)

    def linear(self, name, x, width):
        weight = self(name + ".weight", width, x.shape[-1], scale=1.2 / math.sqrt(x.shape[-1]))
        return x @ weight.T + self(name + ".bias", width, scale=0.1)

    def affine(self, name, channels):
        return self(name + ".weight", channels, scale=0.1, mean=1.0), self(name + ".bias", channels, scale=0.1)

    def group_norm(self, name, x):
        return F.group_norm(x, 32, *self.affine(name, x.shape[1]), eps=1e-6)

    def layer_norm(self, name, x):
        return F.layer_norm(x, x.shape[-1:], *self.affine(name, x.shape[-1]), eps=1e-5)


def swish(x):
    return x * torch.sigmoid(x)


def res_block(w, name, x, channels):
    h = w.conv(name + ".conv1", swish(w.group_norm(name + ".norm1", x)), channels, 3, 1)
    h = w.conv(name + ".conv2", swish(w.group_norm(name + ".norm2", h)), channels, 3, 1)
    return h + (x if x.shape[1] == channels else w.conv(name + ".nin_shortcut", x, channels, 1))


def attention_block(w, name, x):
    batch, channels, height, width = x.shape
    h = w.group_norm(name + ".norm", x)
    q, k, v = (w.conv(f"{name}.{part}", h, channels, 1).reshape(batch, channels, -1) for part in "qkv")
    scores = torch.softmax(q.transpose(1, 2) @ k * channels**-0.5, dim=2)  # over keys
    mixed = (v @ scores.transpose(1, 2)).reshape(batch, channels, height, width)
    return x + w.conv(name + ".proj_out", mixed, channels, 1)


def middle(w, h):
    h = res_block(w, "mid.block_1", h, h.shape[1])
    return res_block(w, "mid.block_2", attention_block(w, "mid.attn_1", h), h.shape[1])


def encoder(w, dd, x):
    h = w.conv("conv_in", x, dd["ch"], 3, 1)
    resolution = dd["resolution"]
    for level, multiplier in enumerate(dd["ch_mult"]):
        for block in range(dd["num_res_blocks"]):
            h = res_block(w, f"down.{level}.block.{block}", h, dd["ch"] * multiplier)
            if resolution in dd["attn_resolutions"]:
                h = attention_block(w, f"down.{level}.attn.{block}", h)
        if level + 1 < len(dd["ch_mult"]):
            h = w.conv(f"down.{level}.downsample.conv", F.pad(h, (0, 1, 0, 1)), h.shape[1], 3, 0, 2)
            resolution //= 2
    return w.conv("conv_out", swish(w.group_norm("norm_out", middle(w, h))), dd["z_channels"], 3, 1)


def decoder(w, dd, z):
    last = len(dd["ch_mult"]) - 1
    resolution = dd["resolution"] // 2**last
    h = middle(w, w.conv("conv_in", z, dd["ch"] * dd["ch_mult"][last], 3, 1))
    for level in range(last, -1, -1):
        for block in range(dd["num_res_blocks"] + 1):
            h = res_block(w, f"up.{level}.block.{block}", h, dd["ch"] * dd["ch_mult"][level])
            if resolution in dd["attn_resolutions"]:
                h = attention_block(w, f"up.{level}.attn.{block}", h)
        if level > 0:
            h = F.interpolate(h, scale_factor=2.0, mode="nearest")
            h = w.conv(f"up.{level}.upsample.conv", h, h.shape[1], 3, 1)
            resolution *= 2
    return w.conv("conv_out", swish(w.group_norm("norm_out", h)), dd["out_ch"], 3, 1)


class Stage:
    """A VQGAN. `params` are those of the configuration."""

    def __init__(self, weights, params, gumbel=False):
        self.w, self.params, self.dd, self.gumbel = weights, params, params["ddconfig"], gumbel
        self.used = None  # int64 [K]: with `remap`, the vectors that are codes

    def codebook(self):
        name = "quantize.embed.weight" if self.gumbel else "quantize.embedding.weight"
        return self.w(name, self.params["n_embed"], self.params["embed_dim"])

    def encode(self, x):
        """[1, C, H, W] -> int64 [h, w]"""
        z = self.w.conv("quant_conv", encoder(self.w.below("encoder"), self.dd, x), self.params["embed_dim"], 1)
        if self.gumbel:
            logits = self.w.conv("quantize.proj", z, self.params["n_embed"], 1)
            return self.numbers(-logits[0].flatten(1).T).reshape(z.shape[2:])
        flat = z.permute(0, 2, 3, 1).reshape(-1, self.params["embed_dim"])
        book = self.codebook()
        distances = (flat**2).sum(1, keepdim=True) + (book**2).sum(1) - 2 * flat @ book.T
        return self.numbers(distances).reshape(z.shape[2:])

    def numbers(self, misfits):
        """float [cells, n_embed] -> int64 [cells], places in the list of used vectors where there is one."""
        nearest = misfits.argmin(1)
        if self.used is None:
            return nearest
        unknown = self.params["unknown_index"]
        if unknown == "random":  # the original draws; the product takes the best there is
            return misfits[:, self.used].argmin(1)
        found = nearest[:, None] == self.used[None]
        other = len(self.used) if unknown == "extra" else unknown
        return torch.where(found.any(1), found.int().argmax(1), other)

    def decode(self, codes):
        """int64 [h, w] -> [1, C, H, W]"""
        vectors = codes if self.used is None else self.used[torch.where(codes < len(self.used), codes, 0)]
        zq = self.codebook()[vectors].permute(2, 0, 1)[None]
        return decoder(self.w.below("decoder"), self.dd, self.w.conv("post_quant_conv", zq, self.dd["z_channels"], 1))


class Gpt:
    def __init__(self, weights, params):
        self.w, self.params = weights, params

    def logits(self, tokens):
        """int64 [B, T] -> [B, T, vocabulary]"""
        p, w = self.params, self.w
        batch, length = tokens.shape
        assert length <= p["block_size"]
        positions = w("pos_emb", 1, p["block_size"], p["n_embd"], scale=0.7)
        x = w("tok_emb.weight", p["vocab_size"], p["n_embd"])[tokens] + positions[:, :length]
        visible = torch.tril(torch.ones(length, length, dtype=torch.bool))
        unmasked = p.get("n_unmasked", 0)
        visible[:unmasked, :unmasked] = True
        for layer in range(p["n_layer"]):
            x = x + self.attention(f"blocks.{layer}.attn", w.layer_norm(f"blocks.{layer}.ln1", x), visible)
            h = w.linear(f"blocks.{layer}.mlp.0", w.layer_norm(f"blocks.{layer}.ln2", x), 4 * p["n_embd"])
            x = x + w.linear(f"blocks.{layer}.mlp.2", F.gelu(h), p["n_embd"])
        head = w("head.weight", p["vocab_size"], p["n_embd"], scale=3 / math.sqrt(p["n_embd"]))
        return w.layer_norm("ln_f", x) @ head.T

    def attention(self, name, x, visible):
        batch, length, width = x.shape
        heads = self.params["n_head"]
        k, q, v = (
            self.w.linear(f"{name}.{part}", x, width).reshape(batch, length, heads, -1).transpose(1, 2)
            for part in ("key", "query", "value")
        )
        scores = (q @ k.transpose(2, 3) / math.sqrt(width // heads)).masked_fill(~visible, -math.inf)
        mixed = (torch.softmax(scores, 3) @ v).transpose(1, 2).reshape(batch, length, width)
        return self.w.linear(f"{name}.proj", mixed, width)


# Conditions


def one_hot(labels, planes):
    """int64 [H, W] -> [1, planes, H, W]"""
    return F.one_hot(labels, planes).float().permute(2, 0, 1)[None]


def depth_input(depth):
    """float32 [H, W], any scale -> [1, 1, H, W] in [-1, 1]"""
    low, high = depth.min(), depth.max()
    return ((depth - low) / max(1e-8, float(high - low)) * 2 - 1)[None, None]


def coordinate_codes(height, width, levels, factor):
    """Of a canvas in pixels: int64 [h, w]"""
    place = (torch.arange(height * width, dtype=torch.float64) / (height * width)).reshape(1, 1, height, width).float()
    means = F.interpolate(place, scale_factor=1 / factor, mode="area")
    return torch.round(means.clamp(0, 1) * levels).long()[0, 0]


# Sampling

WINDOW = 16


def published_start(position, length):
    """Where the window of a code begins, in the words of the original's scripts."""
    if position <= WINDOW // 2:
        local = position
    elif length - position < WINDOW // 2:
        local = WINDOW - (length - position)
    else:
        local = WINDOW // 2
    return position - local


def block_start(step):
    """Tessera's approximation: windows begin at multiples of `step`, the nearest to where they should."""
    return lambda position, length: min(max(0, position - WINDOW // 2 + step // 2) // step * step, length - WINDOW)


def window_tokens(condition, canvas, row, column):
    area = (slice(row, row + WINDOW), slice(column, column + WINDOW))
    prefix = condition[area] if condition.dim() == 2 else condition
    return torch.cat((prefix.reshape(-1), canvas[area].reshape(-1)))[:-1]


def window_logits(gpt, condition, canvas, row, column):
    return gpt.logits(window_tokens(condition, canvas, row, column)[None])[0, -(WINDOW**2) :]


def greedy(gpt, condition, height, width):
    """Codes of a canvas, row by row. `condition`: int64 [h, w], or [1] for a class or the start token."""
    canvas = torch.zeros(height, width, dtype=torch.int64)
    for i, j in itertools.product(range(height), range(width)):
        row, column = published_start(i, height), published_start(j, width)
        logits = window_logits(gpt, condition, canvas, row, column)
        canvas[i, j] = logits[(i - row) * WINDOW + j - column].argmax()
    return canvas


def greedy_in_order(gpt, condition, order):
    """Codes of one window whose t-th code stands at place order[t]; the condition keeps its own order."""
    sequence = condition.reshape(-1)
    for _ in order:
        sequence = torch.cat((sequence, gpt.logits(sequence[None])[0, -1].argmax()[None]))
    codes = torch.empty(WINDOW**2, dtype=torch.int64)
    codes[torch.tensor(order)] = sequence[condition.numel() :]
    return codes.reshape(WINDOW, WINDOW)


def score(gpt, condition, canvas, start):
    """Log-probability of each code of `canvas`, nats: float32 [h, w]"""
    result = torch.empty(canvas.shape)
    for i, j in itertools.product(range(canvas.shape[0]), range(canvas.shape[1])):
        row, column = start(i, canvas.shape[0]), start(j, canvas.shape[1])
        logits = window_logits(gpt, condition, canvas, row, column)[(i - row) * WINDOW + j - column]
        result[i, j] = torch.log_softmax(logits.double(), 0)[canvas[i, j]]
    return result


# Orders of a window's codes


def subsample(grid):
    if grid.size == 1:
        return [int(grid.flat[0])]
    return [place for row in (0, 1) for column in (0, 1) for place in subsample(grid[row::2, column::2])]


def z_curve(side):
    def code(place):
        row, column = divmod(place, side)
        return sum((column >> bit & 1) << 2 * bit | (row >> bit & 1) << 2 * bit + 1 for bit in range(side.bit_length()))

    return sorted(range(side * side), key=code)


def spiral_out(side):
    row, column = side // 2, side // 2 - 1
    order, turns = [row * side + column], itertools.cycle(((-1, 0), (0, 1), (1, 0), (0, -1)))
    for run in itertools.count(2):
        down, right = next(turns)
        for _ in range(run // 2):
            row, column = row + down, column + right
            order.append(row * side + column)
            if len(order) == side * side:
                return order


def alternate(side):
    grid = numpy.arange(side * side).reshape(side, side)
    grid[1::2] = grid[1::2, ::-1].copy()
    return grid.reshape(-1).tolist()


def permuter_order(name, side=WINDOW):
    return {
        "Subsample": lambda: subsample(numpy.arange(side * side).reshape(side, side)),
        "ZCurve": lambda: z_curve(side),
        "SpiralOut": lambda: spiral_out(side),
        "SpiralIn": lambda: spiral_out(side)[::-1],
        "Random": lambda: numpy.random.RandomState(1).permutation(side * side).tolist(),
        "AlternateParsing": lambda: alternate(side),
    }[name]()
