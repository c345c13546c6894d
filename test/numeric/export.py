"""The ONNX export of every op and of random networks, run by ONNX Runtime, against NumPy."""
import numpy as np
import onnx

from graphs import random_network
from harness import Failures, arguments, call, onnx_session
from ops import FAMILIES


def check(network, folder, failures):
    path = folder / network.name
    path.with_suffix(".mlir").write_text(network.text())
    call("incc", path.with_suffix(".mlir"), "-q", "--emit=onnx", "-o", path.with_suffix(".onnx"))
    model = onnx.load(path.with_suffix(".onnx"))
    onnx.checker.check_model(model, full_check=True)
    inputs = {f"in{i}": v.array.astype(np.float32) for i, v in enumerate(network.inputs)}
    outputs = onnx_session(path.with_suffix(".onnx")).run(None, inputs)
    for i, (got, value) in enumerate(zip(outputs, network.outputs, strict=True)):
        assert model.graph.output[i].name == f"out{i}"
        failures.check(f"{network.name} out{i}", got, value.array)


if __name__ == "__main__":
    options = arguments(__doc__)
    failures = Failures(1e-5)
    for family in FAMILIES:
        check(family(), options.folder, failures)
    for seed in range(200, 212):
        check(random_network(seed), options.folder, failures)
    failures.finish("exports")
