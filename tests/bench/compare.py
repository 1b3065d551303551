"""Compares Tessera's speed with that of the original's loop on the same weights: alternates both and prints ratios.

    python compare.py [--model starter|20M|310M|FILE.safetensors] [--size WxH] [--codes N] [--rounds N] [--threads N]
                      [--precision fp32 bf16 int8]

Tessera is `tessera-cli render`, whose own clock gives the seconds that sampling took, cold caches included. The loop takes
the same time for every code, so that it is timed on N codes spread over the canvas and scaled to all. Before anything is
timed both must give the same codes at these places in fp32, where the most probable one is always taken, with the same
probability and entropy; otherwise exit 1.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

OWN_ENVIRONMENT = dict(os.environ)
# Threads of the loop that spin while they wait would lose their core whenever something else wants it, and make the loop
# look several times slower than it is.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import numpy  # noqa: E402
import torch  # noqa: E402

from original_loop import Sampler  # noqa: E402
import random_model  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "bin" / "tessera-cli"
FOLDER = pathlib.Path(tempfile.gettempdir()) / "bench"
PIXELS = 16  # of a code's side, in all models here
TEMPERATURE, TOP_K = 1.0, 100
MOST_NATS = 1e-3  # between two ways to compute the same in fp32


def fail(sentence):
    print(f"compare.py: {sentence}", file=sys.stderr)
    sys.exit(1)


def options():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="starter", help="starter, 20M, 310M (random weights) or a .safetensors file")
    parser.add_argument("--size", default="256x256", help="canvas in pixels, WxH")
    parser.add_argument("--codes", type=int, default=8, help="codes of the loop that are timed in a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of both")
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16", "int8"], choices=["fp32", "bf16", "int8"])
    given = parser.parse_args()
    if min(given.codes, given.rounds, given.threads) < 1:
        parser.error("--codes, --rounds and --threads: expected at least 1")
    try:
        width, height = (int(side) // PIXELS for side in given.size.split("x"))
    except ValueError:
        parser.error(f"--size: found '{given.size}', expected WxH, such as 512x256")
    if min(height, width) < 1:
        parser.error(f"--size: found {given.size}, expected at least one code of {PIXELS}x{PIXELS}")
    return given, (height, width)


def model_file(name):
    if name == "starter":  # lies in several files
        path = FOLDER / "starter.safetensors"
        subprocess.run([PROGRAM, "convert", "starter", "-o", path], check=True)
        return path
    if name not in random_model.SIZES:
        return pathlib.Path(name)
    path = FOLDER / f"{name}.safetensors"
    if not path.exists():
        random_model.write(name, path)
    return path


def spread(count, shape):
    """Places at even distances along the raster, at most all of them."""
    total = shape[0] * shape[1]
    count = min(count, total)
    return [divmod((2 * i + 1) * total // (2 * count), shape[1]) for i in range(count)]


class Tessera:
    def __init__(self, model, condition, shape, threads):
        self.codes, self.scores = FOLDER / "codes.npy", FOLDER / "scores.npy"
        numpy.save(FOLDER / "condition.npy", condition.numpy())
        self.command = [PROGRAM, "render", "--json", "--model", model, "--threads", str(threads), "--device", "cpu"]
        self.command += ["--condition-codes", FOLDER / "condition.npy", "--codes", self.codes, "-o", FOLDER / "picture.png"]
        self.command += ["--size", f"{shape[1] * PIXELS}x{shape[0] * PIXELS}", "--window", "exact", "--guidance", "1"]
        self.command += ["--temperature", str(TEMPERATURE), "--top-k", str(TOP_K), "--top-p", "1"]

    def render(self, precision, *more):
        """What the program says of a render, with "cores", the processors it got, and "memory", its most bytes."""
        begin = time.perf_counter()
        with tempfile.TemporaryFile("w+") as output:
            command = [*self.command, "--precision", precision, *more]
            process = subprocess.Popen(command, stdout=output, env=OWN_ENVIRONMENT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            text = output.read()
        if process.returncode != 0:
            fail(f"{PROGRAM} ended with status {process.returncode}")
        cores = (usage.ru_utime + usage.ru_stime) / (time.perf_counter() - begin)
        return json.loads(text) | {"cores": cores, "memory": usage.ru_maxrss * 1024}


def check(sampler, tessera, condition, cells):
    """Both must find the same most probable code behind the same ones, and give it the same probability."""
    tessera.render("fp32", "--greedy", "--scores", tessera.scores)
    canvas = torch.from_numpy(numpy.load(tessera.codes))
    scores = torch.from_numpy(numpy.load(tessera.scores))  # log-probability and entropy, [2, h, w]
    furthest = 0.0
    for row, column in cells:
        odds = torch.log_softmax(sampler.logits(condition, canvas, row, column).double(), dim=0)
        code, found = int(odds.argmax()), int(canvas[row, column])
        if code != found:
            fail(f"row {row}, column {column}: the loop finds code {code}, tessera-cli {found}")
        expected = torch.stack((odds[code], -(odds.exp() * odds).sum()))
        furthest = max(furthest, float((scores[:, row, column] - expected).abs().max()))
    if furthest > MOST_NATS:
        fail(f"log-probabilities and entropies differ by up to {furthest:.2g} nats, expected at most {MOST_NATS}")
    print(f"greedy fp32 codes: the same at {len(cells)} places; log p and entropy within {furthest:.1g} nats", flush=True)


def time_loop(sampler, condition, cells):
    """Seconds for the whole canvas, and the processors it got."""
    canvas = torch.zeros_like(condition)
    begin, used = time.perf_counter(), time.process_time()
    sampler.draw(condition, canvas, cells, TEMPERATURE, TOP_K)
    seconds = time.perf_counter() - begin
    return seconds * canvas.numel() / len(cells), (time.process_time() - used) / seconds


def summary(values, digits):
    return f"{statistics.median(values):.{digits}f} [{min(values):.{digits}f} .. {max(values):.{digits}f}]"


def report(precision, loops, renders, threads):
    samples = [render["seconds"]["sample"] for render in renders]
    whole = [render["seconds"]["sample"] + render["seconds"]["decode"] for render in renders]
    ratios = [seconds / sample for (seconds, _), sample in zip(loops, samples)]
    # On a busy machine the loop waits for processors. Its time without that, against Tessera's with it:
    least = [seconds * cores / threads / sample for (seconds, cores), sample in zip(loops, samples)]
    loop_cores = statistics.median(cores for _, cores in loops)
    cores = statistics.median(render["cores"] for render in renders)
    print(f"{precision}: {summary(ratios, 1)} times the loop's speed; {summary(least, 1)} if only tessera had had to wait")
    print(f"    loop     {summary([seconds for seconds, _ in loops], 1)} s, on {loop_cores:.2f} processors")
    print(f"    tessera  {summary(samples, 2)} s, on {cores:.2f} processors; with decoding {summary(whole, 2)} s;", end=" ")
    print(f"at most {max(render['memory'] for render in renders) / 2**20:.0f} MiB")
    passes, codes = statistics.median(render["passes"] for render in renders), renders[0]["codes"]
    print(f"    {passes:.0f} passes over the weights for {codes} codes: guesses spare the others", flush=True)


def main():
    given, shape = options()
    FOLDER.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(given.threads)
    path = model_file(given.model)
    for needed in (path, PROGRAM):
        if not needed.is_file():
            fail(f"{needed} is not there")
    sampler = Sampler(path)
    torch.manual_seed(1)
    condition = torch.randint(sampler.condition_codes, shape)
    tessera = Tessera(path, condition, shape, given.threads)
    cells = spread(given.codes, shape)
    print(f"{path.name}, {given.size}, {given.threads} threads, {given.rounds} rounds, {time.strftime('%Y-%m-%d %H:%M')}")
    print(f"the loop is timed on {len(cells)} codes and scaled to {condition.numel()}; median [least .. greatest]")
    check(sampler, tessera, condition, cells)
    loops = {precision: [] for precision in given.precision}
    renders = {precision: [] for precision in given.precision}
    for _ in range(given.rounds):
        for precision in given.precision:
            loops[precision].append(time_loop(sampler, condition, cells))
            renders[precision].append(tessera.render(precision))
    for precision in given.precision:
        report(precision, loops[precision], renders[precision], given.threads)


if __name__ == "__main__":
    with torch.inference_mode():
        main()
