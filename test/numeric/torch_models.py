"""The models of models/ in PyTorch, with seeded weights: the float64 reference.

Library models come from torchvision and timm without weights, the others from torch_networks.py.
"""
import math
from collections import OrderedDict
from functools import partial

import torch
from torch import nn

import torch_networks as networks


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


# All others are torchvision's, by their names.
OTHERS = {
    "alexnet_keras": networks.alexnet_keras,
    "alexnet_paper": networks.alexnet_paper,
    "bn_inception": partial(networks.bn_inception, "paper"),
    "bn_inception_caffe": partial(networks.bn_inception, "caffe"),
    "deepergooglenet": networks.deepergooglenet,
    "deepergooglenet_64": partial(networks.deepergooglenet, 64),
    "efficientnet_b0_tf": partial(timm_model, "tf_efficientnet_b0"),
    "googlenet": partial(library, "googlenet", aux_logits=False, init_weights=False),
    "googlenet_aux": partial(with_heads, "googlenet"),
    "inception_resnet_v1": partial(networks.inception_resnet, 1),
    "inception_resnet_v2": partial(timm_model, "inception_resnet_v2"),
    "inception_resnet_v2_paper": partial(networks.inception_resnet, 2),
    "inception_v1": networks.inception_v1,
    "inception_v1_aux": partial(networks.inception_v1, aux=True),
    "inception_v1_bn": partial(networks.inception_v1, bn=True, lrn=False),
    "inception_v1_slim": partial(networks.inception_v1, kernel5=3, bn=True, lrn=False, slim=True),
    "inception_v2_slim": partial(networks.bn_inception, "slim"),
    "inception_v3": partial(library, "inception_v3", aux_logits=False, init_weights=False),
    "inception_v3_aux": partial(with_heads, "inception_v3"),
    "inception_v3_multilabel": multilabel,
    "inception_v3_seed": partial(networks.inception_v3_slim, bn=False),
    "inception_v3_slim": networks.inception_v3_slim,
    "inception_v3_slim_aux": partial(networks.inception_v3_slim, aux=True),
    "inception_v4": partial(timm_model, "inception_v4"),
    "lenet5": networks.lenet5,
    "minigooglenet": networks.minigooglenet,
    "mlp": partial(networks.perceptron, 784, 512, 256, 10),
    "perceptron": partial(networks.perceptron, 128 * 128, 2),
    "resnet101_v1": partial(resnet_v1, "resnet101"),
    "resnet152_v1": partial(resnet_v1, "resnet152"),
    "resnet18_keras": networks.resnet18_keras,
    "resnet50_v1": partial(resnet_v1, "resnet50"),
    "resnext101_32x4d": partial(timm_model, "resnext101_32x4d"),
    "seresnet50": partial(timm_model, "seresnet50"),
    "seresnet50_caffe": partial(timm_model, "legacy_seresnet50"),
    "vgg11_mnist": networks.vgg11_mnist,
}


def build(name):
    return OTHERS.get(name, partial(library, name))().eval()


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
            if module.weight.requires_grad:
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
