"""PyTorch, with onnx2torch to read the model."""
import numpy as np
import torch


def convert(model, folder):
    import onnx
    import onnx2torch
    graph = onnx.load(model)
    weights = {tensor.name for tensor in graph.graph.initializer}
    shapes = [[dim.dim_value for dim in tensor.type.tensor_type.shape.dim]
              for tensor in graph.graph.input if tensor.name not in weights]
    module = onnx2torch.convert(graph).eval().to(memory_format=torch.channels_last)
    with torch.inference_mode():
        traced = torch.jit.trace(module, tuple(torch.zeros(shape) for shape in shapes))
        torch.jit.freeze(traced).save(folder / "torch.pt")
    return [folder / "torch.pt"]


class Engine:
    version = torch.__version__

    def __init__(self, files, threads):
        torch.set_num_threads(threads)
        with torch.inference_mode():
            self.module = torch.jit.optimize_for_inference(torch.jit.load(files[0]).eval())
        self.settings = f"{threads} thread(s), channels last, traced, frozen, optimised for inference"

    def bind(self, inputs):
        self.inputs = [torch.from_numpy(array) for array in inputs]

    def run(self):
        with torch.inference_mode():
            self.results = self.module(*self.inputs)

    def outputs(self):
        results = [self.results] if torch.is_tensor(self.results) else self.results
        return [np.array(result) for result in results]
