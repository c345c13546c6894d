# How lit runs the tests: every .mlir and .test file is a shell script in RUN lines.
import ctypes
import os
import platform
import shutil

import lit.formats

config.name = "incc"
config.test_format = lit.formats.ShTest()
config.suffixes = [".mlir", ".test"]
# Data, expected failures' inputs and helpers are no tests.
config.excludes = ["data", "Inputs", "lit.cfg.py", "lit.site.cfg.py"]
config.test_source_root = os.path.join(config.source_root, "test")
config.test_exec_root = os.path.join(config.build_root, "test")

bin_folder = os.path.join(config.build_root, "bin")
config.environment["PATH"] = os.pathsep.join(
    [bin_folder, config.llvm_tools, config.environment.get("PATH", "")])
config.environment["PYTHONPATH"] = os.pathsep.join(
    os.path.join(config.source_root, folder) for folder in ["runtime/python", "test/numeric"])
# Sources stay clean, and several tests may import one module at the same time.
config.environment["PYTHONDONTWRITEBYTECODE"] = "1"
# LLVM's headers mark what their allocators have not given away, its libraries don't unmark it.
config.environment["ASAN_OPTIONS"] = "allow_user_poisoning=0"
for name in ["HOME", "TMPDIR", "CCACHE_DIR", "LD_LIBRARY_PATH"]:
    if name in os.environ:
        config.environment[name] = os.environ[name]

config.substitutions += [
    ("%python-torch", config.python_torch),
    ("%python", config.python),
    ("%root", config.source_root),
    ("%build", config.build_root),
    ("%bin", bin_folder),
    ("%models", os.path.join(config.source_root, "models")),
    ("%data", os.path.join(config.source_root, "test/data")),
]


# What PoCL makes of kernels, once for all runs.
config.environment["POCL_CACHE_DIR"] = os.path.join(config.build_root, "test/pocl-cache")


def has_opencl():
    """Whether there is OpenCL with a driver, such as PoCL, which runs kernels on the CPU."""
    try:
        platforms = ctypes.CDLL("libOpenCL.so.1").clGetPlatformIDs
    except (OSError, AttributeError):
        return False
    count = ctypes.c_uint(0)
    return platforms(0, None, ctypes.byref(count)) == 0 and count.value > 0


if has_opencl():
    config.available_features.add("opencl")


def cpu_flags():
    try:
        with open("/proc/cpuinfo") as info:
            return next(line for line in info if line.startswith("flags")).split()
    except (OSError, StopIteration):
        return []


# A CUDA driver that runs kernels on the CPU, and NVIDIA's tools where they are installed.
fake_cuda = os.path.join(config.build_root, "test/fake-cuda")
config.substitutions.append(("%fake-cuda", fake_cuda))
if os.path.exists(os.path.join(fake_cuda, "libcuda.so.1")):
    config.available_features.add("fake-cuda")
for tool in ["ptxas", "nvdisasm"]:
    if shutil.which(tool):
        config.available_features.add(tool)

flags = set(cpu_flags())
config.available_features.add(platform.machine())
if {"avx2", "fma"} <= flags:
    config.available_features.add("avx2")
if {"avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl"} <= flags:
    config.available_features.add("avx512")
# Whether programs for AArch64 can be made and run.
if shutil.which("aarch64-linux-gnu-gcc") and shutil.which("qemu-aarch64"):
    config.available_features.add("qemu-aarch64")
if os.geteuid() == 0:
    config.available_features.add("root")
# Programs that are not built with the sanitizers cannot dlopen libraries that are.
if not config.sanitizers:
    config.available_features.add("plain")
if any(map(shutil.which, ["chromium-headless-shell", "chromium", "google-chrome"])):
    config.available_features.add("chromium")
# `tools/test.sh --reference` asks for the comparisons that need PyTorch and take minutes.
if lit_config.params.get("reference"):
    config.available_features.add("reference")
