"""The models of models/ in PyTorch, with seeded weights: the float64 reference.

Library models come from torchvision (one ResNeXt from timm) without weights. What no library has is
written here, layer by layer after its paper. Layout is NCHW; flattening is in C, H, W order.
"""
import math
from collections import OrderedDict
from functools import partial

import torch
from torch import nn

Flat = partial(nn.Flatten, 1)


class Unit(nn.Sequential):
    """conv [-> BN] -> ReLU. Padding keeps the size, unless it is given."""

    def __init__(self, cin, cout, kernel, stride=1, pad=None, bn=False, eps=1e-3):
        pad = kernel // 2 if pad is None else pad
        layers = [("conv", nn.Conv2d(cin, cout, kernel, stride, pad))]
        layers += [("bn", nn.BatchNorm2d(cout, eps=eps))] if bn else []
        super().__init__(OrderedDict(layers + [("act", nn.ReLU())]))


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


# "Going deeper with convolutions", table 1: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
V1 = {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64),
      "4a": (192, 96, 208, 16, 48, 64), "4b": (160, 112, 224, 24, 64, 64),
      "4c": (128, 128, 256, 24, 64, 64), "4d": (112, 144, 288, 32, 64, 64),
      "4e": (256, 160, 320, 32, 128, 128), "5a": (256, 160, 320, 32, 128, 128),
      "5b": (384, 192, 384, 48, 128, 128)}


def inception_v1(aux=False, classes=1000):
    def down():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    def block(cin, c1, r3, c3, r5, c5, pool):
        return Concat(Unit(cin, c1, 1), nn.Sequential(Unit(cin, r3, 1), Unit(r3, c3, 3)),
                      nn.Sequential(Unit(cin, r5, 1), Unit(r5, c5, 5)),
                      nn.Sequential(nn.MaxPool2d(3, 1, 1), Unit(cin, pool, 1)))

    def head(cin):
        return nn.Sequential(OrderedDict([
            ("pool", nn.AvgPool2d(5, 3)), ("conv", Unit(cin, 128, 1)), ("flatten", Flat()),
            ("fc1", nn.Linear(2048, 1024)), ("relu", nn.ReLU()), ("dropout", nn.Dropout(0.7)),
            ("fc2", nn.Linear(1024, classes))]))

    def norm():
        return nn.LocalResponseNorm(5, 1e-4, 0.75, 1.0)

    stages = [("conv1", Unit(3, 64, 7, 2)), ("pool1", down()), ("norm1", norm()),
              ("conv2", Unit(64, 64, 1)), ("conv3", Unit(64, 192, 3)), ("norm2", norm()),
              ("pool2", down())]
    cin = 192
    for name, row in V1.items():
        if name in ("4a", "5a"):
            stages.append(("pool3" if name == "4a" else "pool4", down()))
        stages.append((f"inception{name}", block(cin, *row)))
        cin = row[0] + row[2] + row[4] + row[5]
    stages += [("pool", nn.AdaptiveAvgPool2d(1)), ("flatten", Flat()), ("dropout", nn.Dropout(0.4)),
               ("fc", nn.Linear(1024, classes))]
    return Net(stages, {"aux1": ("inception4a", head(512)), "aux2": ("inception4d", head(528))}
               if aux else None)


def minigooglenet(classes=10):
    unit = partial(Unit, bn=True)

    def inception(cin, c1, c3):
        return Concat(unit(cin, c1, 1), unit(cin, c3, 3))

    def down(cin, c):
        return Concat(unit(cin, c, 3, 2, pad=0), nn.MaxPool2d(3, 2))

    widths = [(96, 32, 32), (64, 32, 48), (160, 112, 48), (160, 96, 64), (160, 80, 80), (160, 48, 96),
              (240, 176, 160), (336, 176, 160)]
    blocks = [(f"inception{i + 1}", inception(*row)) for i, row in enumerate(widths)]
    return Net([("conv1", unit(3, 96, 3)), *blocks[:2], ("down1", down(80, 80)), *blocks[2:6],
                ("down2", down(144, 96)), *blocks[6:], ("pool", nn.AvgPool2d(7)),
                ("dropout", nn.Dropout(0.5)), ("flatten", Flat()), ("fc", nn.Linear(336, classes)),
                ("softmax", nn.Softmax(1))])


def perceptron(*sizes):
    stages = [("flatten", Flat())]
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        stages += [(f"relu{i}", nn.ReLU())] if i else []
        stages.append((f"fc{i + 1}", nn.Linear(a, b)))
    return Net(stages + [("softmax", nn.Softmax(1))])


def library(constructor, **options):
    import torchvision
    return getattr(torchvision.models, constructor)(weights=None, **options)


def with_heads(constructor):
    """torchvision runs auxiliary heads only in training: this model's root always says that it is,
    while its layers are not."""
    model = library(constructor, aux_logits=True, init_weights=False)
    base = type(model)

    def train(self, mode=True):
        base.train(self, mode)
        self.training = True
        return self

    model.__class__ = type(base.__name__ + "WithHeads", (base,), {"train": train})
    return model


def resnet_v1(constructor):
    """The 2015 paper's bottleneck: stride 2 in the first 1x1 convolution, not in the 3x3."""
    model = library(constructor)
    for layer in (model.layer2, model.layer3, model.layer4):
        layer[0].conv1.stride, layer[0].conv2.stride = (2, 2), (1, 1)
    return model


def multilabel(labels=5):
    model = library("inception_v3", aux_logits=False, init_weights=False)
    model.fc = nn.Sequential(OrderedDict([("linear", nn.Linear(2048, labels)),
                                          ("sigmoid", nn.Sigmoid())]))
    return model


def timm_model(constructor):
    import timm
    return timm.create_model(constructor, pretrained=False)


OWN = {
    "googlenet": lambda: library("googlenet", aux_logits=False, init_weights=False),
    "googlenet_aux": lambda: with_heads("googlenet"),
    "inception_v1": inception_v1,
    "inception_v1_aux": lambda: inception_v1(aux=True),
    "inception_v3": lambda: library("inception_v3", aux_logits=False, init_weights=False),
    "inception_v3_aux": lambda: with_heads("inception_v3"),
    "inception_v3_multilabel": multilabel,
    "minigooglenet": minigooglenet,
    "mlp": lambda: perceptron(784, 512, 256, 10),
    "resnet50_v1": lambda: resnet_v1("resnet50"),
    "resnet101_v1": lambda: resnet_v1("resnet101"),
    "resnet152_v1": lambda: resnet_v1("resnet152"),
    "resnext101_32x4d": lambda: timm_model("resnext101_32x4d"),
}


def build(name):
    return OWN.get(name, partial(library, name))().eval()


def outputs(result):
    return list(result) if isinstance(result, (tuple, list)) else [result]


@torch.no_grad()
def randomize(model, input_shape, seed):
    """Seeded weights and BN statistics under which no activation vanishes or explodes at any depth.

    Weights start He-normal with unequal output channels; one pass of seeded noise scales every
    convolution and fully connected layer to a seeded output deviation in [0.5, 2] and gives the BN
    statistics.
    """
    generator = torch.Generator().manual_seed(seed)

    def noise(*shape):
        return torch.randn(*shape, generator=generator)

    hooks, norms, feeds_lrn, last = [], [], set(), None
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            last = module
        elif isinstance(module, nn.LocalResponseNorm):
            # LRN with alpha 1e-4 is invisible on small values: feed it values of about 100.
            feeds_lrn.add(last)

    def rescale(target):
        def hook(module, _, y):
            shape = [1, -1] + [1] * (y.dim() - 2)
            bias = 0 if module.bias is None else module.bias.view(shape)
            factor = target / (y - bias).std().clamp_min(1e-6)
            module.weight.mul_(factor)
            return (y - bias) * factor + bias
        return hook

    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            w = module.weight
            spread = torch.exp(0.2 * noise(w.shape[0])).view([-1] + [1] * (w.dim() - 1))
            w.copy_(noise(*w.shape) * math.sqrt(2 / w[0].numel()) * spread)
            if module.bias is not None:
                module.bias.copy_(0.1 * noise(*module.bias.shape))
            target = 2 ** float(2 * torch.rand(1, generator=generator) - 1)
            target *= 100 if module in feeds_lrn else 1
            hooks.append(module.register_forward_hook(rescale(target)))
        elif isinstance(module, nn.BatchNorm2d):
            module.weight.copy_(1 + 0.1 * noise(*module.weight.shape))
            # Above 0: random networks of BN and ReLU amplify rounding with depth otherwise.
            module.bias.copy_(0.5 + 0.2 * noise(*module.bias.shape))
            norms.append(module)
    model.eval()
    for module in norms:
        module.train()
        module.momentum = 1.0
    model(noise(4, *input_shape))
    for hook in hooks:
        hook.remove()
    for module in norms:
        mean, var = module.running_mean, module.running_var
        # Pooled noise hardly varies: bound the amplification of rounding.
        var.copy_(torch.maximum(var, 0.02 * (var + mean * mean)))
        var.clamp_min_(0.1 * float(var.median()))
    return model.eval()


def state(model):
    return {name: value.detach().contiguous() for name, value in model.state_dict().items()
            if not name.endswith("num_batches_tracked")}
