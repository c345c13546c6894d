"""MNN."""
import sys

import MNN
import numpy as np

from engines.convert import run_converter


def convert(model, folder):
    import onnx
    file, names = folder / "model.mnn", folder / "mnn-outputs.txt"
    # Not `mnnconvert`: that installs a logging package by whichever pip comes first in PATH, and
    # reports each conversion to its makers.
    run_converter([sys.executable, "-c", "import _tools, sys; _tools.mnnconvert(sys.argv)", "-f",
                   "ONNX", "--modelFile", model, "--MNNModel", file, "--bizCode", "incc"], [file])
    outputs = onnx.load(model, load_external_data=False).graph.output
    names.write_text("\n".join(output.name for output in outputs))
    return [file, names]


class Engine:
    version = MNN.version()

    def __init__(self, files, threads):
        self.net = MNN.Interpreter(str(files[0]))
        self.session = self.net.createSession(
            {"backend": "CPU", "precision": "high", "numThread": threads})
        self.names = files[1].read_text().split("\n")
        self.settings = f"{threads} thread(s), precision high"

    def bind(self, inputs):
        tensors = list(self.net.getSessionInputAll(self.session).values())
        if len(tensors) != len(inputs):
            raise RuntimeError(f"the model has {len(tensors)} inputs, got {len(inputs)}")
        self.inputs = [(tensor, host_tensor(array.shape, array))
                       for tensor, array in zip(tensors, inputs)]
        self.results = []
        for name in self.names:
            tensor = self.net.getSessionOutput(self.session, name)
            self.results.append((tensor, host_tensor(tensor.getShape())))

    def run(self):
        # Copying in and out belongs to it: MNN keeps tensors in an order of its own.
        for tensor, host in self.inputs:
            tensor.copyFrom(host)
        self.net.runSession(self.session)
        for tensor, host in self.results:
            tensor.copyToHostTensor(host)

    def outputs(self):
        return [np.array(host.getNumpyData(), copy=True).reshape(tensor.getShape())
                for tensor, host in self.results]


def host_tensor(shape, values=None):
    if values is None:
        values = np.zeros(shape, np.float32)
    return MNN.Tensor(tuple(shape), MNN.Halide_Type_Float, values, MNN.Tensor_DimensionType_Caffe)
