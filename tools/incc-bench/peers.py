"""Runs a model with another engine, for incc-bench.

  peers.py convert ENGINE MODEL.onnx FOLDER
      Converts the model, if the engine has a format of its own, and answers {"files": [PATH, ...]}.
  peers.py run ENGINE FOLDER THREADS FILE...
      Loads those files, runs once on FOLDER/input_0.npy, input_1.npy, ..., and describes the engine
      and what that took. Then it answers each line of stdin with a line of JSON:
        run N      times of N runs, in nanoseconds
        outputs    number of outputs, written to FOLDER/ENGINE_0.npy, ...

A mistake is answered {"error": TEXT}. The engines are in engines/, one module each.
"""
import importlib
import json
import os
import pathlib
import re
import sys
import time

import numpy as np


def convert(name, model, folder):
    module = importlib.import_module(f"engines.{name}")
    files = module.convert(model, pathlib.Path(folder)) if hasattr(module, "convert") else [model]
    yield {"files": [str(file) for file in files]}


def peak_bytes():
    """The most memory that this process had so far."""
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\s*(\d+) kB", status)[1]) * 1024


def run(name, folder, threads, *files):
    folder = pathlib.Path(folder)
    inputs = []
    while (path := folder / f"input_{len(inputs)}.npy").exists():
        inputs.append(np.ascontiguousarray(np.load(path)))
    module = importlib.import_module(f"engines.{name}")
    # Engines with one file get its name, as their makers' interfaces want it.
    source = [pathlib.Path(file) for file in files] if hasattr(module, "convert") else files[0]
    start = time.perf_counter_ns()
    engine = module.Engine(source, int(threads))
    engine.bind(inputs)
    engine.run()
    yield {"version": engine.version, "settings": engine.settings,
           "load_ms": (time.perf_counter_ns() - start) * 1e-6, "peak_bytes": peak_bytes(),
           "file_bytes": sum(os.path.getsize(file) for file in files)}
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "run":
            times = []
            for _ in range(int(arguments[0])):
                start = time.perf_counter_ns()
                engine.run()
                times.append(time.perf_counter_ns() - start)
            yield times
        elif command == "outputs":
            outputs = engine.outputs()
            for i, array in enumerate(outputs):
                np.save(folder / f"{name}_{i}.npy", np.ascontiguousarray(array, np.float32))
            yield len(outputs)


def main():
    # What engines print, from C++ as well, must not be taken for an answer.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    mode, *arguments = sys.argv[1:]
    try:
        for answer in {"convert": convert, "run": run}[mode](*arguments):
            print(json.dumps(answer), file=answers, flush=True)
    except Exception as error:  # whatever it is, the parent has to know
        print(json.dumps({"error": f"{type(error).__name__}: {error}"[:1000]}), file=answers,
              flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
