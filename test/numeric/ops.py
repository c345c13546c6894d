"""Every op by itself, in shapes that fill no block evenly, against NumPy in float64."""
import itertools

from harness import Failures, arguments, check_network
from networks import Network

ACTIVATIONS = [("relu",), ("relu6",), ("leaky_relu", 0.01), ("clip", -0.5, 0.75), ("sigmoid",),
               ("silu",), ("hard_sigmoid", 1 / 6, 0.5), ("hard_swish",), ("tanh",)]


def convolutions():
    net = Network("convolutions", 1)
    # Kernel, stride, padding (top, left, bottom, right), dilation.
    windows = [((1, 1), (1, 1), (0, 0, 0, 0), (1, 1)), ((1, 1), (2, 2), (0, 0, 0, 0), (1, 1)),
               ((1, 1), (1, 1), (1, 0, 2, 1), (1, 1)), ((3, 3), (1, 1), (1, 1, 1, 1), (1, 1)),
               ((3, 3), (2, 2), (1, 1, 1, 1), (1, 1)), ((3, 3), (2, 2), (0, 0, 1, 1), (1, 1)),
               ((3, 3), (1, 1), (0, 0, 0, 0), (1, 1)), ((3, 3), (1, 1), (2, 2, 2, 2), (2, 2)),
               ((3, 3), (2, 1), (3, 0, 1, 2), (1, 2)), ((5, 5), (1, 1), (2, 2, 2, 2), (1, 1)),
               ((7, 7), (2, 2), (3, 3, 3, 3), (1, 1)), ((1, 7), (1, 1), (0, 3, 0, 3), (1, 1)),
               ((7, 1), (1, 1), (3, 0, 3, 0), (1, 1)), ((2, 4), (1, 3), (1, 1, 0, 2), (1, 1)),
               ((11, 11), (4, 4), (2, 2, 2, 2), (1, 1)), ((3, 3), (3, 3), (5, 5, 5, 5), (1, 1)),
               ((4, 4), (2, 2), (1, 1, 1, 1), (3, 3))]
    channels = [(3, 8), (16, 16), (5, 7), (24, 33), (17, 64), (1, 1), (32, 20), (48, 40)]
    sizes = [(13, 15), (14, 14), (17, 19), (28, 9)]
    for i, (kernel, stride, pad, dilation) in enumerate(windows):
        for j in range(2):
            c, k = channels[(2 * i + j) % len(channels)]
            h, w = sizes[(i + j) % len(sizes)]
            x = net.input(1 + (i % 3 == 0), c, h, w)
            act = ACTIVATIONS[i % len(ACTIVATIONS)] if j else None
            net.output(net.conv(x, k, kernel, stride, pad, dilation, bias=(i + j) % 3 != 0,
                                act=act))
    # Maps of one row, column or pixel, and kernels as large as the map.
    for shape, kernel in [((1, 40, 1, 1), (1, 1)), ((2, 19, 1, 50), (1, 3)), ((1, 6, 33, 1), (3, 1)),
                          ((1, 20, 7, 7), (7, 7)), ((3, 64, 2, 2), (2, 2))]:
        net.output(net.conv(net.input(*shape), 21, kernel))
    return net


def grouped_convolutions():
    net = Network("grouped_convolutions", 2)
    # Channels, filters, groups: depthwise, with multiplier, and groups that share blocks.
    for c, k, groups in [(16, 16, 16), (19, 19, 19), (7, 14, 7), (32, 32, 2), (24, 48, 4),
                         (12, 12, 4), (10, 15, 5), (64, 64, 32), (96, 96, 96), (128, 128, 32)]:
        for kernel, stride, pad in [((3, 3), (1, 1), (1, 1, 1, 1)), ((3, 3), (2, 2), (0, 1, 1, 0)),
                                    ((5, 5), (1, 1), (2, 2, 2, 2)), ((1, 1), (1, 1), (0, 0, 0, 0))]:
            net.output(net.conv(net.input(1, c, 11, 13), k, kernel, stride, pad, groups=groups,
                                act=("silu",) if stride[0] == 2 else None))
    net.output(net.conv(net.input(1, 20, 12, 12), 20, (3, 3), pad=(2, 2, 2, 2), dilation=(2, 2),
                        groups=20))
    return net


def epilogues():
    net = Network("epilogues", 3)
    for i, act in enumerate([None, ("none",)] + ACTIVATIONS):
        residual = net.input(2, 21, 9, 10)
        net.output(net.conv(net.input(2, 18, 9, 10), 21, (3, 3), pad=(1, 1, 1, 1),
                            residual=residual, bias=i % 2 == 0, act=act))
        net.output(net.linear(net.input(3, 30), 21, residual=net.input(3, 21), bias=i % 2 == 1,
                              act=act))
    return net


def pools():
    net = Network("pools", 4)
    windows = [((2, 2), (2, 2), (0, 0, 0, 0)), ((3, 3), (2, 2), (0, 0, 0, 0)),
               ((3, 3), (2, 2), (1, 1, 1, 1)), ((3, 3), (1, 1), (1, 1, 1, 1)),
               ((3, 2), (2, 3), (1, 0, 2, 1)), ((5, 5), (3, 3), (2, 2, 0, 0)),
               ((2, 2), (1, 1), (0, 0, 1, 1)), ((1, 3), (1, 2), (0, 1, 0, 1)),
               ((8, 8), (8, 8), (0, 0, 0, 0)), ((2, 2), (3, 3), (1, 1, 1, 1))]
    shapes = [(1, 16, 14, 14), (2, 5, 13, 11), (1, 33, 8, 9), (1, 24, 28, 15)]
    for i, (kernel, stride, pad) in enumerate(windows):
        for ceil_mode in (False, True):
            shape = shapes[(i + ceil_mode) % len(shapes)]
            # All negative: a border of zeros would win the maximum.
            negative = net.input(*shape, array=-1 - abs(net.random.normal(size=shape)))
            net.output(net.max_pool(negative, kernel, stride, pad, ceil_mode))
            for count_include_pad in (False, True):
                net.output(net.avg_pool(net.input(*shape), kernel, stride, pad, ceil_mode,
                                        count_include_pad))
    for shape in [(1, 16, 7, 7), (2, 35, 8, 8), (1, 3, 1, 1), (3, 100, 13, 5)]:
        net.output(net.global_avg_pool(net.input(*shape)))
    for shape, to in [((1, 20, 6, 6), (6, 6)), ((1, 20, 12, 6), (6, 2)), ((2, 18, 7, 7), (1, 1))]:
        net.output(net.adaptive_avg_pool(net.input(*shape), to))
    return net


def elementwise():
    net = Network("elementwise", 5)
    shapes = [(1, 16, 6, 7), (2, 19, 5, 5), (3, 33)]
    for act in ACTIVATIONS:
        for shape in shapes:
            net.output(net.activation(net.input(*shape, array=4 * net.random.normal(size=shape)),
                                      *act))
    for shape, op in itertools.product(shapes, ["add", "mul"]):
        broadcasts = [shape]
        if len(shape) == 4:
            broadcasts += [(*shape[:2], 1, 1), (1, shape[1], 1, 1), (1, 1, 1, 1)]
        else:
            broadcasts += [(1, shape[1]), (1, 1)]
        for i, other in enumerate(broadcasts):
            act = ACTIVATIONS[i] if op == "add" else None
            net.output(getattr(net, op)(net.input(*shape), net.input(*other), act))
    # The same value twice.
    x = net.input(1, 18, 4, 4)
    net.output(net.add(x, x))
    net.output(net.mul(x, x))
    for shape in shapes:
        net.output(net.scale(net.input(*shape), -0.17))
        net.output(net.dropout(net.input(*shape)))
    return net


def normalizations():
    net = Network("normalizations", 6)
    for shape in [(1, 16, 6, 7), (2, 21, 5, 5)]:
        net.output(net.batch_norm(net.input(*shape)))
        net.output(net.activation(net.batch_norm(net.input(*shape), 1e-5), "relu"))
    net.output(net.batch_norm(net.input(2, 37)))
    for shape, size, alpha, beta, k in [((1, 16, 6, 7), 5, 1e-1, 0.75, 1.0),
                                        ((2, 37, 5, 5), 5, 1e-4, 0.75, 2.0),
                                        ((1, 6, 3, 3), 3, 2.0, 0.5, 1.0),
                                        ((1, 9, 4, 4), 4, 1.0, 0.6, 1.5),
                                        ((1, 3, 9, 9), 7, 1.0, 1.0, 1.0),
                                        ((1, 64, 8, 8), 5, 1e-2, 0.75, 1.0)]:
        x = net.input(*shape, array=3 * net.random.normal(size=shape))
        net.output(net.lrn(x, size, alpha, beta, k))
    for shape in [(1, 10), (3, 1000), (2, 17, 4, 5), (1, 5, 1, 1), (4, 1)]:
        x = net.input(*shape, array=20 * net.random.normal(size=shape))
        net.output(net.softmax(x))
    # Large values overflow exp() unless the largest is taken off first.
    net.output(net.softmax(net.input(2, 9, array=1000 + 30 * net.random.normal(size=(2, 9)))))
    return net


def moves():
    net = Network("moves", 7)
    for widths in [(16, 16), (3, 5, 7), (17, 1, 31), (20, 12), (8, 24, 40)]:
        net.output(net.concat(*[net.input(2, c, 5, 6) for c in widths]))
    # Branches that are computed, written where the concat wants them.
    x = net.input(1, 20, 10, 9)
    branches = [net.conv(x, 13, (1, 1), act=("relu",)),
                net.conv(x, 24, (3, 3), pad=(1, 1, 1, 1), act=("relu",)),
                net.max_pool(x, (3, 3), (1, 1), (1, 1, 1, 1)), net.conv(x, 16, (1, 1))]
    joined = net.concat(*branches)
    net.output(net.conv(joined, 19, (3, 3), pad=(1, 1, 1, 1)))
    net.output(branches[0])
    # One tensor twice, an input in the middle, a concat of a concat.
    inner = net.concat(branches[1], branches[1], net.input(1, 7, 10, 9))
    net.output(net.concat(inner, x, inner))
    for offset, count in [(0, 16), (16, 16), (3, 20), (39, 1), (0, 40)]:
        net.output(net.slice(net.input(1, 40, 4, 5), offset, count))
    for shape in [(2, 18, 3, 4), (1, 40, 1, 1)]:
        net.output(net.flatten(net.input(*shape)))
        flat = net.flatten(net.conv(net.input(*shape), 18, (1, 1)))
        net.output(net.linear(flat, 11))
    net.output(net.concat(net.input(3, 10), net.input(3, 4)))
    return net


def linears():
    net = Network("linears", 8)
    for shape, out in [((1, 64), 10), ((1, 1000), 33), ((4, 37), 64), ((3, 5, 4, 3), 17),
                       ((1, 256, 6, 6), 100), ((2, 33, 7, 7), 20), ((17, 20), 30), ((1, 1), 1),
                       ((2, 100), 1000)]:
        net.output(net.linear(net.input(*shape), out, act=("relu",) if out == 33 else None))
        net.output(net.softmax(net.linear(net.input(*shape), out, bias=False)))
    return net


FAMILIES = [convolutions, grouped_convolutions, epilogues, pools, elementwise, normalizations, moves,
            linears]

if __name__ == "__main__":
    options = arguments(__doc__, families={"nargs": "*"}, level={"default": "2"})
    failures = Failures(2e-5)
    for family in FAMILIES:
        if not options.families or family.__name__ in options.families:
            check_network(family(), options.folder, failures, options=[f"-O{options.level}"])
    failures.finish("ops")
