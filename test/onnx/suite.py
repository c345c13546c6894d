"""The cases of the onnx package's backend suite, and the forms in which they are put to incc."""
import glob
import os
import re
import warnings
from collections import namedtuple

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper
from onnx.helper import make_tensor_value_info
from onnx.backend.test.loader import load_model_tests

# A model with the values of its inputs and outputs; `bytes` is the model file.
Form = namedtuple("Form", ["name", "model", "inputs", "outputs"])

GROUPS = ["node", "simple", "light", "pytorch-converted", "pytorch-operator"]

# Cases of the group "node" that use only these, on float32, with one output, must pass; see
# `is_required` for what is left out.
CLASSIFIER_OPERATORS = set("""
    Add AveragePool BatchNormalization Clip Concat Constant Conv Dropout Flatten Gemm
    GlobalAveragePool HardSigmoid HardSwish Identity LRN LeakyRelu MatMul MaxPool Mul Pad ReduceMean
    Relu Reshape Sigmoid Softmax Squeeze Sub Transpose Unsqueeze""".split())

# What must pass of the groups made from PyTorch's modules and functions.
PYTORCH_CASES = re.compile("""
    (AvgPool|MaxPool|BatchNorm|Conv)[12]d(_.*)? | Linear(_.*)? | (Constant|Zero|Reflection|
    Replication)Pad2d | (P|Leaky)?ReLU(_.*)? | ELU | SELU | Sigmoid | Tanh |
    Soft(plus|sign|max|min) | LogSoftmax | (log_)?softmax_.* |
    operator_(addmm|basic|clip|concat2|conv|flatten|maxpool|mm|pad|params|selu|view)""", re.VERBOSE)


class Case:
    """A case: its name without `test_`, its model and, on demand, its data."""

    def __init__(self, group, test):
        self.group, self.name = group, test.name.removeprefix("test_")
        self.rtol, self.atol = test.rtol, test.atol
        self._folder = test.model_dir
        self._path = os.path.join(test.model_dir, "model.onnx") if test.model_dir else _light(test)

    @property
    def key(self):
        return f"{self.group}/{self.name}"

    def model(self):
        return onnx.load(self._path)

    def forms(self):
        """The forms of a case differ in which of its values are inputs of the network: as the first
        the first float32 input alone, as the second all float32 inputs, and of PyTorch's modules
        the weights too. Shapes, axes and other integers are always initializers. Where there is no
        difference, and of the light models, there is the first form alone."""
        model = self.model()
        weights = {tensor.name: tensor for tensor in model.graph.initializer}
        inputs = [v.name for v in model.graph.input if v.name not in weights]
        protos, expected = self._data(model, inputs)
        known = dict(zip(inputs, protos))
        if self.group.startswith("pytorch"):
            known.update(weights)
        # Dropout's ratio is no data.
        ratios = {name for n in model.graph.node if n.op_type == "Dropout" for name in n.input[1:]}
        floats = [name for name, tensor in known.items() if name not in ratios
                  and tensor is not None and tensor.data_type == TensorProto.FLOAT]
        forms = [("constant weights", floats[:1])]
        if len(floats) > 1:
            forms.append(("weights at run time", floats))
        for name, kept in forms:
            yield Form(name, _fix_inputs(self.model(), known, kept),
                       [numpy_helper.to_array(known[n]) for n in kept], expected)

    def _data(self, model, inputs):
        """The inputs as TensorProtos and the outputs as arrays; None for what is no tensor."""
        if self.group == "light":
            shape = next([d.dim_value for d in v.type.tensor_type.shape.dim]
                         for v in model.graph.input if v.name in inputs)
            count = int(np.prod(shape))
            data = (np.arange(count).reshape(shape) / count).astype(np.float32)
            expected = _load_tensor(self._path.replace(".onnx", "_output_0.pb"))
            return [numpy_helper.from_array(data)], [numpy_helper.to_array(expected)]
        # Every case has one set of data.
        folder = os.path.join(self._folder, "test_data_set_0")
        declared = [v for v in model.graph.input if v.name in inputs]
        outputs = _load_tensors(folder, "output", model.graph.output)
        return (_load_tensors(folder, "input", declared),
                [tensor and _to_array(tensor) for tensor in outputs])

    def is_required(self):
        if self.group == "light":
            return True
        if self.group.startswith("pytorch"):
            return bool(PYTORCH_CASES.fullmatch(self.name))
        if self.group != "node":
            return False
        graph = self.model().graph
        operators = {node.op_type for node in graph.node}
        values = list(graph.input)[:1] + list(graph.output)
        if not operators or not operators <= CLASSIFIER_OPERATORS or len(graph.output) != 1:
            return False
        if any(v.type.tensor_type.elem_type != TensorProto.FLOAT for v in values):
            return False
        return not (self._is_volumetric(graph) or self._is_random(graph) or self._is_empty(graph))

    @staticmethod
    def _is_volumetric(graph):
        """Windows over three axes."""
        return any(len(a.ints) == 3 for n in graph.node for a in n.attribute
                   if a.name == "kernel_shape")

    def _is_random(self, graph):
        """Dropout while training, with another ratio than 0: its answer is a random one."""
        return (graph.node[0].op_type == "Dropout" and self.name.startswith("training_")
                and "zero_ratio" not in self.name)


    @staticmethod
    def _is_empty(graph):
        """Nothing to compute."""
        return any(dim.HasField("dim_value") and dim.dim_value == 0
                   for value in graph.input for dim in value.type.tensor_type.shape.dim)


def _light(test):
    return os.path.join(os.path.dirname(onnx.__file__), *test.url.split("/")[1:])


def _load_tensor(path):
    with open(path, "rb") as file:
        return TensorProto.FromString(file.read())


def _load_tensors(folder, kind, declared):
    """The tensors of `folder`, None for those declared as sequences and optionals."""
    paths = glob.glob(os.path.join(folder, kind + "_*.pb"))
    return [_load_tensor(os.path.join(folder, f"{kind}_{i}.pb"))
            if value.type.HasField("tensor_type") else None
            for i, value in enumerate(declared[:len(paths)])]


def _to_array(tensor):
    try:
        return numpy_helper.to_array(tensor)
    except ValueError:  # onnx 1.17 does not read odd numbers of INT4
        return None


def _fix_inputs(model, known, kept):
    """The model file in which the values `kept`, and those that aren't known, are the inputs."""
    graph = model.graph
    for name, tensor in known.items():
        declared = [value for value in graph.input if value.name == name]
        given = [value for value in graph.initializer if value.name == name]
        if name in kept:
            for value in given:
                graph.initializer.remove(value)
            if not declared:
                graph.input.append(make_tensor_value_info(name, tensor.data_type, tensor.dims))
        elif tensor is not None and declared and not given:
            # Old files list all initializers among the inputs.
            if model.ir_version >= 4:
                graph.input.remove(declared[0])
            graph.initializer.append(tensor)
            graph.initializer[-1].name = name
            # The suite keeps bfloat16 as the integers of its bits.
            graph.initializer[-1].data_type = declared[0].type.tensor_type.elem_type
    return model.SerializeToString()


def load_cases(groups=GROUPS):
    """All cases of `groups`, in order of their names."""
    cases = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for group in groups:
            tests = load_model_tests(kind="real" if group == "light" else group)
            cases += [Case(group, test) for test in tests]
    return sorted(cases, key=lambda case: (GROUPS.index(case.group), case.name))
