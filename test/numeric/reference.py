"""Models of models/ with PyTorch's names and seeded weights: incc against PyTorch in float64.

Four ways from each model to its answers, all compared with the same reference:
  yaml      models/NAME.yaml with safetensors, compiled by incc
  export    what incc writes as ONNX, run by ONNX Runtime
  reimport  that file, compiled by incc: the first batch only
  torch     what PyTorch writes as ONNX for any batch, compiled by incc: the last batch only
"""
import json
import os
import pathlib
import sys
import time
import warnings

import numpy as np
import torch
from safetensors.torch import save_file

import torch_models
from harness import Failures, arguments, as_list, call, onnx_session, relative_error
import incc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACTS = {facts["name"]: facts
         for facts in json.loads((ROOT / "test/data/models.json").read_text())}
WAYS = ("yaml", "export", "reimport", "torch")
# PyTorch has no ONNX for adaptive pooling from 14 to 4.
NOT_BY_TORCH = {"googlenet_aux"}


def export_by_torch(model, shape, batch, path):
    """Whether the batch is symbolic: PyTorch writes its LRN for any batch with branches (If)."""
    symbolic = not any(isinstance(m, torch.nn.LocalResponseNorm) for m in model.modules())
    x = torch.zeros(batch, *shape)
    count = len(torch_models.outputs(model(x)))
    names = ["input", "output", *(f"output_{i}" for i in range(1, count))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(model, (x,), path, input_names=names[:1], output_names=names[1:],
                          dynamic_axes={name: {0: "batch"} for name in names} if symbolic else None,
                          # Networks with heads are in training mode themselves, their layers not.
                          training=torch.onnx.TrainingMode.PRESERVE)
    return symbolic


class Comparison:
    """One model with one set of weights, whatever way it is run."""

    def __init__(self, name, folder, seed, batches, threads, failures):
        self.name, self.folder, self.failures = name, folder, failures
        self.batches, self.threads, self.worst = batches, threads, {}
        self.shape = FACTS[name]["input"]
        self.model = torch_models.randomize(torch_models.build(name), self.shape, seed)
        self.weights = folder / f"{name}.safetensors"
        save_file(torch_models.state(self.model), self.weights)
        self.torch_onnx, self.symbolic = folder / f"{name}-torch.onnx", False
        self.seed = seed

    @torch.no_grad()
    def run(self, ways):
        if "torch" in ways:
            self.symbolic = export_by_torch(self.model, self.shape, self.batches[-1],
                                            self.torch_onnx)
        self.model.double()
        for batch in self.batches:
            generator = torch.Generator().manual_seed(self.seed + 1000 * batch)
            x = torch.randn(batch, *self.shape, generator=generator)
            self.expected = [y.numpy() for y in torch_models.outputs(self.model(x.double()))]
            self.input = x.numpy()
            for way in ways:
                only = {"reimport": self.batches[0], "torch": self.batches[-1]}.get(way, batch)
                if batch != only:
                    continue
                try:
                    getattr(self, "by_" + way)(batch)
                except SystemExit as failure:  # the others have their say all the same
                    self.worst[way] = np.inf
                    self.failures.messages.append(f"{self.name} {way} batch {batch}: {failure}")
        for path in self.folder.glob(f"{self.name}[.-]*"):
            path.unlink()

    def yaml_options(self, batch):
        return [ROOT / "models" / f"{self.name}.yaml", "-q", "--weights", self.weights, "--batch",
                batch]

    def check(self, way, batch, what, outputs):
        for i, (got, value) in enumerate(zip(as_list(outputs), self.expected, strict=True)):
            self.failures.check(f"{self.name} {way} batch {batch}{what} output {i}", got, value)
            error = relative_error(got, value)
            self.worst[way] = max(self.worst.get(way, 0.0), error)

    def check_library(self, way, batch, *options):
        # A name for each: dlopen takes a path that it knows for the library that it has.
        library = self.folder / f"{self.name}-{way}-{batch}.so"
        call("incc", *options, "-o", library)
        for count in self.threads:
            with incc.load(library, threads=count) as compiled:
                self.check(way, batch, f" threads {count}", compiled(self.input))
        library.unlink()

    def by_yaml(self, batch):
        self.check_library("yaml", batch, *self.yaml_options(batch))

    def exported(self, batch):
        path = self.folder / f"{self.name}-{batch}.onnx"
        if not path.exists():
            call("incc", *self.yaml_options(batch), "--emit=onnx", "-o", path)
        return path

    def by_export(self, batch):
        session = onnx_session(self.exported(batch))
        self.check("export", batch, "",
                   session.run(None, {session.get_inputs()[0].name: self.input}))

    def by_reimport(self, batch):
        self.check_library("reimport", batch, self.exported(batch), "-q")

    def by_torch(self, batch):
        options = ["--batch", batch] if self.symbolic else []
        self.check_library("torch", batch, self.torch_onnx, "-q", *options)


def all_models():
    """Every architecture of models/, the cheapest first; what only adds labels and trained weights
    is not one."""
    names = [path.stem for path in (ROOT / "models").glob("*.yaml") if path.stem in FACTS]
    return sorted(names, key=lambda name: (FACTS[name]["macs"], name))


def main():
    options = arguments(__doc__, models={"nargs": "*"}, batches={"default": "1,3"},
                        seed={"type": int, "default": 1}, threads={"default": "1,2"},
                        ways={"default": ",".join(WAYS)},
                        part={"default": "0/1", "help": "K/N: the K-th of N shares of all models"},
                        log={"type": pathlib.Path, "help": "also append a line per model to it"})
    batches, threads = ([int(x) for x in text.split(",")]
                        for text in (options.batches, options.threads))
    part, parts = (int(x) for x in options.part.split("/"))
    # The shares run side by side.
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // parts))
    failures = Failures(1e-4)
    if unknown := sorted(set(options.models) - set(all_models())):
        sys.exit(f"no such model: {', '.join(unknown)}; there are {', '.join(all_models())}")
    for name in options.models or all_models()[part::parts]:
        start, before = time.monotonic(), len(failures.messages)
        comparison = Comparison(name, options.folder, options.seed, batches, threads, failures)
        comparison.run([way for way in options.ways.split(",")
                        if way != "torch" or name not in NOT_BY_TORCH])
        errors = ", ".join(f"{way} {error:.1e}" for way, error in comparison.worst.items())
        line = (f"{name}: {'agrees' if len(failures.messages) == before else 'WRONG'} ({errors}; "
                f"{time.monotonic() - start:.0f} s)")
        print(line, flush=True)
        if options.log:
            with options.log.open("a") as log:
                log.write(line + "\n")
    failures.finish("reference")


if __name__ == "__main__":
    main()
