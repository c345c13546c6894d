#!/usr/bin/env python3
"""Writes tools/incc-bench/FACTORIZATION.md: what factorize-conv is worth, on one thread of this machine.

    tools/incc-bench/factorization.py      # after tools/build.sh; minutes

Networks are made here, with seeded filters that are products of smaller ones, and compiled with and without
--factorize; both run in turns. Layers that were factorized are compared by incc's own profile: the least time of
a layer, the sum where it became two. The trained digits network shows what a budget of error buys.
"""
import collections
import datetime
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "runtime/python"), str(ROOT / "test/numeric")]

import numpy as np

import digits_images
import incc

INCC = ROOT / "build/bin/incc"
ROUNDS = 30

VGG_LIKE = """
name: vgg_like
input: {name: input, shape: [3, 112, 112]}
layers:
  - conv: {name: conv1, out: 64, kernel: 7, pad: same, act: relu}
  - max_pool: 2
  - conv: {name: conv2, out: 128, kernel: 7, pad: same, act: relu}
  - max_pool: 2
  - conv: {name: conv3, out: 256, kernel: 5, pad: same, act: relu}
  - conv: {name: conv4, out: 256, kernel: 5, pad: same, act: relu}
  - max_pool: 2
  - conv: {name: conv5, out: 512, kernel: 5, pad: same, act: relu}
  - conv: {name: conv6, out: 512, kernel: 3, pad: same, act: relu}
  - global_avg_pool
  - linear: {name: fc, out: 100}
"""

INCEPTION_LIKE = """
name: inception_like
input: {name: input, shape: [3, 140, 140]}
modules:
  inception:
    args: {width: }
    layers:
      - concat:
          - [conv: {name: b0, out: $width, kernel: 1, act: relu}]
          - [conv: {name: b1a, out: $width, kernel: 1, act: relu},
             conv: {name: b1b, out: $width, kernel: 5, pad: same, act: relu}]
          - [conv: {name: b2a, out: $width, kernel: 1, act: relu},
             conv: {name: b2b, out: $width, kernel: 7, pad: same, act: relu}]
          - [max_pool: {kernel: 3, stride: 1, pad: 1}, conv: {name: b3, out: $width, kernel: 1, act: relu}]
layers:
  - conv: {name: stem1, out: 32, kernel: 3, stride: 2, act: relu}
  - conv: {name: stem2, out: 64, kernel: 3, stride: 2, act: relu}
  - inception: {name: m1, width: 64}
  - max_pool: {kernel: 3, stride: 2}
  - inception: {name: m2, width: 96}
  - inception: {name: m3, width: 128}
  - max_pool: {kernel: 3, stride: 2}
  - inception: {name: m4, width: 192}
  - global_avg_pool
  - linear: {name: fc, out: 100}
"""


def one_layer(size, kernel, channels):
    return (f"name: layer\ninput: {{name: input, shape: [{channels}, {size}, {size}]}}\nlayers:\n"
            f"  - conv: {{name: conv, out: {channels}, kernel: {kernel}, pad: same, act: relu}}\n")


def call(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stderr}")
    return done.stderr


def filters_of(model, folder):
    """Names and shapes of the network's tensors, as incc misses them."""
    np.savez(folder / "none.npz")
    missing = subprocess.run([INCC, model, "--weights", folder / "none.npz", "--emit=cnn"],
                             capture_output=True, text=True).stderr
    return {name: tuple(map(int, shape.split("x")))
            for name, shape in re.findall(r"([\w.]+\.(?:weight|bias)).*?(\d+(?:x\d+)*)", missing)}


def separable_weights(model, folder, share):
    """Seeded weights; filters of n x n, n > 1, have the rank that is `share` of their outputs."""
    random = np.random.default_rng(1)
    weights = {}
    for name, shape in filters_of(model, folder).items():
        fan_in = np.prod(shape[1:])
        if len(shape) == 4 and shape[2] > 1:
            outputs, channels, rows, columns = shape
            rank = max(1, int(share * outputs))
            first = random.standard_normal((rank, channels, rows))
            second = random.standard_normal((outputs, rank, columns))
            values = np.einsum("rci,krj->kcij", first, second) * np.sqrt(2 / fan_in / rank)
        else:
            values = random.standard_normal(shape) * (np.sqrt(2 / fan_in) if len(shape) > 1 else 0.1)
        weights[name] = values.astype(np.float32)
    path = folder / "weights.npz"
    np.savez(path, **weights)
    return path


def compile_pair(model, weights, folder, name, *options):
    """Libraries without and with factorizing, and what incc said of the second."""
    plain, factorized = folder / f"{name}-plain.so", folder / f"{name}-factorized.so"
    common = [INCC, model, "--threads", 1]
    if weights:
        common += ["--weights", weights]
    call(*common, "--factorize=off", "-o", plain)
    return plain, factorized, call(*common, "-v", "-o", factorized, *options)


def least_times(libraries):
    """Least milliseconds of each layer of each library, in turns. Parts of a layer count as one."""
    models = [incc.load(library, threads=1) for library in libraries]
    random = np.random.default_rng(2)
    inputs = [random.standard_normal(tensor.shape).astype(np.float32)
              for tensor in models[0].inputs]
    least = [collections.defaultdict(lambda: float("inf")) for _ in models]
    for _ in range(ROUNDS):
        for model, times in zip(models, least):
            for step, layer in enumerate(model.profile(*inputs, runs=1)):
                key = (step, re.sub(r"\.\dx\d$", "", layer["layer"]))
                times[key] = min(times[key], layer["ms"])
    for model in models:
        model.close()
    sums = [collections.Counter() for _ in models]
    for times, total in zip(least, sums):
        for (_, layer), milliseconds in times.items():
            total[layer] += milliseconds
    return sums


def decisions(said):
    """Layer -> what became of it."""
    return {layer: (verdict == "done", text) for layer, verdict, text in
            re.findall(r"note: ([\w.]+): factorize-conv: (done|declined): (.*)", said)}


def network_rows(text, folder):
    model = folder / "model.yaml"
    model.write_text(text)
    name = re.search(r"name: (\w+)", text)[1]
    plain, factorized, said = compile_pair(model, separable_weights(model, folder, 0.25), folder, name)
    before, after = least_times([plain, factorized])
    rows = [f"| {name} | whole | | {sum(before.values()):.2f} | {sum(after.values()):.2f} | "
            f"{sum(before.values()) / sum(after.values()):.2f}x |"]
    for layer, (done, what) in decisions(said).items():
        if done:
            what = what.split(",")[0]
            rows.append(f"| | {layer} | {what} | {before[layer]:.3f} | {after[layer]:.3f} | "
                        f"{before[layer] / after[layer]:.2f}x |")
        else:
            rows.append(f"| | {layer} | {what.split(',')[0]} | {before[layer]:.3f} | | |")
    return rows


def grid_rows(folder, sizes, channels=128, share=0.25):
    rows = []
    for kernel in (3, 5, 7):
        cells = []
        for size in sizes:
            model = folder / "layer.yaml"
            model.write_text(one_layer(size, kernel, channels))
            weights = separable_weights(model, folder, share)
            # Libraries of one path would be one library to the loader.
            plain, factorized, said = compile_pair(model, weights, folder, f"{kernel}-{size}")
            before, after = least_times([plain, factorized])
            done, _ = decisions(said)["conv"]
            cells.append(f"{before['conv'] / after['conv']:.2f}x" if done else "left alone")
        rows.append(f"| {kernel}x{kernel} | " + " | ".join(cells) + " |")
    return rows


def digits_rows(folder, budgets, calibration=40):
    images, labels, _ = digits_images.load()
    inputs = folder / "digits.npy"
    np.save(inputs, images[:calibration])
    model = ROOT / "models/minigooglenet_digits.yaml"
    weights = model.with_suffix(".safetensors")
    rows = []
    libraries, texts = [], []
    for budget in [None, *budgets]:
        options = (["--factorize=off"] if budget is None else
                   ["--factorize=lowrank", f"--max-error={budget}", "--calibrate", inputs])
        library = folder / f"digits-{budget}.so"
        texts.append(call(INCC, model, "--weights", weights, "--threads", 1, "-v", "-o", library,
                          *options))
        libraries.append(library)
    for budget, library, said, times in zip([None, *budgets], libraries, texts,
                                            least_times(libraries)):
        with incc.load(library, threads=1) as loaded:
            scores = np.concatenate([loaded(image[None]) for image in images])
        right = (scores.argmax(1) == labels).sum()
        held_out = (scores.argmax(1) == labels)[calibration:].mean()
        saved = sum(float(before) - float(after) for before, after in
                    re.findall(r"macs before ([\d.e+]+), macs after ([\d.e+]+)",
                               "\n".join(line for line in said.splitlines() if ": done: " in line)))
        count = re.search(r"factorized (\d+) of", said)
        error = re.search(r"([\d.e+-]+) of the network's outputs", said)
        rows.append(f"| {budget or 'not factorized'} | {count[1] if count else 0} | "
                    f"{error[1] if error else 0} | {right} | {100 * held_out:.1f}% | "
                    f"{234.6 - saved * 1e-6:.1f} | {sum(times.values()):.2f} |")
    return rows


def processor():
    with open("/proc/cpuinfo") as info:
        return next(line.split(":")[1].strip() for line in info if line.startswith("model name"))


def main():
    sizes = [8, 12, 16, 20, 28, 56]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        networks = [row for text in (VGG_LIKE, INCEPTION_LIKE) for row in network_rows(text, folder)]
        grid = grid_rows(folder, sizes)
        digits = digits_rows(folder, [0.01, 0.02, 0.05, 0.1, 0.2])
    page = f"""# What factorizing convolutions is worth

Written by `tools/incc-bench/factorization.py` on {datetime.date.today()}, {processor()}, one thread, float32,
least of {ROUNDS} runs in turns. Both sides are compiled by incc, which takes Winograd's algorithm wherever that is
faster: what is compared is the best form of the layer with the best form of its two factors.

## Separable filters

Networks with seeded weights whose filters of n x n are products of n x 1 and 1 x n with a quarter of the outputs as
channels between them. `--factorize=exact`, the default, finds them; milliseconds before and after.

| network | layer | became | before | after | |
|---|---|---|---:|---:|---:|
""" + "\n".join(networks) + f"""

## By the size of the map

It is said that factorizing pays on maps of 12 to 20 and not on others. One layer, 128 to 128 channels, rank 32:

| filter | {" | ".join(f"{size}x{size}" for size in sizes)} |
|---|{"---:|" * len(sizes)}
""" + "\n".join(grid) + f"""

## A budget of error on trained weights

MiniGoogLeNet, trained on digits: `--factorize=lowrank --max-error=E --calibrate` with the first 40 of the 360 test
images; right answers of 360, the share of right ones among the other 320, millions of multiply-adds, milliseconds.
Unfactorized, it answers 359 right. The error of the outputs (probabilities) is that on the 40.

| budget | factorized of 11 | error of outputs | right | of the others | MMACs | ms |
|---:|---:|---:|---:|---:|---:|---:|
""" + "\n".join(digits) + "\n"
    (pathlib.Path(__file__).parent / "FACTORIZATION.md").write_text(page)


if __name__ == "__main__":
    main()
