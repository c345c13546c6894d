"""Fails every call that a model makes of the CUDA driver, the first, second and third time, and looks at
what is left over: nothing, once the model is closed; and that a model can still be loaded and run.

    failures.py FOLDER      with the fake driver's folder in LD_LIBRARY_PATH
"""
import ctypes
import os
import re
import sys

import numpy as np

import incc
from harness import arguments, compile_model
from networks import Network

OUT_OF_MEMORY, LAUNCH_FAILED = 2, 719


def small_network():
    """Branches, a convolution that is split, several inputs and outputs."""
    net = Network("small", 1)
    x = net.input(1, 24, 9, 9)
    y = net.concat(net.conv(x, 16, (1, 1)), net.max_pool(x, (3, 3), (1, 1), (1, 1, 1, 1)))
    y = net.conv(y, 32, (3, 3), pad=(1, 1, 1, 1), act=("relu",))
    net.output(net.softmax(net.linear(y, 10)))
    net.output(net.add(y, net.input(1, 32, 9, 9)))
    return net


class Fake:
    def __init__(self):
        self.driver = ctypes.CDLL("libcuda.so.1")
        self.driver.fake_cuda_live.restype = ctypes.c_char_p

    def live(self):
        return self.driver.fake_cuda_live().decode()

    def calls(self, name):
        return self.driver.fake_cuda_calls(name.encode())


def functions(header):
    """The functions that the runtime asks the driver for."""
    with open(header) as text:
        return re.findall(r'X\(\w+, "(cu\w+)"', text.read())


def use(path, arrays):
    """Makes a context, measures a run and makes another."""
    with incc.load(path) as model:
        first = model(*arrays)
        model.profile(*arrays, runs=1)
        second = model(*arrays)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_array_equal(a, b)
    return first


# Calls that only undo what others did, or ask: the runtime does not look at their answer.
UNDOING = ("Destroy", "Free", "Unload", "Release", "PopCurrent", "GetAttribute", "GetError")


def fail_once(name, number, fake, library, arrays):
    """Fails the call; returns what was wrong with how the model took it, and whether it came."""
    code, error_name = ((OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY") if "Alloc" in name else
                        (LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED"))
    os.environ["FAKE_CUDA_FAIL"] = f"{name}:{number}:{code}"
    message, wrong = "", []
    try:
        use(library, arrays)
    except incc.Error as error:
        message = str(error)
    came = fake.calls(name) >= number
    if came and not re.search(rf"can't .*\({error_name}, {code}\)$", message):
        wrong.append(f"{name}, call {number}: said '{message}'")
    if fake.live() != "nothing":
        wrong.append(f"{name}, call {number}: left {fake.live()}")
    os.environ["FAKE_CUDA_FAIL"] = ""
    return wrong, came


def main():
    options = arguments(__doc__.splitlines()[0], header={"required": True})
    net = small_network()
    source, library = options.folder / "small.mlir", options.folder / "small.so"
    source.write_text(net.text())
    compile_model(source, "sm_80", library)
    arrays = [value.array.astype(np.float32) for value in net.inputs]
    fake, wrong, count = Fake(), [], 0
    expected = use(library, arrays)
    names = [name for name in functions(options.header)
             if fake.calls(name) and not any(word in name for word in UNDOING)]
    for name in names:
        for number in (1, 2, 3):
            problems, came = fail_once(name, number, fake, library, arrays)
            wrong += problems
            count += came
    for a, b in zip(use(library, arrays), expected, strict=True):
        np.testing.assert_array_equal(a, b)
    for line in wrong:
        print("wrong:", line)
    print(f"failures: {count} calls of {len(names)} functions failed, {len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
