"""Files that are no ONNX models, and graphs whose nodes do not fit together."""
import numpy as np
from onnx import helper, numpy_helper
from onnx.helper import make_node

from bad_cases import case, conv, model, relu, tensor, weights


def varint(value):
    data = b""
    while value > 127:
        data += bytes([value & 127 | 128])
        value >>= 7
    return data + bytes([value])


@case("not an ONNX file, or a damaged one")
def empty(folder):
    return b""


@case("not an ONNX file, or a damaged one")
def text(folder):
    return b"name: resnet50\ninput: {shape: [3, 224, 224]}\n"


@case("not an ONNX file, or a damaged one")
def cut_off(folder):
    return conv(weights("w", 3, 3, 3, 3)).SerializeToString()[:-20]


@case("not an ONNX file, or a damaged one")
def noise(folder):
    return np.random.default_rng(0).bytes(100_000)


@case("not an ONNX file")
def nested_messages(folder):
    """Graphs in attributes in nodes in graphs."""
    data = b""
    for depth in range(3001):
        # GraphProto.node = 1, AttributeProto.g = 6, NodeProto.attribute = 5; ModelProto.graph = 7.
        data = bytes([(0x0a, 0x32, 0x2a)[depth % 3]]) + varint(len(data)) + data
    return b"\x08\x08\x3a" + varint(len(data)) + data


@case("not an ONNX file")
def groups(folder):
    """Protobuf's old groups nest without lengths."""
    return b"\x08\x08" + b"\x3b" * 1_000_000


@case("the model has more than 8000000 parts")
def many_parts(folder):
    """Two bytes of a file make a message of 200."""
    nodes = b"\x0a\x00" * 10_000_000
    return b"\x08\x08\x3a" + varint(len(nodes)) + nodes


@case("expected a model of opset 6 to 25, got 5")
def old_opset(folder):
    return model([relu()], opset=5)


@case("expected a model of opset 6 to 25, got 999")
def new_opset(folder):
    return model([relu()], opset=999)


@case("the model imports no opset")
def no_opset(folder):
    result = model([relu()])
    result.ClearField("opset_import")
    return result


# Graphs

@case("the graph has a cycle: 'b' -> 'a' -> 'b'")
def cycle(folder):
    return model([make_node("Add", ["x", "b"], ["a"]), relu("a", "b"), relu("b", "y")])


@case("the graph has a cycle: 'v0' -> 'v1' -> 'v2'")
def long_cycle(folder):
    count = 100_000
    return model([relu(f"v{(i + 1) % count}", f"v{i}") for i in range(count)] + [relu("v0", "y")])


@case("node 'y' reads 'nothing', which no node computes and which is no input or initializer")
def dangling_input(folder):
    return model([relu("nothing")])


@case("node 'c' reads 'w', which no node computes and which is no input or initializer")
def missing_initializer(folder):
    return model([make_node("Conv", ["x", "w"], ["y"], name="c")])


@case("output 'y' is computed by no node and is no input or initializer")
def dangling_output(folder):
    return model([relu("x", "z")])


@case("value 'a' is defined twice: by node 'a' and by node 'a'")
def duplicated_results(folder):
    return model([relu("x", "a"), relu("x", "a"), relu("a", "y")])


@case("value 'w' is defined twice: by an initializer and by an initializer")
def duplicated_initializers(folder):
    return model([make_node("Conv", ["x", "w"], ["y"])],
                 initializers=[weights("w", 3, 3, 1, 1), weights("w", 3, 3, 1, 1)])


@case("value 'x' is defined twice: by an input and by an input")
def duplicated_inputs(folder):
    return model([relu()], [tensor("x", 1, 3, 8, 8), tensor("x", 1, 3, 8, 8)])


@case("value 'x' is defined twice: by an input and by node 'x'")
def input_computed(folder):
    return model([relu("x", "x"), relu("x", "y")])


@case("output 'y' occurs twice")
def duplicated_outputs(folder):
    return model([relu()], outputs=[tensor("y", 1, 3, 8, 8), tensor("y", 1, 3, 8, 8)])


@case("the model has no outputs")
def no_outputs(folder):
    return model([relu()], outputs=[])


@case("n: If (opset 17): its condition ('x') must be a constant")
def subgraph(folder):
    branch = helper.make_graph([relu("x", "z")], "b", [], [tensor("z", 1, 3, 8, 8)])
    return model([make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch, name="n")])


@case("inner: If (opset 17): its condition ('x') must be a constant")
def nested_subgraphs(folder):
    """Known conditions lead to an unknown one."""
    graph = helper.make_graph([relu("x", "z")], "b", [], [tensor("z", 1, 3, 8, 8)])
    for depth in range(25):
        node = make_node("If", ["c" if depth else "x"], ["z"], then_branch=graph, else_branch=graph.__class__(),
                         name="n" if depth else "inner")
        graph = helper.make_graph([node], "b", [], [tensor("z", 1, 3, 8, 8)])
    return model([make_node("If", ["c"], ["y"], then_branch=graph, else_branch=graph, name="n")],
                 initializers=[numpy_helper.from_array(np.array(True), "c")])


@case("n: local.F (opset 1): is not a supported operator")
def recursive_function(folder):
    """A function of the model that calls itself."""
    function = helper.make_function("local", "F", ["a"], ["b"],
                                    [make_node("F", ["a"], ["b"], domain="local")],
                                    [helper.make_opsetid("local", 1)])
    return model([make_node("F", ["x"], ["y"], domain="local", name="n")], domains=["local"],
                 functions=[function])


@case(seconds=6)
def long_chain(folder):
    count = 100_000
    names = ["x"] + [f"v{i}" for i in range(count - 1)] + ["y"]
    return model([relu(names[i], names[i + 1], name=f"layer{i}") for i in range(count)])


@case(seconds=6)
def long_chain_backwards(folder):
    result = long_chain(folder)
    nodes = list(result.graph.node)[::-1]
    del result.graph.node[:]
    result.graph.node.extend(nodes)
    return result


@case("node 'layer0' reads 'nothing', which no node computes and which is no input or "
      "initializer", seconds=4)
def long_chain_dangling(folder):
    result = long_chain(folder)
    result.graph.node[0].input[0] = "nothing"
    return result


@case("100000 of 100000 nodes can't be imported", seconds=4)
def long_chain_unknown(folder):
    result = long_chain(folder)
    for node in result.graph.node:
        node.op_type = "Strange"
    return result


@case(seconds=6)
def wide_sum(folder):
    return model([make_node("Sum", ["x"] * 1000, [f"v{i}"], name=f"n{i}") for i in range(100)]
                 + [make_node("Concat", [f"v{i}" for i in range(100)], ["y"], axis=1)],
                 outputs=[tensor("y", 1, 300, 8, 8)])
