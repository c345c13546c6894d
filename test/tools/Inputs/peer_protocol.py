"""Talks to incc-bench's Python side as incc-bench does, with ONNX Runtime."""
import json
import pathlib
import subprocess
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper

script, folder = sys.argv[1], pathlib.Path(sys.argv[2])
tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [2, 3]) for name in "xyz"]
graph = helper.make_graph([helper.make_node("Sub", ["x", "y"], ["z"])], "g", tensors[:2],
                          tensors[2:])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.save(model, folder / "model.onnx")
x, y = np.random.default_rng(1).normal(size=(2, 2, 3)).astype(np.float32)
np.save(folder / "input_0.npy", x)
np.save(folder / "input_1.npy", y)


def start(name):
    command = [sys.executable, script, "run", "onnxruntime", folder, "1", folder / name]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def convert(engine):
    command = [sys.executable, script, "convert", engine, folder / "model.onnx", folder]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout)


# It reads the ONNX file itself.
assert convert("onnxruntime") == {"files": [str(folder / "model.onnx")]}
assert "No module named 'engines.tflite'" in convert("tflite")["error"]


with start("model.onnx") as peer:
    def ask(question):
        peer.stdin.write(question + "\n")
        peer.stdin.flush()
        return json.loads(peer.stdout.readline())

    hello = json.loads(peer.stdout.readline())
    assert hello["version"] and "1 intra-op thread" in hello["settings"], hello
    assert 0 < hello["load_ms"] < 1e6 and 1e6 < hello["peak_bytes"] < 1e12, hello
    assert hello["file_bytes"] == (folder / "model.onnx").stat().st_size, hello
    times = ask("run 3")
    assert len(times) == 3 and all(isinstance(t, int) and t > 0 for t in times), times
    assert ask("outputs") == 1
    assert np.array_equal(np.load(folder / "onnxruntime_0.npy"), x - y)
    peer.stdin.close()

with start("none.onnx") as peer:
    assert "none.onnx" in json.loads(peer.stdout.readline())["error"]
print("the protocol works")
