#!/usr/bin/env python3
"""Writes passes/SCHEDULES.md: what schedule-branches makes of five networks.

    build/venv/bin/python tools/schedules-page.py    # after tools/build.sh; ten minutes, on an idle machine

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

## Measured, {cpu}

Medians in ms of {runs} runs in which the libraries compiled with and without the pass take turns.

| network | 1 thread: off | on | | 2 threads: off | on | |
|---|---:|---:|---:|---:|---:|---:|
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


def measured(path, threads, folder, runs):
    """Medians in ms without and with the pass."""
    models = []
    for setting in ["off", "on"]:
        library = f"{folder}/{setting}{threads}.so"
        compile_model(path, threads, f"--schedule-branches={setting}", "-o", library)
        models.append(incc.load(library, threads=threads))
    inputs = [np.random.default_rng(1).standard_normal(t.shape, np.float32) for t in models[0].inputs]
    times = [[], []]
    for run in range(runs + 2):
        for which in [0, 1] if run % 2 else [1, 0]:
            start = time.perf_counter()
            models[which](*inputs)
            if run >= 2:
                times[which].append(time.perf_counter() - start)
    for model in models:
        model.close()
    return [statistics.median(t) * 1e3 for t in times]


def cpu_name():
    return re.search(r"model name\s*: (.+)", pathlib.Path("/proc/cpuinfo").read_text())[1]


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    measured_rows, modelled_rows = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, path in MODELS.items():
            path = str(ROOT / path)
            if "ONNX" in name:
                compile_model(path, 1, "--emit=onnx", "-o", f"{folder}/model.onnx")
                path = f"{folder}/model.onnx"
            cells = []
            for threads in [1, 2]:
                off, on = measured(path, threads, folder, runs)
                cells += [f"{off:.2f}", f"{on:.2f}", f"{off / on:.3f}x"]
            measured_rows.append("| " + " | ".join([name] + cells) + " |")
            print(measured_rows[-1], flush=True)
            modelled_rows.append(
                "| " + " | ".join([name] + [modelled(path, threads) for threads in MODELLED]) + " |")
            print(modelled_rows[-1], flush=True)
    PAGE.write_text(PAGE_TEXT.format(
        cpu=cpu_name(), runs=runs, measured="\n".join(measured_rows),
        heads=" | ".join(f"{threads} threads" for threads in MODELLED),
        rules="|".join("---" for _ in MODELLED), modelled="\n".join(modelled_rows)))


main()
