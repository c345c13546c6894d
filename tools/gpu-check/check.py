#!/usr/bin/env python3
"""Checks and times the networks beside it on this machine's GPU (bundle.py packs both).

    check.py [--runs 50] [--agree-only]

For each network: the largest difference from ONNX Runtime's answers, relative to the largest of them; what
compute-sanitizer finds, if it is there; milliseconds of a run with arrays on the host, and of its steps; and
PyTorch's for the same architecture, in float32 and with TF32, if torch and torchvision are there.
"""
import argparse
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import numpy as np

import incc

HERE = pathlib.Path(__file__).resolve().parent
# Of networks whose factors were rounded to tf32, and of others.
TF32_TOLERANCE, TOLERANCE = 5e-3, 1e-4


def arrays(file, kind):
    return [file[f"{kind}{i}"] for i in range(sum(name.startswith(kind) for name in file.files))]


def error_of(model, inputs, expected):
    got = model(*inputs)
    got = got if isinstance(got, list) else [got]
    return max(np.abs(g - e).max() / np.abs(e).max() for g, e in zip(got, expected, strict=True))


def median_ms(run, runs):
    run()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        run()
        times.append((time.perf_counter() - begin) * 1e3)
    return statistics.median(times)


def torch_ms(name, x, runs):
    """Milliseconds by precision; empty where PyTorch, its GPU or the architecture is not there."""
    try:
        import torch
        import torchvision
        network = torchvision.models.get_model(name, weights=None).eval().cuda()
    except Exception:  # whatever is missing
        return {}
    x, result = torch.from_numpy(x).cuda(), {}
    torch.backends.cudnn.benchmark = True
    for precision, allowed in (("f32", False), ("TF32", True)):
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed

        def run():
            with torch.inference_mode():
                network(x)
            torch.cuda.synchronize()
        result[precision] = median_ms(run, runs)
    return result


def sanitize():
    """Runs itself under each of compute-sanitizer's tools; True if none finds anything."""
    good = True
    for tool in ("memcheck", "racecheck", "synccheck", "initcheck"):
        done = subprocess.run(["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", sys.executable,
                               __file__, "--agree-only"], capture_output=True, text=True)
        print(f"{tool}: {'clean' if done.returncode == 0 else done.stdout[-2000:]}")
        good &= done.returncode == 0
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--agree-only", action="store_true")
    options = parser.parse_args()
    good = True
    for library in sorted(HERE.glob("*.so")):
        with np.load(library.with_suffix(".npz")) as file:
            inputs, expected = arrays(file, "input"), arrays(file, "output")
        with incc.load(library) as model:
            error = error_of(model, inputs, expected)
            agrees = error < (TF32_TOLERANCE if library.stem.endswith("-tf32") else TOLERANCE)
            good &= bool(agrees)
            print(f"{library.stem}: error {error:.1e}{'' if agrees else ' WRONG'}")
            if options.agree_only:
                continue
            steps = sum(step["ms"] for step in model.profile(*inputs))
            print(f"  {median_ms(lambda: model(*inputs), options.runs):.3f} ms, steps {steps:.3f} ms")
        for precision, ms in torch_ms(library.stem.split("-")[0], inputs[0], options.runs).items():
            print(f"  PyTorch {precision}: {ms:.3f} ms")
    if not options.agree_only and shutil.which("compute-sanitizer"):
        good &= sanitize()
    print("all agree" if good else "NOT all agree")
    sys.exit(not good)


if __name__ == "__main__":
    main()
