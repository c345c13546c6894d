"""Builds small ONNX models, and collects the bad ones with what incc must say of them."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node, make_tensor_value_info

CPU_SECONDS = 2
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64

# Name: a function that returns the model, its messages, the CPU time that it may take.
CASES = {}


def case(*messages, seconds=CPU_SECONDS):
    """Registers a function that returns a model, or its bytes, and gets its folder. A model without
    messages is right: it is imported."""
    def register(function):
        CASES[function.__name__] = function, messages, seconds
        return function
    return register


def tensor(name, *shape, type=FLOAT):
    return make_tensor_value_info(name, type, shape)


def weights(name, *shape):
    return numpy_helper.from_array(np.ones(shape, np.float32), name)


def integers(name, *values):
    return numpy_helper.from_array(np.array(values, np.int64), name)


def hollow(name, *shape, type=FLOAT):
    """An initializer that holds nothing of what it declares."""
    return TensorProto(name=name, dims=shape, data_type=type)


def external(name, shape, **entries):
    result = TensorProto(name=name, dims=shape, data_type=FLOAT,
                         data_location=TensorProto.EXTERNAL)
    for key, value in entries.items():
        result.external_data.add(key=key, value=str(value))
    return result


def model(nodes, inputs=None, outputs=None, initializers=(), opset=17, domains=(), **fields):
    inputs = [tensor("x", 1, 3, 8, 8)] if inputs is None else inputs
    outputs = [tensor("y", 1, 3, 8, 8)] if outputs is None else outputs
    graph = helper.make_graph(nodes, "g", inputs, outputs, list(initializers))
    opsets = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8, **fields)


def relu(x="x", y="y", **attributes):
    return make_node("Relu", [x], [y], **attributes)


def conv(w, **attributes):
    """x convolved with the initializer `w`."""
    return model([make_node("Conv", ["x", "w"], ["y"], name="c", **attributes)], initializers=[w])


def unary(operator, *initializers, inputs=None, **attributes):
    """One node of x and the initializers."""
    names = ["x"] + [initializer.name for initializer in initializers]
    return model([make_node(operator, names, ["y"], name="n", **attributes)], inputs,
                 initializers=initializers)
