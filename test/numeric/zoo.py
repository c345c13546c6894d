"""Models of the zoo with seeded random weights: incc against ONNX Runtime on the exported network.

With --reimport also what incc makes of that export; with --machine sm_80 for a GPU, on the fake driver.
"""
import pathlib

import numpy as np

from harness import (Failures, arguments, as_list, call, compile_model, load, onnx_session,
                     ways_to_run)


MODELS = pathlib.Path(__file__).resolve().parents[2] / "models"


def compare(model, folder, batch, seed, threads, reimport, mcpu, backend, settings, precision, failures):
    weights = ["--random-weights", seed, "--batch", batch]
    weights += [f"--set={setting}" for setting in settings]
    # A name for each: dlopen takes a path that it knows for the library that it has.
    library = folder / f"{model.stem}-{batch}-{seed}.so"
    onnx = library.with_suffix(".onnx")
    compile_model(model, mcpu, library, *weights, f"--backend={backend}", f"--precision={precision}")
    call("incc", model, "-q", *weights, "--emit=onnx", "-o", onnx)
    libraries = [library]
    if reimport:
        libraries.append(folder / f"{model.stem}-{batch}-{seed}-reimport.so")
        compile_model(onnx, mcpu, libraries[-1])
    session = onnx_session(onnx)
    random = np.random.default_rng(seed)
    inputs = [random.normal(size=tensor.shape).astype(np.float32)
              for tensor in session.get_inputs()]
    expected = session.run(None, dict(zip((t.name for t in session.get_inputs()), inputs)))
    for library in libraries:
        for count in ways_to_run(mcpu, threads):
            with load(library, count, mcpu) as compiled:
                results = as_list(compiled(*inputs))
                assert [t.name for t in compiled.outputs] == [t.name for t in session.get_outputs()]
                for tensor, got, value in zip(compiled.outputs, results, expected, strict=True):
                    failures.check(f"{library.stem} threads {count} {tensor.name}", got, value)
        library.unlink()
    onnx.unlink()


if __name__ == "__main__":
    options = arguments(__doc__, models={"nargs": "+"}, batch={"default": "1,4"},
                        seeds={"default": "1"}, threads={"default": "1,2"},
                        reimport={"action": "store_true"}, mcpu={"default": ""},
                        backend={"default": "auto"}, precision={"default": "f32"},
                        set={"action": "append", "default": []})
    batches, seeds, threads = ([int(x) for x in text.split(",")]
                               for text in (options.batch, options.seeds, options.threads))
    failures = Failures(1e-4)
    for name in options.models:
        for batch in batches:
            for seed in seeds:
                compare(MODELS / f"{name}.yaml", options.folder, batch, seed, threads,
                        options.reimport, options.mcpu, options.backend, options.set, options.precision, failures)
    failures.finish("zoo")
