#!/usr/bin/env python3
"""Writes tools/incc-bench/RESULTS.md and results.svg: incc beside other engines, model by model.

    tools/incc-bench/results.py                  # after tools/build.sh; hours for the whole list
    tools/incc-bench/results.py --models resnet50 --threads 1 --batch 1
    tools/incc-bench/results.py --from-json      # the page anew from what was measured

Each model, number of threads and batch is one run of incc-bench, whose JSON is kept in
build/bench/: a run that is there is not repeated (--again does), so what was interrupted goes on.
"""
import argparse
import datetime
import json
import os
import pathlib
import subprocess
import sys

from results_page import write_page
from results_plot import write_plot

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
JSONS = ROOT / "build" / "bench"

# One of each family.
MODELS = ["alexnet", "vgg16", "resnet18", "resnet50", "seresnet50", "resnext50_32x4d", "googlenet",
          "inception_v3", "inception_v4", "inception_resnet_v2", "efficientnet_b0"]
ENGINES = ["onnxruntime", "openvino", "ncnn", "mnn", "torch"]


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=names, default=MODELS, metavar="LIST",
                        help="default: " + ",".join(MODELS))
    parser.add_argument("--threads", type=numbers, default=[1, 2], metavar="LIST",
                        help="default: 1,2")
    parser.add_argument("--batch", type=numbers, default=[1], metavar="LIST", help="default: 1")
    parser.add_argument("--against", type=names, default=ENGINES, metavar="LIST",
                        help="default: " + ",".join(ENGINES))
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--seconds", type=float, metavar="S", help="of each run (default: 20)")
    length.add_argument("--rounds", type=int, metavar="N", help="of each run, instead")
    parser.add_argument("--again", action="store_true", help="repeat runs that are in build/bench")
    parser.add_argument("--from-json", action="store_true",
                        help="measure nothing: write the page from all that is in build/bench")
    parser.add_argument("--output", type=pathlib.Path, default=HERE, metavar="FOLDER",
                        help="where RESULTS.md and results.svg go (default: beside this script)")
    return parser, parser.parse_args()


def names(text):
    return [name for name in text.split(",") if name]


def numbers(text):
    try:
        values = [int(number) for number in text.split(",")]
        if min(values) < 1:
            raise ValueError
        return values
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected whole numbers from 1 with commas between them, got '{text}'") from None


def measure(arguments):
    """Runs incc-bench for what is not in build/bench; returns the runs that failed."""
    failed = []
    JSONS.mkdir(parents=True, exist_ok=True)
    for batch in arguments.batch:
        for threads in arguments.threads:
            for model in arguments.models:
                file = JSONS / f"{model}-t{threads}-b{batch}.json"
                if has_engines(file, arguments.against) and not arguments.again:
                    continue
                print(f"{model}, {threads} thread(s), batch {batch}", file=sys.stderr, flush=True)
                # Written under another name first: an interrupted run leaves nothing to be read.
                partial = file.with_suffix(".partial")
                command = [ROOT / "build/bin/incc-bench", ROOT / "models" / f"{model}.yaml",
                           "--threads", str(threads), "--batch", str(batch), "--per-layer",
                           "--against", ",".join(arguments.against), "--json", partial]
                if arguments.seconds:
                    command += ["--seconds", str(arguments.seconds)]
                if arguments.rounds:
                    command += ["--rounds", str(arguments.rounds)]
                log = file.with_suffix(".md")
                with open(log, "w") as output:
                    if subprocess.run(command, stdout=output).returncode:
                        failed.append(file.stem)
                        continue
                result = json.loads(partial.read_text())
                result["model"] = model
                result["date"] = datetime.date.today().isoformat()
                result["machine"] = {"cores": os.cpu_count(), "system": os.uname().release}
                partial.write_text(json.dumps(result))
                partial.rename(file)
    return failed


def has_engines(file, names):
    """Whether a run was kept there that these engines took part in."""
    if not file.exists():
        return False
    return set(names) <= {engine["name"] for engine in json.loads(file.read_text())["engines"]}


def read_results(arguments):
    """What the page is about: all that was measured with --from-json, else what was asked for."""
    results = [json.loads(file.read_text()) for file in sorted(JSONS.glob("*.json"))]
    if not arguments.from_json:
        results = [result for result in results
                   if result["model"] in arguments.models and result["batch"] in arguments.batch
                   and result["threads"] in arguments.threads]
    order = {name: index for index, name in enumerate(arguments.models)}
    results.sort(key=lambda result: (result["batch"], result["threads"],
                                     order.get(result["model"], len(order)), result["model"]))
    return results


def main():
    parser, arguments = parse_arguments()
    unknown = [name for name in arguments.models if not (ROOT / f"models/{name}.yaml").exists()]
    if unknown:
        parser.error(f"no such model in models/: {', '.join(unknown)}")
    failed = [] if arguments.from_json else measure(arguments)
    results = read_results(arguments)
    if not results:
        sys.exit("error: nothing was measured: build/bench has no results")
    arguments.output.mkdir(parents=True, exist_ok=True)
    write_plot(results, arguments.output / "results.svg")
    write_page(results, arguments.output / "RESULTS.md")
    if failed:
        sys.exit(f"error: incc-bench failed for {', '.join(failed)}; see above")


if __name__ == "__main__":
    main()
