"""Compares what the frontend makes of each model of the zoo with independently computed facts.

usage: zoo.py FACTS.json MODELS_FOLDER [--out FILE]

FACTS holds what PyTorch counts for the published definitions: parameters, multiply-adds, shapes,
names of tensors. A model that extends another for new weights only has the facts of that one.
Then each model gets other classes and images: tensors may only change in the classes, and
where a fully connected layer reads a map, in that layer's inputs. --out writes what was found.
"""
import argparse
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess
import sys

SAME_AS = {"minigooglenet_digits": "minigooglenet"}
# The fully connected layer after the last map fixes the image: its weights grow with that.
FIXED_IMAGE = {"alexnet_keras", "alexnet_paper", "deepergooglenet", "deepergooglenet_64",
               "inception_v1_aux", "lenet5", "minigooglenet", "mlp", "perceptron", "vgg11_mnist"}
HAS_LABELS = {"minigooglenet_digits"}  # as many as classes, so those are fixed
CLASSES = 5


def import_model(path, *options):
    run = subprocess.run(["incc-test-frontend", path, "--facts", "-q", *options],
                         capture_output=True, text=True)
    if run.returncode:
        return {"error": run.stderr}
    return json.loads(run.stdout)


def stage_shape(facts, stage):
    """The result of the last layer at or below the path `stage`, without the batch."""
    shapes = [s for name, _, s in facts["layers"] if name == stage or name.startswith(stage + ".")]
    return shapes[-1][1:] if shapes else None


def tensors(facts):
    """How many tensors a weights file must have, and a digest of their names and shapes."""
    lines = sorted(f"{name} {'x'.join(map(str, shape))}\n" for name, shape in facts["tensors"])
    return {"count": len(lines), "sha256": hashlib.sha256("".join(lines).encode()).hexdigest()}


def differences(facts, expected):
    yield "name", facts["name"], expected["name"]
    for key in ("parameters", "bn_running_values", "macs", "convs", "fcs", "bns", "kernels",
                "bn_eps"):
        yield key, facts[key], expected[key]
    yield "tensors", tensors(facts), expected["tensors"]
    yield "input", [i["shape"] for i in facts["inputs"]], [[1, *expected["input"]]]
    outputs = [[1, *shape] for shape in [expected["output"], *expected["extra_outputs"]]]
    yield "outputs", [o["shape"] for o in facts["outputs"]], outputs
    for stage, shape in expected["stages"].items():
        yield f"stage {stage}", stage_shape(facts, stage), shape


def changed(facts, expected):
    """The differences between the model as it is and the one for other classes and images."""
    is_fixed = SAME_AS.get(facts["name"], facts["name"]) in FIXED_IMAGE
    images = [128, 512]
    if is_fixed:
        images = [expected["input"][1] + 64]
    elif expected["extra_outputs"]:
        images = [512]  # at 128 the kernels of Inception v3's head shrink with their map
    for image in images:
        yield from changed_to(image, facts, expected, is_fixed)


def changed_to(image, facts, expected, is_fixed):
    name, channels = facts["name"], expected["input"][0]
    classes = expected["output"][0] if name in HAS_LABELS else CLASSES
    other = import_model(expected["path"], f"--set=image={image}", f"--set=classes={classes}")
    if "error" in other:
        yield f"at {image}", other["error"], "no error"
        return
    yield f"input at {image}", other["inputs"][0]["shape"], [1, channels, image, image]
    for output in other["outputs"]:
        yield f"{output['name']} at {image}", output["shape"], [1, classes]
    yield f"layers at {image}", *([layer[:2] for layer in of["layers"]] for of in (other, facts))
    shapes = dict(other["tensors"])
    grown = 0
    for tensor, shape in facts["tensors"]:
        got = shapes.pop(tensor, None)
        if shape[0] == expected["output"][0] and got and got[0] == classes:
            shape = [classes, *shape[1:]]
        if is_fixed and got and len(got) == 2 and got[1] > shape[1]:
            grown += 1
            shape = [shape[0], got[1]]
        yield f"tensor {tensor} at {image}", got, shape
    yield f"further tensors at {image}", shapes, {}
    yield f"layers that read a whole map at {image}", grown > 0, is_fixed


def check(path, expected):
    expected = dict(expected, name=path.stem, path=path)
    facts = import_model(path)
    if "error" in facts:
        return facts, [facts["error"]]
    return facts, [f"{path.name}: {what}: expected {want}, got {got}"
                   for compare in (differences, changed)
                   for what, got, want in compare(facts, expected) if got != want]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("facts")
    parser.add_argument("models", type=pathlib.Path)
    parser.add_argument("--out")
    options = parser.parse_args()
    expected = {m["name"]: m for m in json.load(open(options.facts))}
    paths = sorted(options.models.glob("*.yaml"))
    stems = {path.stem for path in paths}
    bad = 0
    for name in sorted(set(expected) - stems):
        print(f"{name}: no such model")
        bad += 1
    for name in sorted(stems - set(expected) - set(SAME_AS)):
        print(f"{name}: no facts of this model")
        bad += 1
    paths = [path for path in paths if SAME_AS.get(path.stem, path.stem) in expected]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(
            lambda path: check(path, expected[SAME_AS.get(path.stem, path.stem)]), paths))
    for _, wrong in results:
        print("\n".join(wrong), end="\n" if wrong else "")
        bad += bool(wrong)
    if options.out:
        found = {path.stem: facts for path, (facts, _) in zip(paths, results)}
        pathlib.Path(options.out).write_text(json.dumps(found))
    print(f"{len(paths)} models, {bad} differ")
    sys.exit(bad != 0)


if __name__ == "__main__":
    main()
