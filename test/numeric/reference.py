"""Models of models/ with PyTorch's names and seeded weights: incc against PyTorch in float64."""
import json
import pathlib

import numpy as np
import torch
from safetensors.torch import save_file

import torch_models
from harness import Failures, arguments, as_list, call
import incc

ROOT = pathlib.Path(__file__).resolve().parents[2]
FACTS = {facts["name"]: facts
         for facts in json.loads((ROOT / "test/data/models.json").read_text())}


@torch.no_grad()
def compare(name, folder, seed, batches, threads, failures):
    shape = FACTS[name]["input"]
    model = torch_models.randomize(torch_models.build(name), shape, seed)
    weights = folder / f"{name}-{seed}.safetensors"
    save_file(torch_models.state(model), weights)
    model = model.double()
    for batch in batches:
        x = torch.randn(batch, *shape, generator=torch.Generator().manual_seed(seed + 1000 * batch))
        expected = [y.numpy() for y in torch_models.outputs(model(x.double()))]
        # A name for each: dlopen takes a path that it knows for the library that it has.
        library = folder / f"{name}-{seed}-{batch}.so"
        call("incc", ROOT / "models" / f"{name}.yaml", "-q", "--weights", weights, "--batch", batch,
             "-o", library)
        for count in threads:
            with incc.load(library, threads=count) as compiled:
                for i, (got, value) in enumerate(zip(as_list(compiled(x.numpy())), expected,
                                                     strict=True)):
                    failures.check(f"{name} seed {seed} batch {batch} threads {count} output {i}",
                                   got, value)
        library.unlink()
    weights.unlink()


def all_models():
    """Every architecture of models/; what only adds labels and trained weights is not one."""
    return sorted(path.stem for path in (ROOT / "models").glob("*.yaml") if path.stem in FACTS)


if __name__ == "__main__":
    options = arguments(__doc__, models={"nargs": "*"}, batches={"default": "1,4"},
                        seeds={"default": "1,2"}, threads={"default": "1,2"},
                        part={"default": "0/1", "help": "K/N: the K-th of N shares of all models"})
    batches, seeds, threads = ([int(x) for x in text.split(",")]
                               for text in (options.batches, options.seeds, options.threads))
    part, parts = (int(x) for x in options.part.split("/"))
    failures = Failures(1e-4)
    for name in options.models or all_models()[part::parts]:
        for seed in seeds:
            before = len(failures.messages)
            compare(name, options.folder, seed, batches, threads, failures)
            print(f"{name} seed {seed}:", "agrees" if len(failures.messages) == before else "WRONG",
                  flush=True)
    failures.finish("reference")
