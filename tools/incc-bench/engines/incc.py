"""incc itself, by its Python module: how long loading takes is measured as for the others."""
import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "runtime" / "python"))
import incc  # noqa: E402


class Engine:
    version = ""
    settings = ""

    def __init__(self, model, threads):
        self.model = incc.load(model, threads)

    def bind(self, inputs):
        self.inputs = inputs

    def run(self):
        self.results = self.model(*self.inputs)

    def outputs(self):
        return self.results if isinstance(self.results, list) else [self.results]
