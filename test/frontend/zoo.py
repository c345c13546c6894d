"""Compares what the frontend makes of each model of the zoo with independently computed facts.

usage: zoo.py FACTS.json MODELS_FOLDER: FACTS holds what PyTorch counts for the published
definitions (parameters, multiply-adds, shapes); a model that extends another for new weights only
has the facts of that one.
"""
import json
import pathlib
import subprocess
import sys

SAME_AS = {"minigooglenet_digits": "minigooglenet"}


def import_model(path):
    run = subprocess.run(["incc-test-frontend", path, "--facts"], capture_output=True, text=True)
    if run.returncode:
        sys.exit(f"{path}: {run.stderr}")
    return json.loads(run.stdout)


def stage_shape(facts, stage):
    """The result of the last layer at or below the path `stage`, without the batch."""
    shapes = [s for name, _, s in facts["layers"] if name == stage or name.startswith(stage + ".")]
    return shapes[-1][1:] if shapes else None


def differences(facts, expected):
    yield "name", facts["name"], expected["name"]
    for key in ("parameters", "bn_running_values", "macs", "convs", "fcs", "bns", "kernels"):
        yield key, facts[key], expected[key]
    yield "input", [i["shape"] for i in facts["inputs"]], [[1, *expected["input"]]]
    outputs = [[1, *shape] for shape in [expected["output"], *expected["extra_outputs"]]]
    yield "outputs", [o["shape"] for o in facts["outputs"]], outputs
    for stage, shape in expected["stages"].items():
        yield f"stage {stage}", stage_shape(facts, stage), shape


def main():
    expected = {m["name"]: m for m in json.load(open(sys.argv[1]))}
    paths = sorted(pathlib.Path(sys.argv[2]).glob("*.yaml"))
    bad = 0
    for path in paths:
        reference = dict(expected[SAME_AS.get(path.stem, path.stem)], name=path.stem)
        facts = import_model(path)
        wrong = [d for d in differences(facts, reference) if d[1] != d[2]]
        for what, got, want in wrong:
            print(f"{path.name}: {what}: expected {want}, got {got}")
        bad += bool(wrong)
    print(f"{len(paths)} models, {bad} differ")
    sys.exit(bad != 0)


main()
