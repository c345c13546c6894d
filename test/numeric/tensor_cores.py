"""Convolutions on tensor cores, on the driver that runs GPU kernels on the CPU, against NumPy in float64.

Errors are compared with what the arithmetic can lose: a tf32 number has 11 bits, so that a product of two that
were rounded to the nearest errs by 2^-10 of itself at most; of three products of parts by some 2^-22, to which
float32's sums add. That factors are rounded and not cut off shows where all factors are positive: what is lost would
have the same sign everywhere.
"""
import sys

import numpy as np

from harness import arguments, call, compile_model, load, ways_to_run
from networks import Network, activate

# Input, filters, window, stride, padding.
SHAPES = [((1, 64, 14, 14), 128, (3, 3), (1, 1), (1, 1, 1, 1)), ((2, 33, 9, 11), 70, (1, 1), (1, 1), (0, 0, 0, 0)),
          ((1, 24, 21, 17), 48, (5, 5), (2, 2), (2, 2, 2, 2)), ((1, 3, 40, 40), 64, (7, 7), (2, 2), (3, 3, 3, 3)),
          ((1, 256, 7, 7), 64, (1, 1), (1, 1), (0, 0, 0, 0)), ((3, 40, 16, 16), 16, (1, 7), (1, 1), (0, 3, 0, 3)),
          ((1, 128, 16, 16), 256, (1, 1), (1, 1), (0, 0, 0, 0)), ((1, 64, 10, 10), 64, (3, 3), (1, 1), (0, 0, 0, 0))]


def convolutions(is_positive):
    """The network, and for each output the sum of the products' magnitudes."""
    net, magnitudes = Network("positive" if is_positive else "signed", 7), []
    random = np.random.default_rng(5)

    def numbers(*shape):
        x = random.normal(size=shape).astype(np.float32).astype(np.float64)
        return np.abs(x) if is_positive else x

    for i, (shape, filters, window, stride, pad) in enumerate(SHAPES):
        x, w = numbers(*shape), numbers(filters, shape[1], *window)
        shadow = Network("shadow", 1)
        size = shadow.conv(shadow.input(*shape, array=np.abs(x)), filters, window, stride, pad, bias=False,
                           weights=shadow.constant(np.abs(w)))
        inputs = net.input(*shape, array=x)
        y = net.conv(inputs, filters, window, stride, pad, bias=False, weights=net.constant(w))
        magnitudes.append(size.array)
        net.output(y)
        # Again with an epilogue, which must find its channel and pixel in a lane's fragments.
        if i % 2 == 0:
            residual = net.input(*y.shape)
            bias = net.constant(random.normal(size=filters))
            z = net.conv(inputs, filters, window, stride, pad, bias=bias, weights=net.constant(w), residual=residual,
                         act=("relu",))
            magnitudes.append(size.array + np.abs(residual.array) + np.abs(bias.array)[None, :, None, None])
            net.output(z)
    return net, magnitudes


def wrongs(precision, net, is_positive, results, magnitudes):
    """What is wrong with an answer."""
    # Sums of float32: rounding errors of the sums and of the tensor cores' additions.
    most = {"tf32": 1.02 * 2.0**-10, "3xtf32": 1.5e-6}[precision]
    for i, (got, expected, size) in enumerate(zip(results, net.outputs, magnitudes, strict=True)):
        error = (got - expected.array) / size
        worst, mean = np.abs(error).max(), error.mean()
        if not worst <= most:
            yield f"output {i}: error {worst:.1e} of the products' magnitudes, at most {most:.1e}"
        if precision == "tf32" and worst < 1e-6:
            yield f"output {i}: error {worst:.1e}: not computed as tf32"
        if precision == "tf32" and is_positive and not abs(mean) < 5e-5:
            yield f"output {i}: mean error {mean:.1e}: factors are not rounded to the nearest"


def main():
    options = arguments(__doc__.splitlines()[0], mcpu={"default": "sm_80"})
    wrong, count, worst = [], 0, {}
    for precision, is_positive in [("tf32", True), ("3xtf32", False)]:
        net, magnitudes = convolutions(is_positive)
        source, library = options.folder / f"{precision}.mlir", options.folder / f"{precision}.so"
        source.write_text(net.text())
        flags = [f"--precision={precision}"]
        compile_model(source, options.mcpu, library, *flags)
        plan = call("incc", source, "-q", "--target=cuda", f"--mcpu={options.mcpu}", *flags, "--emit=plan")
        on_cores = plan.count(f'arithmetic = "{precision}"')
        if on_cores != len(net.outputs):
            wrong.append(f"{precision}: {on_cores} of {len(net.outputs)} convolutions on tensor cores")
        arrays = [value.array.astype(np.float32) for value in net.inputs]
        for _ in ways_to_run(options.mcpu, None):
            with load(library, 1, options.mcpu) as model:
                results = model(*arrays)
            count += len(results)
            wrong += [f"{precision}: {what}" for what in wrongs(precision, net, is_positive, results, magnitudes)]
            worst[precision] = max([worst.get(precision, 0)] + [
                np.abs((got - y.array) / size).max() for got, y, size in zip(results, net.outputs, magnitudes)])
    for line in wrong:
        print("wrong:", line)
    print(f"tensor cores: {count} comparisons, {len(wrong)} wrong, largest errors "
          + ", ".join(f"{precision} {error:.1e}" for precision, error in worst.items()))
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
