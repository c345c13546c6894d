"""Builds the fuzz targets and runs each for a while on a copy of its corpus.

    run.py BUILD_FOLDER WORK_FOLDER [SECONDS]

BUILD_FOLDER keeps a build of its own, with sanitizers. Fails with the report of what it finds; the
input that leads there is kept in WORK_FOLDER. SECONDS is for all targets together.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Parts of the time: what is slower and has more to find gets more.
SHARES = {"npz": 1, "safetensors": 1, "yaml": 2, "onnx": 4}
# LLVM's allocators poison memory in headers; its library has no sanitizers and does not unpoison.
ENVIRONMENT = os.environ | {"ASAN_OPTIONS": "allow_user_poisoning=0"}


def call(*command):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace",
                          env=ENVIRONMENT)
    if done.returncode:
        print((done.stdout + done.stderr)[-8000:])
        sys.exit(f"error: {' '.join(map(str, command))}: status {done.returncode}")
    return done.stderr


def build(folder):
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    if not (folder / "build.ninja").exists():
        # More than -O1 makes a longer build and hardly faster targets.
        call("cmake", "-S", HERE.parent.parent, "-B", folder, "-G", "Ninja", *launcher,
             "-DCMAKE_C_COMPILER=clang-19", "-DCMAKE_CXX_COMPILER=clang++-19",
             "-DCMAKE_CXX_FLAGS_RELEASE=-O1 -DNDEBUG", "-DINCC_FUZZ=ON",
             "-DINCC_SANITIZE=address,undefined")
    call("ninja", "-C", folder, "fuzzers")


def fuzz(folder, name, work, seconds):
    corpus = work / name
    shutil.copytree(HERE / "corpus" / name, corpus)
    # The same seed every time: a test should not fail for what somebody else's change did not do.
    log = call(folder / "bin" / f"fuzz-{name}", f"-max_total_time={seconds}", "-seed=1",
               "-max_len=8192", "-timeout=20", "-rss_limit_mb=3000", "-print_final_stats=1",
               f"-artifact_prefix={work}/{name}-", corpus)
    runs = next(line.split()[1] for line in log.splitlines() if "number_of_executed_units" in line)
    print(f"fuzz-{name}: {runs} inputs in {seconds} s, no finding")


def main():
    folder, work = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    seconds = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    build(folder)
    shutil.rmtree(work, ignore_errors=True)
    for name, share in SHARES.items():
        fuzz(folder, name, work, max(1, seconds * share // sum(SHARES.values())))


if __name__ == "__main__":
    main()
