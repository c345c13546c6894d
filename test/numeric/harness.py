"""Compiles networks with incc and compares what they answer."""
import argparse
import collections
import os
import pathlib
import platform
import subprocess
import sys

import numpy as np

import incc


def arguments(description, **extra):
    """The command line that the scripts share: a folder for files, and options."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("folder", type=pathlib.Path, help="for compiled models")
    for name, options in extra.items():
        parser.add_argument(name if options.get("nargs") in ("*", "+") else "--" + name, **options)
    result = parser.parse_intermixed_args()
    result.folder.mkdir(parents=True, exist_ok=True)
    return result


def call(*command):
    """Runs a command; shows what it said if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))}\nfailed with status {done.returncode}:\n"
                 f"{done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def is_aarch64(mcpu):
    return mcpu.startswith(("armv8", "cortex", "neoverse", "apple"))


def is_gpu(mcpu):
    return mcpu.startswith("sm_")


# What stands for a CPU's name where kernels are OpenCL's: PoCL runs them here.
OPENCL = "opencl"

Tensor = collections.namedtuple("Tensor", "name shape")


class EmulatedModel:
    """A model for AArch64 that runs under qemu-user, used like one of incc.load."""
    ROOT = pathlib.Path(__file__).resolve().parents[2]

    def __init__(self, library, threads):
        self.model, self.threads, self.outputs = library, threads, []
        self.program = library.parent / "run-model"
        if not self.program.exists():
            call("aarch64-linux-gnu-gcc", "-O1", f"-I{self.ROOT}", self.ROOT / "test/numeric/run-model.c",
                 "-o", self.program, "-ldl")

    def __call__(self, *arrays):
        files = [self.model.with_suffix(suffix) for suffix in (".in", ".out")]
        files[0].write_bytes(b"".join(np.asarray(a, np.float32).tobytes() for a in arrays))
        said = call("qemu-aarch64", "-L", "/usr/aarch64-linux-gnu", self.program, self.model,
                    self.threads, *files)
        names, shapes = zip(*(line.split("\t") for line in said.splitlines()))
        self.outputs = [Tensor(name, tuple(map(int, shape.split())))
                        for name, shape in zip(names, shapes)]
        results = np.split(np.fromfile(files[1], np.float32),
                           np.cumsum([np.prod(t.shape, dtype=int) for t in self.outputs])[:-1])
        for file in files:
            file.unlink()
        results = [r.reshape(t.shape) for r, t in zip(results, self.outputs)]
        return results[0] if len(results) == 1 else results

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def load(library, threads, mcpu=""):
    """A model compiled for `mcpu`, ready to be called."""
    if is_aarch64(mcpu) and platform.machine() != "aarch64":
        return EmulatedModel(library, threads)
    return incc.load(library, threads=threads)


def host_runs(mcpu):
    """Whether this machine can run code for `mcpu`, with qemu-user's or the fake driver's help or
    without."""
    if is_aarch64(mcpu) or is_gpu(mcpu) or mcpu == OPENCL:
        return True
    flags = set()
    with open("/proc/cpuinfo") as info:
        for line in info:
            if line.startswith("flags"):
                flags = set(line.split())
                break
    needed = {"x86-64-v2": {"sse4_2", "popcnt"}, "x86-64-v3": {"avx2", "fma"},
              "x86-64-v4": {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"}}
    return needed[mcpu] <= flags


def codegen_options(mcpu):
    """Options that make code for `mcpu` run on this machine, None where nothing does.

    What is planned for AVX-512 (tiles, layouts, packing) also runs in AVX2's instructions."""
    if host_runs(mcpu):
        return ()
    if mcpu == "x86-64-v4" and host_runs("x86-64-v3"):
        return ("--codegen-isa=avx2",)
    return None


def compile_model(path, mcpu, library, *options):
    """Compiles for `mcpu`, or for this machine if that is empty. The fake driver (test/cuda) gets the
    kernels of a GPU as LLVM IR."""
    if is_gpu(mcpu):
        options += ("--target=cuda", "--ptxas=none")
    if mcpu == OPENCL:
        options += ("--target=opencl",)
    elif mcpu:
        options += (f"--mcpu={mcpu}", *codegen_options(mcpu))
    call("incc", path, "-q", *options, "-o", library)
    if is_gpu(mcpu):
        ir = library.with_suffix(".ll")
        call("incc", path, "-q", *options, "--emit=llvm", "-o", ir)
        os.environ["FAKE_CUDA_IR"] = str(ir)


def ways_to_run(mcpu, threads):
    """Yields the numbers of threads to run with; of a GPU's threads the orders."""
    if mcpu == OPENCL:
        threads = (1,)
    if not is_gpu(mcpu):
        yield from threads
        return
    for order in ("forward", "reverse"):
        os.environ["FAKE_CUDA_ORDER"] = order
        yield 1


MACHINES = [mcpu for mcpu in ("x86-64-v2", "x86-64-v3", "x86-64-v4")
            if codegen_options(mcpu) is not None]


def relative_error(got, expected):
    """The largest difference, relative to the largest expected value; infinite where either is not
    finite in other places than the other, or the shapes differ."""
    got, expected = np.asarray(got, np.float64), np.asarray(expected, np.float64)
    if got.shape != expected.shape:
        return np.inf
    with np.errstate(invalid="ignore"):
        error = np.abs(got - expected)
    if not np.all(np.isfinite(error)):
        return np.inf
    return error.max() / max(np.abs(expected).max(), 1e-30)


def onnx_session(path):
    """ONNX Runtime on a file, as an oracle."""
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    # Its optimizer loses outputs that other layers read as well.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


class Failures:
    """Collects comparisons that fail and ends the process with them."""

    def __init__(self, tolerance):
        self.tolerance, self.worst, self.count, self.messages = tolerance, 0.0, 0, []

    def check(self, what, got, expected):
        error = relative_error(got, expected)
        self.count += 1
        self.worst = max(self.worst, error)
        if not error <= self.tolerance:
            shapes = f"{np.shape(got)}, expected {np.shape(expected)}"
            self.messages.append(f"{what}: error {error:.2e} (shape {shapes})")

    def finish(self, what):
        for message in self.messages[:40]:
            print("wrong:", message)
        print(f"{what}: {self.count} comparisons, {len(self.messages)} wrong, largest error "
              f"{self.worst:.1e}")
        sys.exit(bool(self.messages))


def as_list(outputs):
    return outputs if isinstance(outputs, list) else [outputs]


def check_network(network, folder, failures, machines=None, threads=(1, 2), options=()):
    """Compiles `network` for each machine and compares each of its outputs."""
    path = folder / f"{network.name}.mlir"
    path.write_text(network.text())
    arrays = [value.array.astype(np.float32) for value in network.inputs]
    if machines and all(map(is_aarch64, machines)):
        threads = (2,)  # emulation takes long
    for mcpu in machines or MACHINES:
        library = folder / f"{network.name}-{mcpu}.so"
        compile_model(path, mcpu, library, *options)
        for count in ways_to_run(mcpu, threads):
            with load(library, count, mcpu) as model:
                # Twice: the second run finds what the first left in memory.
                for _ in range(2):
                    outputs = as_list(model(*arrays))
                for got, value in zip(outputs, network.outputs, strict=True):
                    layer = next(line for line in network.lines
                                 if line.startswith(value.name + " "))
                    if len(layer) > 300:
                        layer = layer[:300] + "..."
                    failures.check(f"{network.name} {mcpu} threads {count}: {layer}", got,
                                   value.array)
