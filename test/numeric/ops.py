"""Every op by itself, in shapes that fill no block evenly, against NumPy in float64."""
import itertools

import numpy as np

from harness import Failures, arguments, check_network
from networks import Network

ACTIVATIONS = [("relu",), ("relu6",), ("leaky_relu", 0.01), ("clip", -0.5, 0.75), ("sigmoid",),
               ("silu",), ("hard_sigmoid", 1 / 6, 0.5), ("hard_swish",), ("tanh",), ("abs",),
               ("erf",), ("gelu",), ("elu", 0.8), ("softplus",)]


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


def winograd_convolutions():
    """Shapes that are worth Winograd's transforms: tiles that do and do not divide the map, halos of
    what reads the result, and epilogues."""
    net = Network("winograd_convolutions", 16)
    kernels = [((3, 3), 1, (1, 1, 1, 1)), ((3, 3), 1, (0, 0, 0, 0)), ((5, 5), 1, (2, 2, 2, 2)),
               ((1, 7), 1, (0, 3, 0, 3)), ((7, 1), 1, (3, 0, 3, 0)), ((1, 3), 1, (0, 1, 0, 1)),
               ((3, 1), 1, (1, 0, 0, 0)), ((3, 5), 1, (1, 2, 1, 2)), ((2, 2), 1, (0, 0, 1, 1)),
               ((3, 3), 2, (1, 1, 1, 1)), ((3, 3), 2, (0, 0, 0, 0)), ((5, 5), 2, (2, 2, 2, 2)),
               ((3, 3), (1, 2), (1, 0, 1, 0)), ((1, 5), (1, 2), (0, 2, 0, 2))]
    sizes = [(2, 14, 14), (1, 17, 19), (1, 8, 9), (3, 7, 7), (1, 30, 12)]
    for i, (kernel, stride, pad) in enumerate(kernels):
        stride = stride if isinstance(stride, tuple) else (stride, stride)
        for j, (n, h, w) in enumerate(sizes):
            if i > 0 and (i + j) % 3:
                continue
            c, k = [(64, 64), (40, 72), (51, 48), (96, 33)][(i + j) % 4]
            x = net.input(n, c, h, w)
            # Not one that cuts large values off: errors are relative to the largest output.
            act = [None, ("relu",), ("silu",)][(i + j) % 3]
            y = net.conv(x, k, kernel, stride, pad, bias=(i + j) % 3 != 0, act=act)
            if i == 0:
                y = net.conv(y, k, kernel, pad=pad, residual=y, act=("relu",))
            net.output(y)
    return net


def stem_convolutions():
    """First convolutions whose strides become channels: paddings that are and are not whole squares,
    planes that do and do not fill a block, rows that do and do not end with a vector."""
    net = Network("stem_convolutions", 19)
    windows = [((7, 7), 2, (3, 3, 3, 3)), ((11, 11), 4, (2, 2, 2, 2)), ((5, 5), 2, (1, 2, 2, 1)),
               ((7, 7), 2, (2, 3, 3, 2)), ((8, 6), 4, (0, 1, 3, 2)), ((7, 5), 2, (4, 0, 1, 3))]
    sizes = [(1, 64, 64), (2, 32, 72), (1, 88, 36), (3, 48, 44)]
    for i, (kernel, stride, pad) in enumerate(windows):
        for j in range(2):
            x = net.input(sizes[(i + j) % 4][0], [3, 1, 3, 4, 2, 3][(i + 3 * j) % 6],
                          *sizes[(i + j) % 4][1:])
            y = net.conv(x, [64, 40, 96][(i + j) % 3], kernel, (stride, stride), pad, bias=i % 3 != 0,
                         act=("relu",) if j else None)
            net.output(net.conv(y, 8, (3, 3), pad=(1, 1, 1, 1)))
    return net


def pooled_convolutions():
    """Convolutions whose outputs 2x2 pools take from the tiles: tiles that do and do not divide the
    map, halos of what reads the maxima, a concatenation of them; and pools that must not be taken."""
    net = Network("pooled_convolutions", 21)
    sizes = [(2, 128, 28, 28), (1, 120, 34, 38), (3, 128, 16, 16), (1, 128, 36, 40), (1, 128, 35, 40)]
    for i, shape in enumerate(sizes):
        act = [None, ("relu",), ("relu6",), ("silu",), None][i]
        x = net.input(*shape)
        y = net.max_pool(net.conv(x, 72, (3, 3), pad=(1, 1, 1, 1), bias=i != 2, act=act), (2, 2), (2, 2))
        net.output(net.conv(y, 64, (3, 3), pad=(1, 1, 1, 1)) if i % 2 else y)
    # The maxima are a part of a concatenation; the map is read once more; windows overlap.
    x, y, z = (net.conv(net.input(1, 64, 56, 56), 64, (3, 3), pad=(1, 1, 1, 1)) for _ in range(3))
    pools = [net.max_pool(map, (2, 2), (2, 2)) for map in (x, y)]
    net.output(net.concat(*pools))
    net.output(y)
    net.output(net.max_pool(z, (3, 3), (2, 2)))
    return net


def large_winograd_convolutions():
    """Maps on which a GPU takes larger tiles, some of them beyond the border, of several images."""
    net = Network("large_winograd_convolutions", 20)
    shapes = [((4, 64, 27, 30), 64, (1, 1, 1, 1)), ((1, 96, 55, 50), 128, (0, 0, 0, 0)),
              ((2, 128, 26, 31), 99, (2, 0, 1, 1))]
    for i, (shape, k, pad) in enumerate(shapes):
        x = net.input(*shape)
        y = net.conv(x, k, (3, 3), pad=pad, bias=i != 1, act=[None, ("relu",), ("silu",)][i])
        if i == 0:
            y = net.conv(y, k, (3, 3), pad=pad, residual=y, act=("relu",))
        net.output(y)
    return net


def strassen_convolutions():
    """1x1 convolutions that are worth Strassen's algorithm: pixels that do and do not fill the last
    tile, of several images, halos of what reads the result, channels that can be halved once."""
    net = Network("strassen_convolutions", 17)
    sizes = [(1, 14, 14), (1, 17, 17), (3, 7, 9), (2, 13, 11)]
    for i, (n, h, w) in enumerate(sizes):
        for j, (c, k) in enumerate([(512, 512), (400, 624)]):
            x = net.input(n, c, h, w)
            act = [None, ("relu",), ("silu",)][(i + j) % 3]
            y = net.conv(x, k, (1, 1), bias=(i + j) % 3 != 0, act=act)
            net.output(y)
            if c == k:
                net.output(net.conv(x, k, (1, 1), residual=y, act=("relu",)))
                # Reads the halo around the product.
                net.output(net.conv(net.conv(x, k, (1, 1)), k, (3, 3), pad=(1, 1, 1, 1), groups=k))
    return net


def grouped_convolutions():
    net = Network("grouped_convolutions", 2)
    # Channels, filters, groups: depthwise, with multiplier, and groups that share blocks.
    for c, k, groups in [(16, 16, 16), (19, 19, 19), (7, 14, 7), (32, 32, 2), (24, 48, 4),
                         (12, 12, 4), (10, 15, 5), (64, 64, 32), (96, 96, 96), (128, 128, 32),
                         (128, 192, 2), (64, 128, 4)]:
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
    # Means of what depthwise convolutions compute: of whole planes, small and larger than L1, and of
    # planes that several tasks write.
    for shape, act in [((1, 150, 7, 5), None), ((2, 70, 9, 11), ("silu",)),
                       ((1, 133, 34, 37), ("relu",)), ((3, 50, 37, 34), ("silu",)),
                       ((1, 12, 20, 21), ("silu",))]:
        y = net.conv(net.input(*shape), shape[1], (3, 3), pad=(1, 1, 1, 1), groups=shape[1], act=act)
        net.output(net.global_avg_pool(y))
        net.output(net.conv(y, 9, (1, 1)))
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


def channel_scales():
    """Maps times a factor for each channel: what a convolution or an addition does as it reads them,
    and where neither can."""
    net = Network("channel_scales", 17)

    def scaled(*shape, images=None):
        factors = net.activation(net.input(images or shape[0], shape[1], 1, 1), "sigmoid")
        return net.mul(net.input(*shape), factors)

    for shape, k in [((1, 16, 12, 12), 8), ((3, 19, 9, 11), 13), ((2, 45, 16, 15), 50),
                     ((2, 33, 30, 30), 100), ((1, 7, 5, 5), 40)]:
        net.output(net.conv(scaled(*shape), k, (1, 1), act=("silu",)))
        net.output(net.conv(scaled(*shape), k, (1, 1), bias=False,
                            residual=net.input(shape[0], k, *shape[2:]), act=("relu",)))
    net.output(net.conv(scaled(3, 20, 9, 9, images=1), 17, (1, 1)))
    net.output(net.conv(scaled(1, 24, 20, 20), 16, (1, 1), stride=(2, 2)))
    net.output(net.conv(scaled(1, 24, 20, 20), 16, (3, 3), pad=(1, 1, 1, 1)))
    net.output(net.conv(scaled(1, 24, 20, 20), 16, (1, 1), pad=(1, 0, 2, 1)))
    net.output(net.conv(scaled(1, 32, 20, 20), 16, (1, 1), groups=2))
    product = scaled(1, 16, 14, 14)
    net.output(net.conv(product, 16, (1, 1), residual=product))
    for shape in [(1, 24, 6, 7), (2, 19, 5, 5)]:
        net.output(net.add(scaled(*shape), net.input(*shape), ("relu",)))
        net.output(net.add(net.input(*shape), scaled(*shape)))
    net.output(net.add(product, product))
    net.output(net.add(scaled(2, 19, 6, 6), net.input(2, 19, 1, 1)))
    net.output(net.add(scaled(2, 19, 6, 6), scaled(2, 19, 6, 6)))
    net.output(net.conv(net.add(scaled(1, 20, 9, 9), net.input(1, 20, 9, 9), ("relu",)), 9, (3, 3),
                        pad=(1, 1, 1, 1)))
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


def positive_activations():
    """Those that only some values are given to."""
    net = Network("positive_activations", 9)
    for shape in [(1, 16, 6, 7), (2, 19, 5, 5), (3, 33)]:
        for act in [("log",), ("sqrt",)]:
            array = abs(net.random.normal(size=shape)) + 1e-3
            net.output(net.activation(net.input(*shape, array=array), *act))
        net.output(net.activation(net.input(*shape), "exp"))
    # Beyond where float32's exp() ends.
    wide = net.input(1, 7, 4, 4, array=60 * net.random.normal(size=(1, 7, 4, 4)))
    for act in [("softplus",), ("sigmoid",), ("silu",), ("tanh",), ("gelu",), ("elu", 1.5),
                ("erf",)]:
        net.output(net.activation(wide, *act))
    return net


def odd_pools():
    net = Network("odd_pools", 10)
    for i, (kernel, stride, pad, dilation) in enumerate([
            ((2, 2), (1, 1), (0, 0, 0, 0), (2, 2)), ((3, 3), (2, 2), (1, 1, 1, 1), (2, 2)),
            ((3, 2), (1, 2), (2, 1, 0, 0), (1, 3)), ((3, 3), (3, 2), (3, 0, 2, 4), (2, 3)),
            ((1, 4), (1, 1), (0, 2, 0, 2), (1, 2))]):
        for ceil_mode in (False, True):
            shape = [(1, 16, 14, 14), (2, 5, 13, 11), (1, 33, 9, 12)][(i + ceil_mode) % 3]
            negative = net.input(*shape, array=-1 - abs(net.random.normal(size=shape)))
            net.output(net.max_pool(negative, kernel, stride, pad, ceil_mode, dilation))
            for count_include_pad in (False, True):
                net.output(net.avg_pool(net.input(*shape), kernel, stride, pad, ceil_mode,
                                        count_include_pad, dilation))
    for shape, to in [((1, 20, 7, 7), (3, 3)), ((2, 18, 5, 9), (4, 2)), ((1, 5, 14, 14), (4, 4)),
                      ((1, 17, 3, 2), (5, 7)), ((1, 16, 10, 10), (1, 3)), ((1, 8, 6, 6), (3, 4))]:
        net.output(net.adaptive_avg_pool(net.input(*shape), to))
    return net


def binaries():
    net = Network("binaries", 11)
    shapes = [((2, 19, 5, 6), (2, 19, 5, 6)), ((1, 16, 4, 4), (1, 1, 4, 4)),
              ((2, 5, 6, 7), (1, 1, 1, 7)), ((1, 20, 1, 3), (4, 1, 5, 3)),
              ((3, 1, 1, 1), (1, 8, 4, 5)), ((1, 40, 5, 5), (1, 40, 1, 1)),
              ((2, 1, 6, 1), (1, 33, 1, 5)), ((1, 1, 1, 1), (1, 9, 3, 3))]
    kinds = ["add", "sub", "mul", "div", "min", "max", "pow"]
    for kind, (left, right) in itertools.product(kinds, shapes):
        a = net.random.normal(size=left)
        b = net.random.normal(size=right)
        if kind == "div":
            b = np.where(b < 0, b - 0.5, b + 0.5)
        if kind == "pow":
            a = abs(a) + 0.1
        net.output(net.binary(kind, net.input(*left, array=a), net.input(*right, array=b)))
    # Integer powers of negative bases, and a map with itself.
    x = net.input(1, 12, 4, 5)
    net.output(net.binary("pow", x, net.constant(np.full((1, 1, 1, 1), 3.0))))
    net.output(net.binary("pow", x, net.constant(np.full((1, 12, 1, 1), 2.0))))
    net.output(net.binary("sub", x, x))
    # Constants on either side, and next to layers in blocks of channels.
    y = net.conv(x, 20, (3, 3), pad=(1, 1, 1, 1), act=("relu",))
    net.output(net.binary("sub", net.constant(net.random.normal(size=(1, 20, 1, 1))), y))
    net.output(net.conv(net.binary("mul", y, net.constant(net.random.normal(size=(1, 1, 4, 5)))),
                        7, (1, 1)))
    return net


def takes():
    net = Network("takes", 12)
    x = net.input(2, 18, 7, 6)
    reflect = [2, 1, *range(7), 5, 4, 3]
    edge = [0, 0, *range(6), 5]
    cases = [
        {"h": [-1, *range(7), -1, -1], "w": [-1, -1, *range(6)]},  # padding
        {"h": reflect, "w": edge}, {"h": range(1, 5), "w": range(2, 6)},  # cropping
        {"h": range(0, 7, 2), "w": range(1, 6, 3)}, {"w": range(5, -1, -1)},  # steps, flipping
        {"h": [i // 2 for i in range(14)], "w": [i // 2 for i in range(12)]},  # resizing
        {"c": [5, 17, 0, 3, 3]}, {"n": [1, 0, 1], "c": range(3, 18, 5)},  # gathering
        {"n": [0, 1, 0, 1], "c": [*range(18)] * 2},  # tiling
        {"c": [-1, 4, -1, -1, 9, 17], "h": [3, -1, 3]},  # holes
        {"w": [-1, -1]}, {"c": [-1, -1, -1, 0], "n": [1]}, {"h": range(7)},
    ]
    for i, case in enumerate(cases):
        case = {letter: list(indices) for letter, indices in case.items()}
        net.output(net.take(x, [0.0, -2.5, 7.0][i % 3], **case))
    # Between layers that work on blocks of channels.
    y = net.conv(x, 40, (1, 1), act=("relu",))
    padded = net.take(y, h=[-1, *range(7), -1], w=[-1, *range(6), -1])
    net.output(net.conv(padded, 24, (3, 3)))
    net.output(net.conv(net.take(y, c=list(range(39, -1, -1))), 9, (1, 1)))
    return net


def shapes():
    net = Network("shapes", 13)
    x = net.input(2, 18, 5, 6)
    for permutation in itertools.permutations(range(4)):
        net.output(net.transpose(x, *permutation))
    for shape in [(2, 18, 30, 1), (36, 5, 6, 1), (2, 540), (1080,), (1, 2, 3, 6, 5, 3, 2),
                  (2, 1, 9, 2, 5, 3, 2, 1), (4, 9, 5, 6), (1, 1, 1, 1080)]:
        net.output(net.reshape(x, *shape))
    net.output(net.reshape(net.input(7), 1, 7))
    net.output(net.reshape(net.input(1, 2, 3, 2, 2, 5), 4, 30))
    # A channel shuffle between convolutions, and attention's matrix form.
    y = net.conv(x, 24, (3, 3), pad=(1, 1, 1, 1), act=("relu",))
    groups = net.transpose(net.reshape(y, 2, 3, 8, 30), 0, 2, 1, 3)
    net.output(net.conv(net.reshape(groups, 2, 24, 5, 6), 16, (1, 1)))
    net.output(net.softmax(net.linear(net.reshape(net.transpose(y, 0, 2, 3, 1), 60, 24), 11)))
    return net


def constants():
    """Constants as the data of layers."""
    net = Network("constants", 14)
    x = net.input(1, 20, 5, 6)
    weights = net.constant(net.random.normal(size=(1, 20, 5, 6)))
    gate = net.constant(net.random.normal(size=(1, 20, 1, 1)))
    net.output(net.add(x, weights))
    net.output(net.mul(x, gate))
    net.output(net.concat(x, weights, x))
    net.output(net.conv(weights, 17, (3, 3), pad=(1, 1, 1, 1)))
    net.output(net.max_pool(net.add(weights, weights)))
    net.output(weights)
    return net


def runtime_weights():
    """Filters and biases that the caller gives or the network computes."""
    net = Network("runtime_weights", 15)
    for c, k, kernel, stride, pad, groups in [
            (18, 21, (3, 3), (1, 1), (1, 1, 1, 1), 1), (3, 16, (3, 3), (2, 2), (0, 0, 1, 1), 1),
            (16, 24, (1, 1), (1, 1), (0, 0, 0, 0), 1), (20, 20, (3, 3), (1, 1), (1, 1, 1, 1), 20),
            (16, 32, (3, 3), (1, 1), (1, 1, 1, 1), 4), (5, 7, (1, 7), (1, 2), (0, 3, 0, 3), 1)]:
        x, w = net.input(2, c, 9, 10), net.input(k, c // groups, *kernel)
        for bias in (False, True, net.input(k)):
            net.output(net.conv(x, k, kernel, stride, pad, groups=groups, bias=bias, weights=w,
                                act=("relu",) if bias is True else None))
    net.output(net.conv(net.input(1, 12, 6, 6), 9, (3, 3), bias=net.input(9)))
    x, w = net.input(3, 30), net.input(21, 30)
    for bias in (False, True, net.input(21)):
        net.output(net.linear(x, 21, bias=bias, weights=w))
    net.output(net.linear(net.input(2, 5, 4, 3), 10, weights=net.activation(net.input(10, 60),
                                                                             "tanh")))
    # A product of two computed maps, as attention makes it: a 1x1 convolution per image.
    q = net.reshape(net.conv(net.input(1, 8, 4, 4), 8, (1, 1)), 1, 8, 16, 1)
    keys = net.reshape(net.transpose(net.input(1, 8, 4, 4), 0, 2, 3, 1), 16, 8, 1, 1)
    net.output(net.conv(q, 16, (1, 1), bias=False, weights=keys))
    return net


def linears():
    net = Network("linears", 8)
    for shape, out in [((1, 64), 10), ((1, 1000), 33), ((4, 37), 64), ((3, 5, 4, 3), 17),
                       ((1, 256, 6, 6), 100), ((2, 33, 7, 7), 20), ((17, 20), 30), ((1, 1), 1),
                       ((2, 100), 1000)]:
        net.output(net.linear(net.input(*shape), out, act=("relu",) if out == 33 else None))
        net.output(net.softmax(net.linear(net.input(*shape), out, bias=False)))
    return net


FAMILIES = [convolutions, winograd_convolutions, pooled_convolutions, large_winograd_convolutions,
            strassen_convolutions, stem_convolutions, grouped_convolutions, epilogues, pools, odd_pools, elementwise,
            positive_activations, binaries, normalizations, moves, takes, shapes, constants, linears,
            runtime_weights, channel_scales]

if __name__ == "__main__":
    options = arguments(__doc__, families={"nargs": "*"}, level={"default": "2"},
                        machines={"default": ""}, backend={"default": "auto"},
                        precision={"default": "f32"})
    machines = options.machines.split(",") if options.machines else None
    # tf32 has 11 bits: products err by some 2^-11 of themselves, against the largest output less.
    failures = Failures(3e-3 if options.precision == "tf32" else 2e-5)
    for family in FAMILIES:
        if not options.families or family.__name__ in options.families:
            # Errors are relative to the largest output, which some activations cut down: only what is
            # meant for it is convolved with larger tiles.
            is_transformed = family in (winograd_convolutions, pooled_convolutions,
                                         large_winograd_convolutions, strassen_convolutions,
                                         stem_convolutions)
            accuracy = "default" if is_transformed else "strict"
            check_network(family(), options.folder, failures, machines,
                          options=[f"-O{options.level}", f"--accuracy={accuracy}",
                                   f"--backend={options.backend}", f"--precision={options.precision}"])
    failures.finish("ops")
