"""PyTorch, with onnx2torch to read the model."""
import time

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
    inputs = [torch.zeros(shape) for shape in shapes]
    with torch.inference_mode():
        frozen = torch.jit.freeze(torch.jit.trace(module, tuple(inputs)))
        frozen.save(folder / "frozen.pt")
        optimized = torch.jit.optimize_for_inference(torch.jit.load(folder / "frozen.pt").eval())
        # Optimising takes a quarter of ResNet-18's time away, and doubles GoogLeNet's.
        is_optimized = least_time(optimized, inputs) < least_time(frozen, inputs)
    mode = folder / "mode.txt"
    mode.write_text("optimised for inference" if is_optimized else "frozen")
    return [folder / "frozen.pt", mode]


def least_time(module, inputs):
    times = []
    for _ in range(6):
        start = time.perf_counter()
        module(*inputs)
        times.append(time.perf_counter() - start)
    return min(times[2:])  # the first ones compile


class Engine:
    version = torch.__version__

    def __init__(self, files, threads):
        torch.set_num_threads(threads)
        mode = files[1].read_text()
        with torch.inference_mode():
            self.module = torch.jit.load(files[0]).eval()
            if mode != "frozen":
                self.module = torch.jit.optimize_for_inference(self.module)
        self.settings = (f"{threads} thread(s), channels last, traced, {mode} (the faster of two "
                         "ways)")

    def bind(self, inputs):
        self.inputs = [torch.from_numpy(array) for array in inputs]

    def run(self):
        with torch.inference_mode():
            self.results = self.module(*self.inputs)

    def outputs(self):
        results = [self.results] if torch.is_tensor(self.results) else self.results
        return [np.array(result) for result in results]
