"""Breaks kernels on purpose and sees that running them on the CPU notices.

    mutations.py FOLDER      with the fake driver's folder in LD_LIBRARY_PATH
"""
import os
import sys

import numpy as np

import incc
from harness import arguments, compile_model
from networks import Network

# Each is the only call of its kind in the main loop, and a race without it.
MUTATIONS = ["barrier0:0", "cp.async.wait.group:0"]


def tiles(name, channels, stride):
    """A convolution of small integers: tf32 holds them, and float32 every sum exactly, in whatever order."""
    net = Network(name, 3)
    random = np.random.default_rng(3)

    def integers(*shape):
        return random.integers(-4, 5, size=shape).astype(float)

    x = net.input(1, channels, 13, 15, array=integers(1, channels, 13, 15))
    net.output(net.conv(x, 70, (3, 3), stride, (1, 1, 1, 1), bias=False,
                        weights=net.constant(integers(70, channels, 3, 3))))
    return net


def is_right(library, net):
    with incc.load(library) as model:
        try:
            answer = model(*[value.array.astype(np.float32) for value in net.inputs])
        except incc.Error:  # the fake driver saw it
            return False
    return np.array_equal(answer, net.outputs[0].array)


def main():
    options = arguments(__doc__.splitlines()[0])
    wrong, count = [], 0
    nets = [(tiles("few_channels", 3, (1, 1)), "f32"), (tiles("many_channels", 48, (2, 1)), "f32"),
            (tiles("tensor_cores", 48, (1, 1)), "tf32")]
    for net, precision in nets:
        source, library = options.folder / f"{net.name}.mlir", options.folder / f"{net.name}.so"
        source.write_text(net.text())
        compile_model(source, "sm_80", library, f"--precision={precision}")
        for order in ("forward", "reverse"):
            os.environ["FAKE_CUDA_ORDER"] = order
            for mutation in ["", *MUTATIONS]:
                os.environ["FAKE_CUDA_MUTATE"] = mutation
                count += 1
                if is_right(library, net) != (mutation == ""):
                    wrong.append(f"{net.name}, {order}: {mutation or 'the kernel as it is'}")
    for line in wrong:
        print("wrong:", line)
    print(f"mutations: {count} runs, {len(wrong)} wrong")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
