"""Puts the onnx package's backend suite to incc and compares the answers with the suite's.

    backend.py check FOLDER [--share I/N] [--groups A,B] [--only REGEX]
    backend.py write-table FOLDER

Works in FOLDER. `check` also compares what happens with the table in README.md, and `write-table`
writes that table. Either fails if a case does anything but pass or be refused with a message of the
right form, or if one that must pass is refused.
"""
import argparse
import multiprocessing
import os
import pickle
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import onnx

import incc
import table
from suite import GROUPS, load_cases
from table import PASS

# Far more than any case takes.
TIMEOUT_SECONDS = 300


class Wrong(Exception):
    """Neither an answer within the tolerance nor a proper refusal."""


def refusal(stderr, path, model):
    """Why incc refuses `model`. Every line of its diagnostics begins with the file, the first is an
    error, the others are errors or notes, and each says what it is about."""
    lines = [line for line in stderr.splitlines() if line]
    if not lines or not lines[0].startswith(f"{path}: error: "):
        raise Wrong(f"expected a message '{path}: error: ...', got: {stderr.strip()[:300]}")
    if not all(re.match(re.escape(f"{path}: ") + "(error|note): ", line) for line in lines):
        raise Wrong(f"a line of another form in: {stderr.strip()[:300]}")
    try:
        return table.reason(lines, path, model)
    except table.BadForm as error:
        raise Wrong(str(error)) from None


def compile_form(form, folder):
    """Compiles and returns the library, or a string: why incc refuses."""
    path, library = folder / "model.onnx", folder / "model.so"
    path.write_bytes(form.model)
    try:
        done = subprocess.run(["incc", path, "-q", "-o", library], capture_output=True, text=True,
                              timeout=TIMEOUT_SECONDS, errors="replace")
    except subprocess.TimeoutExpired:
        raise Wrong("incc takes too long") from None
    if done.returncode == 0:
        if done.stderr:
            raise Wrong(f"a message without failure: {done.stderr.strip()[:300]}")
        return library
    if done.returncode != 1:
        raise Wrong(f"incc ends with status {done.returncode}: {done.stderr.strip()[-300:]}")
    if library.exists():
        raise Wrong("refused, but something was written")
    return refusal(done.stderr, path, onnx.load_from_string(form.model))


def compare(library, case, form):
    """Runs the library and raises Wrong where it differs from the suite."""
    with incc.load(library, threads=1) as model:
        # incc gives scalars the shape [1].
        arrays = [np.atleast_1d(array) for array in form.inputs]
        outputs = model(*arrays)
        outputs = outputs if isinstance(outputs, list) else [outputs]
    if len(outputs) != len(form.outputs):
        raise Wrong(f"{len(outputs)} outputs, expected {len(form.outputs)}")
    for i, (got, expected) in enumerate(zip(outputs, form.outputs)):
        if expected is None or expected.dtype != np.float32:
            raise Wrong(f"output {i} is no float32 tensor, but was computed")
        expected = np.atleast_1d(expected)
        if got.shape != expected.shape:
            raise Wrong(f"output {i} has shape {got.shape}, expected {expected.shape}")
        if not np.allclose(got, expected, case.rtol, case.atol, equal_nan=True):
            with np.errstate(invalid="ignore"):
                error = np.nanmax(np.abs(got - expected))
            raise Wrong(f"output {i} is off by up to {error:.2e}")


def in_child(function, *arguments):
    """Calls `function` in a process of its own: code that crashes ends that alone."""
    read, write = os.pipe()
    child = os.fork()
    if not child:
        try:
            function(*arguments)
            message = None
        except BaseException as error:
            message = f"{'' if isinstance(error, Wrong) else type(error).__name__ + ': '}{error}"
        with os.fdopen(write, "wb") as pipe:
            pickle.dump(message, pipe)
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        data = pipe.read()
    status = os.waitpid(child, 0)[1]
    if status or not data:
        raise Wrong(f"the library crashes: status {status}")
    if message := pickle.loads(data):
        raise Wrong(message)


def run_case(case, folder):
    """What becomes of each form of a case: PASS, or why incc refuses it. Raises Wrong."""
    folder = folder / case.group / case.name
    folder.mkdir(parents=True, exist_ok=True)
    results = {}
    for form in case.forms():
        try:
            built = compile_form(form, folder)
            results[form.name] = built
            if isinstance(built, Path):
                in_child(compare, built, case, form)
                results[form.name] = PASS
        except Wrong as error:
            raise Wrong(f"{case.key} ({form.name}): {error}") from None
        finally:
            for file in folder.iterdir():
                file.unlink()
        # A refusal by constant weights says all there is to say.
        if results[form.name] != PASS and not case.is_required():
            break
    return results


def try_case(case, folder):
    try:
        return case, run_case(case, folder), None
    except Wrong as error:
        return case, None, str(error)


def run_cases(cases, folder, jobs):
    """The results by case, and messages about what is wrong."""
    wrong, results = [], {}
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for case, result, error in pool.imap(partial(try_case, folder=folder), cases):
            if error:
                wrong.append(error)
                continue
            results[case] = result
            if case.is_required():
                wrong += [f"{case.key} ({form}): refused: {reason}"
                          for form, reason in result.items() if reason != PASS]
    return results, wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("command", choices=["check", "write-table"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--share", default="0/1", help="I/N: every Nth case, from the Ith on")
    parser.add_argument("--groups", default=",".join(GROUPS))
    parser.add_argument("--only", default="", help="a regular expression that cases contain")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    arguments = parser.parse_args()

    share, shares = map(int, arguments.share.split("/"))
    cases = [case for case in load_cases(arguments.groups.split(","))
             if re.search(arguments.only, case.key)][share::shares]
    results, wrong = run_cases(cases, arguments.folder.resolve(), arguments.jobs)
    if arguments.command == "write-table":
        table.write(results)
    else:
        wrong += table.differences(results)
    for message in wrong:
        print("wrong:", message)
    passed = sum(all(form == PASS for form in result.values()) for result in results.values())
    print(f"{len(cases)} cases: {passed} pass, {len(results) - passed} refused, {len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
