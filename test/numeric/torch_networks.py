"""Networks of models/ that neither torchvision nor timm has, in PyTorch, layer by layer.

Layout is NCHW; flattening is in C, H, W order. Every function returns a module with random weights.
"""
from collections import OrderedDict
from functools import partial

import torch
import torch.nn.functional as F
from torch import nn

Seq, Flat = nn.Sequential, partial(nn.Flatten, 1)
ROW, COLUMN = (1, 7), (7, 1)


def pad_same(x, kernel, stride, value=0.0):
    """TensorFlow's SAME: ceil(size / stride) windows; of an odd padding more is at the end."""
    sides = []
    for size, k, s in zip(x.shape[:1:-1], kernel[::-1], stride[::-1]):  # columns first, as F.pad
        # Without negative numbers, which ONNX and Python divide differently.
        total = max(((size + s - 1) // s - 1) * s + k - size, 0)
        sides += [total // 2, total - total // 2]
    return F.pad(x, sides, value=value)


class ConvSame(nn.Conv2d):
    def forward(self, x):
        return super().forward(pad_same(x, self.kernel_size, self.stride))


class MaxPoolSame(nn.MaxPool2d):
    """The border is minus infinity."""

    def forward(self, x):
        return super().forward(pad_same(x, (self.kernel_size,) * 2, (self.stride,) * 2,
                                        float("-inf")))


def avg_same():
    """3x3 average at stride 1; the border does not count in the divisor."""
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False)


class Unit(nn.Module):
    """conv [-> BN] -> ReLU. `pad`: "same" (TensorFlow's), "valid", or a number for each side."""

    def __init__(self, cin, cout, kernel, stride=1, pad="same", groups=1, bn=True, bias=None,
                 eps=1e-3, gamma=True):
        super().__init__()
        bias = not bn if bias is None else bias
        if pad == "same":
            self.conv = ConvSame(cin, cout, kernel, stride, groups=groups, bias=bias)
        else:
            self.conv = nn.Conv2d(cin, cout, kernel, stride, 0 if pad == "valid" else pad,
                                  groups=groups, bias=bias)
        self.bn = nn.BatchNorm2d(cout, eps=eps) if bn else None
        if bn:  # slim's default has no gamma: a scale of 1 that is no parameter
            self.bn.weight.requires_grad_(gamma)

    def forward(self, x):
        x = self.conv(x)
        return F.relu(x if self.bn is None else self.bn(x))


class Concat(nn.Module):
    """Parallel branches on one input, joined on the channel axis."""

    def __init__(self, *branches):
        super().__init__()
        for i, branch in enumerate(branches):
            self.add_module(f"branch{i}", branch)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.children()], 1)


class Net(nn.Module):
    """Named stages in order; `heads` = {name: (stage it hangs on, module)} are extra outputs."""

    def __init__(self, stages, heads=None):
        super().__init__()
        self.order, self.taps = [name for name, _ in stages], {}
        for name, module in stages:
            self.add_module(name, module)
        for name, (stage, module) in (heads or {}).items():
            self.add_module(name, module)
            self.taps[stage] = name

    def forward(self, x):
        extra = []
        for name in self.order:
            x = getattr(self, name)(x)
            if name in self.taps:
                extra.append(getattr(self, self.taps[name])(x))
        return (x, *extra) if extra else x


def classifier(cin, classes, dropout=0.0, conv=False):
    """Global average -> dropout -> fully connected layer (in slim's models a 1x1 convolution)."""
    pool, drop = ("pool", nn.AdaptiveAvgPool2d(1)), ("dropout", nn.Dropout(dropout))
    if conv:
        return [pool, drop, ("logits", nn.Conv2d(cin, classes, 1)), ("flatten", Flat())]
    return [pool, ("flatten", Flat()), drop, ("fc", nn.Linear(cin, classes))]


# Inception v1. "Going deeper with convolutions", table 1:
# 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
V1 = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
      "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
      "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
      "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
      "5b": (384, 192, 384, 48, 128, 128)}


def v1_block(unit, cin, row, kernel5):
    c1, r3, c3, r5, c5, pool = row
    return Concat(unit(cin, c1, 1), Seq(unit(cin, r3, 1), unit(r3, c3, 3)),
                  Seq(unit(cin, r5, 1), unit(r5, c5, kernel5)),
                  Seq(nn.MaxPool2d(3, 1, 1), unit(cin, pool, 1)))


def inception_v1(kernel5=5, bn=False, lrn=True, aux=False, slim=False, classes=1000):
    unit = partial(Unit, bn=bn, gamma=not slim)
    if slim:
        down, pool4, pad7 = partial(MaxPoolSame, 3, 2), MaxPoolSame(2, 2), "same"
    else:  # Caffe and torchvision: symmetric padding, pooling rounds up
        down, pad7 = partial(nn.MaxPool2d, 3, 2, ceil_mode=True), 3
        pool4 = nn.MaxPool2d(2, 2, ceil_mode=True) if bn else down()

    def norm(name):
        return [(name, nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0))] if lrn else []

    def head(cin):
        return Seq(OrderedDict([
            ("pool", nn.AvgPool2d(5, 3)), ("conv", unit(cin, 128, 1)), ("flatten", Flat()),
            ("fc1", nn.Linear(2048, 1024)), ("relu", nn.ReLU()), ("dropout", nn.Dropout(0.7)),
            ("fc2", nn.Linear(1024, classes))]))

    stages = [("conv1", unit(3, 64, 7, 2, pad=pad7)), ("pool1", down()), *norm("norm1"),
              ("conv2", unit(64, 64, 1)), ("conv3", unit(64, 192, 3)), *norm("norm2"),
              ("pool2", down())]
    cin = 192
    for name, row in V1.items():
        if name in ("4a", "5a"):
            stages.append(("pool3", down()) if name == "4a" else ("pool4", pool4))
        stages.append((f"inception{name}", v1_block(unit, cin, row, kernel5)))
        cin = row[0] + row[2] + row[4] + row[5]
    heads = {"aux1": ("inception4a", head(512)), "aux2": ("inception4d", head(528))}
    return Net(stages + classifier(1024, classes, 0.2 if slim else 0.4, conv=slim),
               heads if aux else None)


# Inception v2. "Batch Normalization", figure 5: 1x1, 3x3 reduce, 3x3, double 3x3 reduce, double
# 3x3, pool, its projection. Without a 1x1 the module has stride 2 and passes the pooled input on.
V2 = {"3a": (64, 64, 64, 64, 96, "avg", 32), "3b": (64, 64, 96, 64, 96, "avg", 64),
      "3c": (0, 128, 160, 64, 96, "max", 0), "4a": (224, 64, 96, 96, 128, "avg", 128),
      "4b": (192, 96, 128, 96, 128, "avg", 128), "4c": (160, 128, 160, 128, 160, "avg", 128),
      "4d": (96, 128, 192, 160, 192, "avg", 128), "4e": (0, 128, 192, 192, 256, "max", 0),
      "5a": (352, 192, 320, 160, 224, "avg", 128), "5b": (352, 192, 320, 192, 224, "max", 128)}


class SeparableStem(nn.Module):
    """slim's: 7x7/2 depthwise, 3 to 24 channels, then a biased 1x1 to 64 and ReLU, without BN."""

    def __init__(self):
        super().__init__()
        self.depthwise = ConvSame(3, 24, 7, 2, groups=3, bias=False)
        self.pointwise = nn.Conv2d(24, 64, 1)

    def forward(self, x):
        return F.relu(self.pointwise(self.depthwise(x)))


def bn_inception(style, classes=1000):
    """`style`: "paper" (SAME), "caffe" (symmetric padding, pooling rounds up, biases) or "slim"."""
    slim, caffe = style == "slim", style == "caffe"
    unit = partial(Unit, gamma=not slim, bias=caffe, eps=1e-5 if caffe else 1e-3)
    pad3, pad7 = (1, 3) if caffe else ("same", "same")
    down = partial(nn.MaxPool2d, 3, 2, ceil_mode=True) if caffe else partial(MaxPoolSame, 3, 2)
    average = partial(nn.AvgPool2d, 3, 1, 1) if caffe else avg_same
    stages = [("conv1", SeparableStem() if slim else unit(3, 64, 7, 2, pad=pad7)),
              ("pool1", down()), ("conv2", unit(64, 64, 1)), ("conv3", unit(64, 192, 3, pad=pad3)),
              ("pool2", down())]
    cin = 192
    for name, (c1, r3, c3, rd, cd, pool, project) in V2.items():
        if slim and name in ("4c", "4d"):
            project = 96  # slim keeps 576 channels here; the paper's rows add up to 608
        stride = 1 if c1 else 2
        branches = [unit(cin, c1, 1)] if c1 else []
        branches += [Seq(unit(cin, r3, 1), unit(r3, c3, 3, stride, pad=pad3)),
                     Seq(unit(cin, rd, 1), unit(rd, cd, 3, pad=pad3),
                         unit(cd, cd, 3, stride, pad=pad3))]
        if c1:
            pooling = average() if pool == "avg" else nn.MaxPool2d(3, 1, 1)
            branches.append(Seq(pooling, unit(cin, project, 1)))
        else:
            branches.append(down())
        stages.append((f"inception{name}", Concat(*branches)))
        cin = c1 + c3 + cd + (project or cin)
    return Net(stages + classifier(cin, classes, 0.2 if slim else 0.0, conv=slim))


def inception_v3_slim(aux=False, bn=True, classes=1000):
    unit = partial(Unit, bn=bn, gamma=False)
    valid = partial(unit, pad="valid")
    pool = partial(nn.MaxPool2d, 3, 2)

    def a(cin, project):
        return Concat(unit(cin, 64, 1), Seq(unit(cin, 48, 1), unit(48, 64, 5)),
                      Seq(unit(cin, 64, 1), unit(64, 96, 3), unit(96, 96, 3)),
                      Seq(avg_same(), unit(cin, project, 1)))

    def b(c):
        return Concat(unit(768, 192, 1),
                      Seq(unit(768, c, 1), unit(c, c, ROW), unit(c, 192, COLUMN)),
                      Seq(unit(768, c, 1), unit(c, c, COLUMN), unit(c, c, ROW), unit(c, c, COLUMN),
                          unit(c, 192, ROW)), Seq(avg_same(), unit(768, 192, 1)))

    def split(c):
        return Concat(unit(c, 384, (1, 3)), unit(c, 384, (3, 1)))

    def c(cin):
        return Concat(unit(cin, 320, 1), Seq(unit(cin, 384, 1), split(384)),
                      Seq(unit(cin, 448, 1), unit(448, 384, 3), split(384)),
                      Seq(avg_same(), unit(cin, 192, 1)))

    stages = [
        ("Conv2d_1a_3x3", valid(3, 32, 3, 2)), ("Conv2d_2a_3x3", valid(32, 32, 3)),
        ("Conv2d_2b_3x3", unit(32, 64, 3)), ("MaxPool_3a_3x3", pool()),
        ("Conv2d_3b_1x1", valid(64, 80, 1)), ("Conv2d_4a_3x3", valid(80, 192, 3)),
        ("MaxPool_5a_3x3", pool()),
        ("Mixed_5b", a(192, 32)), ("Mixed_5c", a(256, 64)), ("Mixed_5d", a(288, 64)),
        ("Mixed_6a", Concat(valid(288, 384, 3, 2),
                            Seq(unit(288, 64, 1), unit(64, 96, 3), valid(96, 96, 3, 2)), pool())),
        ("Mixed_6b", b(128)), ("Mixed_6c", b(160)), ("Mixed_6d", b(160)), ("Mixed_6e", b(192)),
        ("Mixed_7a", Concat(Seq(unit(768, 192, 1), valid(192, 320, 3, 2)),
                            Seq(unit(768, 192, 1), unit(192, 192, ROW), unit(192, 192, COLUMN),
                                valid(192, 192, 3, 2)), pool())),
        ("Mixed_7b", c(1280)), ("Mixed_7c", c(2048))]
    head = Seq(OrderedDict([
        ("AvgPool_1a_5x5", nn.AvgPool2d(5, 3)), ("Conv2d_1b_1x1", unit(768, 128, 1)),
        ("Conv2d_2a_5x5", valid(128, 768, 5)), ("Conv2d_2b_1x1", nn.Conv2d(768, classes, 1)),
        ("flatten", Flat())]))
    return Net(stages + classifier(2048, classes, 0.2, conv=True),
               {"AuxLogits": ("Mixed_6e", head)} if aux else None)


class Residual(nn.Module):
    """relu(x + scale * up(branches(x))); the 1x1 convolution `up` has a bias and no BN."""

    def __init__(self, branches, inner, channels, scale):
        super().__init__()
        self.branches, self.up, self.scale = branches, nn.Conv2d(inner, channels, 1), scale

    def forward(self, x):
        return F.relu(x + self.scale * self.up(self.branches(x)))


def inception_resnet(version, classes=1000):
    """Version 1 or 2 as in section 3.2 of "Inception-v4": not the released, deeper v2."""
    unit, valid, pool = Unit, partial(Unit, pad="valid"), partial(nn.MaxPool2d, 3, 2)
    stages = [("conv1a", valid(3, 32, 3, 2)), ("conv2a", valid(32, 32, 3)),
              ("conv2b", unit(32, 64, 3))]
    if version == 1:
        stages += [("pool3a", pool()), ("conv3b", valid(64, 80, 1)), ("conv4a", valid(80, 192, 3)),
                   ("conv4b", valid(192, 256, 3, 2))]
        cin, a, b, c = 256, (32, 32), (128, 128, 128, 128), (192, 192, 192, 192)
        down_a, down_b = (192, 192, 256), (256, 256)
    else:  # Inception v4's stem
        stages += [("mixed3a", Concat(pool(), valid(64, 96, 3, 2))),
                   ("mixed4a", Concat(Seq(unit(160, 64, 1), valid(64, 96, 3)),
                                      Seq(unit(160, 64, 1), unit(64, 64, COLUMN), unit(64, 64, ROW),
                                          valid(64, 96, 3)))),
                   ("mixed5a", Concat(valid(192, 192, 3, 2), pool()))]
        cin, a, b, c = 384, (48, 64), (192, 128, 160, 192), (192, 192, 224, 256)
        down_a, down_b = (256, 256, 384), (288, 320)
    for i in range(5):
        branches = Concat(unit(cin, 32, 1), Seq(unit(cin, 32, 1), unit(32, 32, 3)),
                          Seq(unit(cin, 32, 1), unit(32, a[0], 3), unit(a[0], a[1], 3)))
        stages.append((f"block_a{i + 1}", Residual(branches, 64 + a[1], cin, 0.17)))
    k, l, m = down_a
    stages.append(("reduction_a", Concat(
        valid(cin, 384, 3, 2), Seq(unit(cin, k, 1), unit(k, l, 3), valid(l, m, 3, 2)), pool())))
    cin += 384 + m
    for i in range(10):
        branches = Concat(unit(cin, b[0], 1), Seq(unit(cin, b[1], 1), unit(b[1], b[2], ROW),
                                                  unit(b[2], b[3], COLUMN)))
        stages.append((f"block_b{i + 1}", Residual(branches, b[0] + b[3], cin, 0.10)))
    q, r = down_b
    stages.append(("reduction_b", Concat(
        Seq(unit(cin, 256, 1), valid(256, 384, 3, 2)), Seq(unit(cin, 256, 1), valid(256, q, 3, 2)),
        Seq(unit(cin, 256, 1), unit(256, q, 3), valid(q, r, 3, 2)), pool())))
    cin += 384 + q + r
    for i in range(5):
        branches = Concat(unit(cin, c[0], 1), Seq(unit(cin, c[1], 1), unit(c[1], c[2], (1, 3)),
                                                  unit(c[2], c[3], (3, 1))))
        stages.append((f"block_c{i + 1}", Residual(branches, c[0] + c[3], cin, 0.20)))
    return Net(stages + classifier(cin, classes, 0.2))


def alexnet_stages(channels, unit, norm, groups, pad5, pad3, classes):
    pool = partial(nn.MaxPool2d, 3, 2)
    return [("conv1", unit(channels, 96, 11, 4, pad="valid")), *norm("norm1"), ("pool1", pool()),
            ("conv2", unit(96, 256, 5, pad=pad5, groups=groups)), *norm("norm2"), ("pool2", pool()),
            ("conv3", unit(256, 384, 3, pad=pad3)),
            ("conv4", unit(384, 384, 3, pad=pad3, groups=groups)),
            ("conv5", unit(384, 256, 3, pad=pad3, groups=groups)), ("pool5", pool()),
            ("flatten", Flat()), ("fc6", nn.Linear(9216, 4096)), ("relu6", nn.ReLU()),
            ("drop6", nn.Dropout(0.5)), ("fc7", nn.Linear(4096, 4096)), ("relu7", nn.ReLU()),
            ("drop7", nn.Dropout(0.5)), ("fc8", nn.Linear(4096, classes))]


def alexnet_paper(classes=1000):
    """As Caffe's reference model: two groups in conv2, conv4 and conv5, LRN before pooling."""
    def norm(name):
        return [(name, nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0))]

    return Net(alexnet_stages(3, partial(Unit, bn=False), norm, 2, 2, 1, classes))


def alexnet_keras(classes=10):
    return Net(alexnet_stages(1, partial(Unit, bn=False), lambda name: [], 1, "same", "same",
                              classes) + [("softmax", nn.Softmax(1))])


def vgg11_mnist(classes=10):
    stages, cin = [], 1
    for i, width in enumerate([64, 64, None, 128, 128, None, 256, 256, 256, 256]):
        if width:
            stages.append((f"conv{i}", Unit(cin, width, 3, bn=False)))
            cin = width
        else:
            stages.append((f"pool{i}", MaxPoolSame(2, 2)))
    return Net(stages + [
        ("pool_last", MaxPoolSame(2, 1)), ("flatten", Flat()), ("fc1", nn.Linear(12544, 1024)),
        ("relu1", nn.ReLU()), ("drop1", nn.Dropout(0.5)), ("fc2", nn.Linear(1024, 1024)),
        ("drop2", nn.Dropout(0.5)), ("fc3", nn.Linear(1024, classes))])


class KerasBlock(nn.Module):
    """SAME padding, biases, eps 1e-3, and in shortcuts a biased 1x1 convolution without BN."""

    def __init__(self, cin, cout, stride):
        super().__init__()
        self.conv1, self.bn1 = ConvSame(cin, cout, 3, stride), nn.BatchNorm2d(cout, eps=1e-3)
        self.conv2, self.bn2 = ConvSame(cout, cout, 3), nn.BatchNorm2d(cout, eps=1e-3)
        self.downsample = nn.Conv2d(cin, cout, 1, stride) if stride != 1 else None

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))


def resnet18_keras(classes=100):
    stages = [("stem", Unit(3, 64, 3, pad="valid", bias=True)), ("pool", MaxPoolSame(2, 1))]
    cin = 64
    for i, width in enumerate([64, 128, 256, 512]):
        stages.append((f"layer{i + 1}", Seq(KerasBlock(cin, width, 2 if i else 1),
                                            KerasBlock(width, width, 1))))
        cin = width
    return Net(stages + [("avgpool", nn.AdaptiveAvgPool2d(1)), ("flatten", Flat()),
                         ("fc", nn.Linear(512, classes))])


def minigooglenet(classes=10):
    unit = partial(Unit, bias=True)

    def inception(cin, c1, c3):
        return Concat(unit(cin, c1, 1), unit(cin, c3, 3))

    def down(cin, c):
        return Concat(unit(cin, c, 3, 2, pad="valid"), nn.MaxPool2d(3, 2))

    widths = [(96, 32, 32), (64, 32, 48), (160, 112, 48), (160, 96, 64), (160, 80, 80),
              (160, 48, 96), (240, 176, 160), (336, 176, 160)]
    blocks = [(f"inception{i + 1}", inception(*row)) for i, row in enumerate(widths)]
    return Net([("conv1", unit(3, 96, 3)), *blocks[:2], ("down1", down(80, 80)), *blocks[2:6],
                ("down2", down(144, 96)), *blocks[6:], ("pool", nn.AvgPool2d(7)),
                ("dropout", nn.Dropout(0.5)), ("flatten", Flat()), ("fc", nn.Linear(336, classes)),
                ("softmax", nn.Softmax(1))])


def deepergooglenet(width4c=84, classes=200):
    """`width4c`: of the 5x5 branch in module 4c, where GoogLeNet's table has 64."""
    unit, pool = partial(Unit, bias=True), partial(MaxPoolSame, 3, 2)
    stages = [("block1", unit(3, 64, 5)), ("pool1", pool()), ("block2", unit(64, 64, 1)),
              ("block3", unit(64, 192, 3)), ("pool2", pool())]
    cin = 192
    for name in ("3a", "3b", "4a", "4b", "4c", "4d", "4e"):
        if name == "4a":
            stages.append(("pool3", pool()))
        row = list(V1[name])
        row[4] = width4c if name == "4c" else row[4]
        stages.append((f"inception{name}", v1_block(unit, cin, row, 5)))
        cin = row[0] + row[2] + row[4] + row[5]
    return Net(stages + [("pool4", pool()), ("pool5", nn.AvgPool2d(4)),
                         ("dropout", nn.Dropout(0.4)), ("flatten", Flat()),
                         ("fc", nn.Linear(832, classes)), ("softmax", nn.Softmax(1))])


def lenet5(classes=10):
    return Net([("c1", nn.Conv2d(1, 6, 5)), ("a1", nn.Tanh()), ("s2", nn.AvgPool2d(2)),
                ("c3", nn.Conv2d(6, 16, 5)), ("a3", nn.Tanh()), ("s4", nn.AvgPool2d(2)),
                ("c5", nn.Conv2d(16, 120, 5)), ("a5", nn.Tanh()), ("flatten", Flat()),
                ("f6", nn.Linear(120, 84)), ("a6", nn.Tanh()), ("output", nn.Linear(84, classes))])


def perceptron(*sizes):
    stages = [("flatten", Flat())]
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        stages += [(f"relu{i}", nn.ReLU())] if i else []
        stages.append((f"fc{i + 1}", nn.Linear(a, b)))
    return Net(stages + [("softmax", nn.Softmax(1))])
