#!/usr/bin/env python3
"""Writes passes/SCHEDULES.md: what schedule-branches makes of five networks.

    build/venv/bin/python tools/schedules-page.py [RUNS]    # after tools/build.sh; on an idle machine

Stages and modelled cycles are those of incc's remark. Measured times are medians of runs in which
the two libraries, compiled with and without the pass, take turns.
"""
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "passes" / "SCHEDULES.md"
INCC = ROOT / "build/bin/incc"
sys.path.insert(0, str(ROOT / "runtime/python"))
import incc  # noqa: E402

MODELS = {
    "GoogLeNet": "models/googlenet.yaml",
    "Inception v3": "models/inception_v3.yaml",
    "Inception v4": "models/inception_v4.yaml",
    "Inception-ResNet v2": "models/inception_resnet_v2.yaml",
    "SqueezeNet 1.1 (ONNX)": "test/passes/Inputs/squeezenet.yaml",
}
MODELLED = [2, 4, 8, 16, 32, 64]
REMARK = re.compile(r"schedule: (\d+) -> (\d+) stages; modelled (\S+) -> (\S+) Mcycles")

PAGE_TEXT = """\
# schedules
<!-- Written by tools/schedules-page.py: change that, not this. -->
What `schedule-branches` does to five networks, float32, batch 1. A barrier is counted as 300 cycles (85 ns,
measured on two cores) for any number of threads; planning for other numbers of threads also cuts the kernels
into other tasks. On one thread there is nothing to gain, and nothing is changed.

Kernels that share a stage are taken to cost each other 3% of their work in the caches: without that, Inception v4 and
Inception-ResNet v2 came out 1.5 to 2.5% slower on two threads. What the model leaves out: that the first task of a kernel on a thread waits for its weights. Kernels keep the tasks that
`choose-algorithm` gave them for running alone. Siblings are merged before branches are scheduled, where they are not
modelled to be faster apart.

## Measured, {cpu}

A row is one interleaved run: medians in ms on two threads of libraries compiled without and with the pass, which
take turns. On one thread the two libraries are the same. Times on two threads that are no shorter than on one mean
that something else had the second core: such rows say nothing.

| network | turns | 1 thread | 2 threads, off | on | |
|---|---:|---:|---:|---:|---:|
{measured}

## Modelled

Barriers before -> after, and millions of cycles before -> after (how many times faster).

| network | {heads} |
|---|{rules}|
{modelled}
"""


def compile_model(path, threads, *options):
    """Returns what incc says."""
    return subprocess.run([INCC, path, "--threads", str(threads), "-v", *options], check=True,
                          capture_output=True, text=True).stderr


def modelled(path, threads):
    stages, fewer, before, after = REMARK.search(
        compile_model(path, threads, "--emit=plan", "-o", "/dev/null")).groups()
    return f"{stages} -> {fewer}: {before} -> {after} ({float(before) / float(after):.3f}x)"


def library(folder, name, threads, setting):
    return f"{folder}/{name.split(' (')[0].replace(' ', '_')}_{threads}_{setting}.so"


def compile_all(folder):
    """The libraries that are measured; returns the models' files."""
    paths = {}
    for name, path in MODELS.items():
        path = str(ROOT / path)
        if "ONNX" in name:
            compile_model(path, 1, "--emit=onnx", "-o", f"{folder}/model.onnx")
            path = f"{folder}/model.onnx"
        for threads, setting in [(1, "on"), (2, "off"), (2, "on")]:
            compile_model(path, threads, f"--schedule-branches={setting}", "-o",
                          library(folder, name, threads, setting))
        paths[name] = path
    return paths


def measured(libraries, threads, runs):
    """Medians in ms of libraries that take turns."""
    models = [incc.load(path, threads=threads) for path in libraries]
    inputs = [np.random.default_rng(1).standard_normal(t.shape, np.float32) for t in models[0].inputs]
    times = [[] for _ in models]
    for run in range(runs + 2):
        for which in range(len(models))[::1 if run % 2 else -1]:
            start = time.perf_counter()
            models[which](*inputs)
            if run >= 2:
                times[which].append(time.perf_counter() - start)
    for model in models:
        model.close()
    return [statistics.median(t) * 1e3 for t in times]


def measured_row(folder, name, runs):
    alone, = measured([library(folder, name, 1, "on")], 1, runs)
    off, on = measured([library(folder, name, 2, setting) for setting in ["off", "on"]], 2, runs)
    return f"| {name} | {runs} | {alone:.2f} | {off:.2f} | {on:.2f} | {off / on:.3f}x |"


def modelled_row(name, path):
    return "| " + " | ".join([name] + [modelled(path, threads) for threads in MODELLED]) + " |"


def cpu_name():
    return re.search(r"model name\s*: (.+)", pathlib.Path("/proc/cpuinfo").read_text())[1]


def write_page(measured_rows, modelled_rows):
    PAGE.write_text(PAGE_TEXT.format(
        cpu=cpu_name(), measured="\n".join(measured_rows),
        heads=" | ".join(f"{threads} threads" for threads in MODELLED),
        rules="|".join("---" for _ in MODELLED), modelled="\n".join(modelled_rows)))


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    with tempfile.TemporaryDirectory() as folder:
        paths = compile_all(folder)
        write_page([measured_row(folder, name, runs) for name in MODELS],
                   [modelled_row(name, path) for name, path in paths.items()])


if __name__ == "__main__":
    main()
