#!/usr/bin/env python3
"""Packs compiled networks with answers of ONNX Runtime, to be checked and timed on a machine with a GPU.

    build/venv/bin/python tools/gpu-check/bundle.py OUT.tar.gz resnet50 inception_v3 \\
        [--mcpu sm_80] [--batch 1,8] [--precision f32,tf32]

There: tar xf OUT.tar.gz && python3 gpu-check/check.py. It needs Python with numpy and the GPU's driver; where
they are found it also uses compute-sanitizer and PyTorch.
"""
import argparse
import pathlib
import shutil
import subprocess
import tarfile
import tempfile

import numpy as np
import onnxruntime

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]


def compile_network(model, batch, mcpu, precision, folder):
    """Writes NAME.so, and NAME.npz with seeded inputs and what ONNX Runtime answers."""
    incc = shutil.which("incc") or str(ROOT / "build/bin/incc")
    name = f"{model}-{batch}" + ("" if precision == "f32" else f"-{precision}")
    common = [incc, str(ROOT / f"models/{model}.yaml"), "-q", "--random-weights", "1", "--batch", str(batch)]
    subprocess.run([*common, "--target", "cuda", "--mcpu", mcpu, "--precision", precision,
                    "-o", str(folder / f"{name}.so")], check=True)
    with tempfile.TemporaryDirectory() as scratch:
        onnx = f"{scratch}/{name}.onnx"
        subprocess.run([*common, "--emit=onnx", "-o", onnx], check=True)
        options = onnxruntime.SessionOptions()
        # Its optimizer loses outputs that other layers read as well.
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    inputs = [random.normal(size=tensor.shape).astype(np.float32) for tensor in session.get_inputs()]
    outputs = session.run(None, {t.name: x for t, x in zip(session.get_inputs(), inputs)})
    np.savez(folder / f"{name}.npz", **{f"input{i}": x for i, x in enumerate(inputs)},
             **{f"output{i}": y for i, y in enumerate(outputs)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("models", nargs="+")
    parser.add_argument("--mcpu", default="sm_80")
    parser.add_argument("--batch", default="1")
    parser.add_argument("--precision", default="f32")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / "gpu-check"
        folder.mkdir()
        for model in options.models:
            for batch in map(int, options.batch.split(",")):
                for precision in options.precision.split(","):
                    compile_network(model, batch, options.mcpu, precision, folder)
        for file in (HERE / "check.py", ROOT / "runtime/python/incc.py"):
            shutil.copy(file, folder)
        with tarfile.open(options.out, "w:gz") as archive:
            archive.add(folder, "gpu-check")


if __name__ == "__main__":
    main()
