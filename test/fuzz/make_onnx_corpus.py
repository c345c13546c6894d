"""Writes small ONNX models, of as many operators and forms of attributes as possible, into the
folder given: the corpus of fuzz-onnx."""
import sys
from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node, make_tensor_value_info

FLOAT = TensorProto.FLOAT
folder = Path(sys.argv[1])


def weights(name, *shape):
    count = int(np.prod(shape))
    values = np.arange(count, dtype=np.float32) / count
    return numpy_helper.from_array(values.reshape(shape), name)


def integers(name, *values):
    return helper.make_tensor(name, TensorProto.INT64, [len(values)], values)


def save(name, nodes, initializers=(), shape=(1, 2, 4, 4), opset=17, inputs=()):
    inputs = [make_tensor_value_info("x", FLOAT, shape), *inputs]
    outputs = [make_tensor_value_info("y", FLOAT, None)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    (folder / f"{name}.onnx").write_bytes(model.SerializeToString())


def chain(*steps):
    """Nodes that each read the one before: (operator, further inputs, attributes)."""
    names = ["x"] + [f"v{i}" for i in range(len(steps) - 1)] + ["y"]
    return [make_node(operator, [names[i], *more], [names[i + 1]], **attributes)
            for i, (operator, more, attributes) in enumerate(steps)]


folder.mkdir(parents=True, exist_ok=True)
save("convolution", chain(
    ("Conv", ["w", "b"], dict(pads=[1, 1, 1, 1], strides=[2, 1])),
    ("BatchNormalization", ["s", "s", "s", "s"], dict(epsilon=1e-3)), ("Relu", [], {}),
    ("Conv", ["d"], dict(group=4, auto_pad="SAME_UPPER", dilations=[1, 2])),
    ("Clip", ["low", "high"], {}), ("GlobalAveragePool", [], {}), ("Flatten", [], {}),
    ("Gemm", ["f", "s"], dict(transB=1, alpha=0.5)), ("Softmax", [], {})),
    [weights("w", 4, 2, 3, 3), weights("b", 4), weights("s", 4), weights("d", 4, 1, 3, 3),
     weights("f", 4, 4), numpy_helper.from_array(np.float32(0), "low"),
     numpy_helper.from_array(np.float32(6), "high")])
save("runtime_weights",
     [make_node("Conv", ["x", "w"], ["a"]), make_node("MatMul", ["a", "m"], ["y"])],
     inputs=[make_tensor_value_info("w", FLOAT, [3, 2, 2, 2]),
             make_tensor_value_info("m", FLOAT, [3, 2])], shape=["N", 2, 4, 4])
save("pools", chain(
    ("MaxPool", [], dict(kernel_shape=[3, 3], pads=[1, 1, 1, 1], ceil_mode=1)),
    ("AveragePool", [], dict(kernel_shape=[2, 2], count_include_pad=1, auto_pad="SAME_LOWER")),
    ("LRN", [], dict(size=3)), ("GlobalMaxPool", [], {})))
save("moves", chain(
    ("Pad", ["p"], dict(mode="reflect")), ("Transpose", [], dict(perm=[0, 2, 3, 1])),
    ("Slice", ["from", "to", "axes", "steps"], {}), ("Reshape", ["shape"], {}),
    ("Unsqueeze", ["axes"], {}), ("Squeeze", ["axes"], {}), ("Gather", ["from"], dict(axis=1)),
    ("Expand", ["large"], {}), ("Tile", ["tiles"], {}), ("ReduceMean", [], dict(axes=[-1]))),
    [integers("p", 0, 0, 1, 1, 0, 0, 1, 1), integers("from", 0), integers("to", 9),
     integers("axes", 1), integers("steps", 2), integers("shape", 0, -1),
     integers("large", 2, 1, 1), integers("tiles", 1, 2, 2)])
save("shapes", [
    make_node("Shape", ["x"], ["s"]), make_node("Gather", ["s", "zero"], ["n"]),
    make_node("Concat", ["n", "rest"], ["t"], axis=0), make_node("Reshape", ["x", "t"], ["a"]),
    make_node("ConstantOfShape", ["t"], ["c"], value=weights("", 1)),
    make_node("Cast", ["t"], ["f"], to=FLOAT), make_node("ReduceSum", ["f"], ["g"], keepdims=0),
    make_node("Add", ["a", "c"], ["b"]), make_node("Div", ["b", "g"], ["y"])],
    [integers("zero", 0), integers("rest", 32)])
save("activations", chain(
    ("LeakyRelu", [], dict(alpha=0.1)), ("HardSigmoid", [], {}), ("Elu", [], {}),
    ("HardSwish", [], {}), ("PRelu", ["a"], {}), ("Sigmoid", [], {}), ("Tanh", [], {}),
    ("Pow", ["two"], {}), ("Erf", [], {}), ("Sqrt", [], {}), ("Softplus", [], {})),
    [weights("a", 2, 1, 1), numpy_helper.from_array(np.float32(2), "two")])
save("branches", [
    make_node("Split", ["x", "parts"], ["a", "b"], axis=1), make_node("Mul", ["a", "b"], ["c"]),
    make_node("Sum", ["a", "b", "c"], ["d"]), make_node("Max", ["c", "d"], ["e"]),
    make_node("Concat", ["d", "e"], ["f"], axis=-3), make_node("Sub", ["f", "k"], ["y"])],
    [integers("parts", 1, 1), weights("k", 2, 1, 1)])
save("resize", chain(
    ("Resize", ["", "scales"], dict(mode="nearest", coordinate_transformation_mode="asymmetric")),
    ("DepthToSpace", [], dict(blocksize=2)), ("InstanceNormalization", ["s", "s"], {})),
    [helper.make_tensor("scales", FLOAT, [4], [1, 2, 2, 2]), weights("s", 1)])
save("normalizations", chain(
    ("LayerNormalization", ["s", "s"], {}), ("ReduceMax", [], dict(axes=[2, 3], keepdims=0)),
    ("LogSoftmax", [], dict(axis=1)), ("Dropout", [], {})), [weights("s", 4)])
save("old", chain(
    ("Upsample", ["scales"], dict(mode="nearest")),
    ("BatchNormalization", ["s", "s", "s", "s"], {}), ("Clip", [], dict(min=0.0, max=6.0)),
    ("Unsqueeze", [], dict(axes=[0]))),
    [helper.make_tensor("scales", FLOAT, [4], [1, 1, 2, 2]), weights("s", 2)], opset=9)
