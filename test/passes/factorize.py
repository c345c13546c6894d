"""Networks whose filters are products of smaller ones: which of them incc finds, what the networks then
answer (compared with NumPy in float64), and what a budget of error buys on the trained digits network."""
import pathlib
import re
import sys

import numpy as np

import digits_images
from harness import Failures, arguments, call
from networks import Network
import incc

ROOT = pathlib.Path(__file__).resolve().parents[2]
random = np.random.default_rng(6)


def draw(*shape):
    return random.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))


def compose(first, second):
    """The filter of a convolution by `first`, R x C x h x w, and then one by `second`, K x R x H x W."""
    (_, channels, h, w), (outputs, _, rows, columns) = first.shape, second.shape
    whole = np.zeros((outputs, channels, h + rows - 1, w + columns - 1))
    for i in range(rows):
        for j in range(columns):
            whole[:, :, i:i + h, j:j + w] += np.einsum("kr,rchw->kchw", second[:, :, i, j], first)
    return whole.astype(np.float32).astype(np.float64)


def separable(outputs, channels, rows, columns, rank):
    return compose(draw(rank, channels, rows, 1), draw(outputs, rank, 1, columns))


def compile_network(network, folder, *options):
    """Writes and compiles `network`; returns the library and what factorize-conv said."""
    path = folder / f"{network.name}.mlir"
    path.write_text(network.text())
    library = path.with_suffix(".so")
    said = call("incc", path, "-v", "--mcpu=x86-64-v3", "-o", library, *options)
    return library, re.findall(r"factorize-conv: (\w+): (.*)", said)


def check_filter(name, filter, expected, folder, failures, **conv):
    """A network of one convolution is factorized as `expected` says (or is left alone, where that is None)
    and answers as it would without."""
    outputs, channels, *kernel = filter.shape
    network = Network(name, seed=6)
    x = network.input(1, channels, 19, 23)
    network.output(network.conv(x, outputs, kernel, weights=network.constant(filter), **conv))
    library, said = compile_network(network, folder)
    done = [text for verdict, text in said if verdict == "done"]
    if bool(done) != bool(expected) or (expected and expected not in done[0]):
        failures.messages.append(f"{name}: expected '{expected}', got {said}")
    with incc.load(library, threads=2) as model:
        failures.check(name, model(network.inputs[0].array.astype(np.float32)),
                       network.outputs[0].array)


def check_exact(folder):
    failures = Failures(1e-5)
    for rank in (1, 2, 5):
        check_filter(f"rank_{rank}", separable(40, 32, 5, 5, rank),
                     f"through {rank} channels", folder, failures, pad=(2, 2, 2, 2))
    check_filter("rank_5_7x7", separable(40, 32, 7, 7, 5), "through 5 channels", folder, failures,
                 stride=(2, 2), pad=(3, 2, 1, 3))
    check_filter("rank_2_3x5", separable(24, 32, 3, 5, 2), "through 2 channels", folder, failures,
                 pad=(1, 2, 1, 2), dilation=(1, 2))
    # The input lies in planes, what comes between in blocks: the second one may go by Winograd.
    check_filter("first_layer", separable(64, 3, 7, 7, 20), "through 20 channels", folder, failures,
                 pad=(3, 3, 3, 3))
    # The padding of both goes to the first: what lies beyond the border counts.
    nested = compose(draw(8, 48, 3, 3), draw(48, 8, 3, 3))
    check_filter("nested", nested, "3x3 and 3x3 through 8 channels", folder, failures,
                 pad=(2, 2, 2, 2))
    check_filter("nested_stride", nested, "3x3 and 3x3 through 8 channels", folder, failures,
                 stride=(2, 1), pad=(0, 1, 2, 0))
    check_filter("random", draw(40, 32, 5, 5), None, folder, failures, pad=(2, 2, 2, 2))
    # A rank 1 filter and a disturbance a hundred times as large as rounding.
    disturbed = separable(40, 32, 5, 5, 1)
    disturbed += 3e-5 * np.sqrt(np.mean(disturbed**2)) * random.standard_normal(disturbed.shape)
    check_filter("disturbed", disturbed, None, folder, failures, pad=(2, 2, 2, 2))
    failures.finish("exact")


def check_lowrank(folder):
    """Within the budget on the first images; as many right answers as before, but for a few, on all."""
    images, labels, probabilities = digits_images.load()
    probabilities = probabilities[:40].astype(np.float64)
    inputs = folder / "inputs.npy"
    np.save(inputs, images[:40])
    for budget, least in [(0.02, 357), (0.1, 353)]:
        library = folder / "digits.so"
        said = call("incc", ROOT / "models/minigooglenet_digits.yaml", "--weights",
                    ROOT / "models/minigooglenet_digits.safetensors", "-o", library,
                    "--mcpu=x86-64-v3", "--factorize=lowrank", f"--max-error={budget}", "--calibrate", inputs)
        with incc.load(library, threads=2) as model:
            scores = np.concatenate([model(image[None]) for image in images])
        library.unlink()
        right = (scores.argmax(1) == labels).sum()
        error = np.sqrt(np.mean((scores[:40] - probabilities)**2) / np.mean(probabilities**2))
        count, of = re.search(r"factorized (\d+) of (\d+) convolutions", said).groups()
        print(f"budget {budget}: {count} of {of} convolutions, error {error:.1e}, {right} right")
        if not (error <= budget and right >= least and int(count) >= 5):
            sys.exit("wrong: " + said)


options = arguments(__doc__, what={"nargs": "*"})
for what in options.what:
    {"exact": check_exact, "lowrank": check_lowrank}[what](options.folder)
