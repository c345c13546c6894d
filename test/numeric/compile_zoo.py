"""Compiles every model of the zoo for GPUs, with seeded random weights.

    compile_zoo.py FOLDER sm_80 sm_90 opencl
"""
import subprocess
import sys

from harness import OPENCL, arguments
from zoo import MODELS


def problem(model, gpu, library):
    """What is wrong with a model for a GPU, or nothing."""
    target = ["--target=opencl"] if gpu == OPENCL else ["--target=cuda", f"--mcpu={gpu}", "--ptxas=none"]
    done = subprocess.run(["incc", str(model), "-q", *target, "--random-weights=1", "-o", str(library)],
                          capture_output=True, text=True)
    if done.returncode:
        return f"status {done.returncode}: {done.stderr.strip()[:300]}"
    # Each module of kernels is there as text, for the GPU that was asked for.
    code = library.read_bytes()
    modules = code.count(b"\n__kernel void k" if gpu == OPENCL else b".target " + gpu.encode())
    library.unlink()
    library.with_suffix(".h").unlink()
    first = b"__kernel void k0_" if gpu == OPENCL else b".entry k0_"
    return "" if modules and first in code else f"{modules} modules of kernels for {gpu}"


def main():
    options = arguments(__doc__.splitlines()[0], gpus={"nargs": "+"})
    models = sorted(MODELS.glob("*.yaml"))
    failed, count = [], 0
    for model in models:
        for gpu in options.gpus:
            count += 1
            if what := problem(model, gpu, options.folder / f"{model.stem}.so"):
                failed.append(f"{model.stem} for {gpu}: {what}")
    for line in failed:
        print("wrong:", line)
    print(f"zoo for GPUs: {len(models)} models, {count} compilations, {len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
