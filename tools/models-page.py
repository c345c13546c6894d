#!/usr/bin/env python3
"""Writes models/README.md: what the zoo has, and how each model was checked.

    build/venv/bin/python tools/models-page.py               # after tools/build.sh
    build/venv/bin/python tools/models-page.py --check       # is the page up to date?
    build/venv/bin/python tools/models-page.py --measured build/reference.log

Parameters, multiply-adds and shapes are those that incc finds. test/data/models.json has the
sources, test/data/parity.json the largest errors against PyTorch; --measured takes over what
`tools/test.sh --reference` found.
"""
import argparse
import difflib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "models" / "README.md"
PARITY = ROOT / "test/data/parity.json"

INTRO = """\
# models
<!-- Written by tools/models-page.py: change that, not this. -->
The zoo: {count} networks, one YAML file each (the format: `frontend/README.md`), with tensors named as in the published checkpoints, so that
torchvision's and timm's `safetensors` load as they are. A file that extends another differs in a few lines; `modules/` has what several share.

    $ incc models/resnet50.yaml --weights resnet50.safetensors -o resnet50.so
    $ incc models/resnet50.yaml --set classes=5 --set image=512 -o mine.so

Every model takes `--set classes=N` and `--set image=N`. Where a fully connected layer reads a map (LeNet, `mlp`, `perceptron`, `vgg11_mnist`, the AlexNets of the paper and
of Keras, the small GoogLeNets, the heads of `inception_v1_aux`), weights fit one image size only, and incc names the layer that they do not fit; so do Inception v3's
heads below 299. `bn_inception_caffe` takes sizes at which its branches round alike, multiples of 32 among them.

- `resnet*_v1` have the stride in the first 1x1 convolution of a block, as the paper; `resnet*` in the 3x3, as torchvision ("v1.5").
- `googlenet` is torchvision's (batch normalisation, 3x3 kernels in the "5x5" branch), `inception_v1` the paper's (true 5x5, LRN, no batch normalisation).
- "Inception v2" is `bn_inception` (the paper's), `bn_inception_caffe` or `inception_v2_slim`; every `inception_v3*` follows the released network.
- `*_slim` have TF-slim's SAME padding, no gamma, and a 1x1 convolution as classifier; torchvision's Inception v3 counts the border of its average pooling, slim's does not.
- `*_aux` keep the auxiliary heads as further outputs; the others pass over the tensors of theirs.
- `minigooglenet_digits` is `minigooglenet` with trained weights for handwritten digits (E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten
  Digits, UCI Machine Learning Repository, CC BY 4.0, by way of scikit-learn): 359 of 360 test images are right. No ImageNet weights or labels are included.

How they were checked. Structure: `test/frontend/zoo.test` compares parameters, multiply-adds, the shape of each stage and the name and shape of every tensor with
what PyTorch counts for a library's implementation, or, where none has the network, for the definition in `test/numeric/torch_networks.py`. Answers: seeded
weights and images, PyTorch in float64 against incc from YAML with `safetensors`, and against the ONNX that incc writes, run by ONNX Runtime. The errors are the largest
difference in any output relative to the largest value in it; `tools/test.sh --reference` measures them and allows 1e-4 (a dash: not measured since the model was
added). A model of each family is also compared with ONNX Runtime whenever tests run.

| model | parameters | GMACs | input | outputs | source | checked against | error | ONNX's |
|---|---:|---:|---|---|---|---|---:|---:|
"""


def import_models(bin_folder):
    """What incc makes of every model, as test/frontend/zoo.py finds it."""
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "facts.json"
        path = os.pathsep.join([str(bin_folder), os.environ.get("PATH", "")])
        run = subprocess.run(
            [sys.executable, ROOT / "test/frontend/zoo.py", ROOT / "test/data/models.json",
             ROOT / "models", "--out", out],
            env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True)
        if run.returncode:
            sys.exit(run.stdout + "error: the models do not fit their facts")
        return json.loads(out.read_text())


def shape_text(shape):
    return "x".join(map(str, shape[1:]))


def outputs_text(outputs):
    """`logits` 1000; with heads, all of them."""
    return ", ".join(f"`{output['name']}` {shape_text(output['shape'])}" for output in outputs)


def checked_against(reference):
    """torchvision's `resnet50`, timm's `seresnet50`, or the definition that the tests have."""
    if not reference["constructor"]:
        return "own definition"
    library, arguments = reference["constructor"].split(".", 1)
    model = arguments.split('"')[1] if library == "timm" else \
        arguments.removeprefix("models.").split("(")[0]
    return f"{library}'s `{model}`"


def take_measured(path):
    """Takes over errors from lines such as `mlp: agrees (yaml 3.2e-07, export 4.1e-07; 9 s)`."""
    parity = json.loads(PARITY.read_text())
    for name, ways in re.findall(r"^(\w+): agrees \((.*); \d+ s\)$", path.read_text(), re.M):
        for way, error in (entry.split() for entry in ways.split(", ")):
            parity.setdefault(name, {})[way] = float(error)
    lines = (f"{json.dumps(name)}: {json.dumps(parity[name])}" for name in sorted(parity))
    PARITY.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def row(reference, facts, errors):
    cells = [f"[{reference['name']}]({reference['name']}.yaml)", f"{facts['parameters']:,}",
             f"{facts['macs'] / 1e9:.3f}", shape_text(facts["inputs"][0]["shape"]),
             outputs_text(facts["outputs"]), reference["source"], checked_against(reference),
             *(f"{errors[way]:.1e}" if way in errors else "-" for way in ("yaml", "export"))]
    return f"| {' | '.join(cells)} |"


def page(found):
    references = json.loads((ROOT / "test/data/models.json").read_text())
    parity = json.loads(PARITY.read_text())
    rows = [row(m, found[m["name"]], parity.get(m["name"], {})) for m in references]
    return INTRO.format(count=len(rows)) + "\n".join(rows) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default=ROOT / "build/bin", help="folder of incc's programs")
    parser.add_argument("--facts", help="what test/frontend/zoo.py --out wrote, instead of --bin")
    parser.add_argument("--check", action="store_true", help="compare with the page, write nothing")
    parser.add_argument("--measured", type=pathlib.Path, action="append", default=[],
                        help="a log of tools/test.sh --reference")
    options = parser.parse_args()
    found = json.load(open(options.facts)) if options.facts else import_models(options.bin)
    for log in options.measured:
        take_measured(log)
    new = page(found)
    if not options.check:
        PAGE.write_text(new)
        return
    old = PAGE.read_text()
    if old != new:
        sys.stdout.writelines(difflib.unified_diff(
            old.splitlines(True), new.splitlines(True), "models/README.md", "what it should be"))
        sys.exit("error: models/README.md is out of date: run tools/models-page.py")
    print("models/README.md is up to date")


main()
