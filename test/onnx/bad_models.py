"""Puts ONNX models with mistakes, traps and attacks to incc: each must end in its message, soon.

    bad_models.py FOLDER [REGEX]

Writes the models into FOLDER. What the diagnostics must contain is given above each model.
Time is the process's own, so that a busy machine fails nothing.
"""
import re
import resource
import subprocess
import sys
from pathlib import Path

import bad_external  # noqa: F401: each of these adds its cases
import bad_files  # noqa: F401
import bad_sizes  # noqa: F401
import bad_types  # noqa: F401
from bad_cases import CASES

MEMORY_BYTES = 2 << 30


def limit():
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def check(name, folder):
    """Returns what is wrong with incc's answer to a case; empty if nothing is."""
    function, messages, seconds = CASES[name]
    folder.mkdir(parents=True)
    data = function(folder)
    path = folder / "model.onnx"
    path.write_bytes(data if isinstance(data, bytes) else data.SerializeToString())
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    try:
        done = subprocess.run(["incc", path, "-q", "--emit=cnn", "-o", folder / "out.mlir"],
                              capture_output=True, preexec_fn=limit, timeout=60)
    except subprocess.TimeoutExpired:
        return "takes over a minute"
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    try:
        said = done.stderr.decode()
    except UnicodeDecodeError:
        return f"a message that is no UTF-8: {done.stderr!r}"
    if not messages:
        return f"refused: {said[:500]}" if done.returncode or said else too_slow(used, seconds)
    lines = said.splitlines()
    if done.returncode != 1:
        return f"status {done.returncode}, expected 1: {said[-500:]}"
    if not lines or not lines[0].startswith(f"{path}: error: "):
        return f"expected '{path}: error: ...', got: {said[:500]}"
    if len(said) > 1_000_000:
        return f"{len(said)} bytes of messages"
    for message in messages:
        if not any(message in line.removeprefix(str(path)) for line in lines):
            return f"expected a message with '{message}', got: {said[:500]}"
    return too_slow(used, seconds)


def too_slow(used, seconds):
    return f"takes {used:.1f} s of CPU time, expected at most {seconds}" if used > seconds else ""


def main():
    root, pattern = Path(sys.argv[1]).resolve(), sys.argv[2] if len(sys.argv) > 2 else ""
    names = [name for name in CASES if re.search(pattern, name)]
    wrong = 0
    for name in names:
        if problem := check(name, root / name):
            wrong += 1
            print(f"wrong: {name}: {problem}")
    print(f"bad models: {len(names)} models, {wrong} wrong")
    sys.exit(wrong != 0)


if __name__ == "__main__":
    main()
