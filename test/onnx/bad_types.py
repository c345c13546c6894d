"""Types and shapes that are wrong or not supported; operators that are unknown or misused."""
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from onnx.helper import make_node, make_tensor_value_info

from bad_cases import (FLOAT, INT64, case, conv, hollow, integers, model, relu, tensor, unary,
                       weights)


@case("input 'x' is of type int64; supported are inputs of type float")
def integer_input(folder):
    return model([relu()], [tensor("x", 1, 3, 8, 8, type=INT64)])


@case("input 'x' is of type float16; supported are inputs of type float")
def half_input(folder):
    return model([relu()], [tensor("x", 1, 3, 8, 8, type=TensorProto.FLOAT16)])


@case("input 'x' is no tensor")
def sequence_input(folder):
    value = helper.make_tensor_sequence_value_info("x", FLOAT, [1, 3, 8, 8])
    return model([relu()], [value])


@case("input 'x' is no tensor")
def untyped_input(folder):
    return model([relu()], [helper.ValueInfoProto(name="x")])


@case("input 'x' has no shape")
def unknown_rank(folder):
    return model([relu()], [make_tensor_value_info("x", FLOAT, None)])


@case("input 'x' has a symbolic dimension 'height' at axis 2; only the first, the batch, may "
      "be symbolic")
def symbolic_size(folder):
    return model([relu()], [tensor("x", 1, 3, "height", 8)])


@case("input 'x' of shape 1x3x-8x8 must have from 1 to 1073741824 elements")
def negative_size(folder):
    return model([relu()], [tensor("x", 1, 3, -8, 8)])


@case("input 'x' of shape 1x3x0x8 must have from 1 to 1073741824 elements")
def zero_size(folder):
    return model([relu()], [tensor("x", 1, 3, 0, 8)])


@case("input 'x' has rank 9; supported are ranks up to 8")
def rank_nine(folder):
    return model([relu()], [tensor("x", *[1] * 9)])


@case("c: Conv (opset 17): expected float operands where the network computes, got a constant "
      "of int64")
def integer_filter(folder):
    return conv(numpy_helper.from_array(np.ones((3, 3, 1, 1), np.int64), "w"))


@case("w: the initializer is of type string, which is not supported (shape 1)")
def string_filter(folder):
    return conv(helper.make_tensor("w", TensorProto.STRING, [1], ["three"]))


@case("w: the initializer is of type number 77, which is not supported (shape 3x3x1x1)")
def unknown_type(folder):
    return conv(hollow("w", 3, 3, 1, 1, type=77))


@case("w: the initializer needs 324 bytes for its shape, got 320 (shape 3x3x3x3)")
def too_few_values(folder):
    result = weights("w", 3, 3, 3, 3)
    result.raw_data = result.raw_data[:-4]
    return conv(result)


@case("w: the initializer needs 9 values for its shape, got 10 (shape 3x3x1x1)")
def too_many_values(folder):
    return conv(helper.make_tensor("w", FLOAT, [3, 3, 1, 1], [0.0] * 9)
                .__class__(name="w", dims=[3, 3, 1, 1], data_type=FLOAT, float_data=[0.0] * 10))


@case("c: Conv (opset 17): filter 3x4x3x3 with 1 groups expects 4 input channels, got 3 (input "
      "1x3x8x8)")
def filter_of_other_channels(folder):
    return conv(weights("w", 3, 4, 3, 3))


@case("n: Reshape (opset 17): can't give a tensor of 1x3x8x8 the shape 5x7")
def reshape_of_other_size(folder):
    return unary("Reshape", integers("s", 5, 7))


@case("n: Reshape (opset 17): can't give a tensor of 1x3x8x8 the shape -1x-1")
def reshape_with_two_unknowns(folder):
    return unary("Reshape", integers("s", -1, -1))


@case("n: Add (opset 17): operands of 1x3x8x8 and 5 can't be broadcast to each other")
def add_of_other_shape(folder):
    return unary("Add", weights("b", 5))


@case("input 's' is of type int64; supported are inputs of type float")
def computed_shape(folder):
    return model([make_node("Reshape", ["x", "s"], ["y"], name="n")],
                 [tensor("x", 1, 3, 8, 8), tensor("s", 4, type=INT64)])




@case("4 of 5 nodes can't be imported",
      "first: UnknownOne (opset 17): is not a supported operator",
      "second: Einsum (opset 17): is not a supported operator",
      "third: elsewhere.Relu (opset 1): is not a supported operator",
      "fourth: NonZero (opset 17): is not a supported operator")
def unknown_operators(folder):
    return model([make_node("UnknownOne", ["x"], ["a"], name="first"),
                  relu("a", "b"),
                  make_node("Einsum", ["b", "b"], ["c"], name="second", equation="ij,jk->ik"),
                  make_node("Relu", ["c"], ["d"], name="third", domain="elsewhere"),
                  make_node("NonZero", ["d"], ["y"], name="fourth")], domains=["elsewhere"])


@case("n: Pad (opset 17): attribute 'mode' is 'wraparound'; supported: constant, reflect, "
      "edge, wrap")
def unsupported_attribute(folder):
    return unary("Pad", integers("p", *[1] * 8), mode="wraparound")


@case("n: MaxPool (opset 17): attribute 'kernel_shape': expected a list of integers")
def attribute_of_other_type(folder):
    return unary("MaxPool", kernel_shape="large")


@case("n: MaxPool (opset 17): attribute 'kernel_shape' is missing")
def missing_attribute(folder):
    return unary("MaxPool")


@case("n: Conv (opset 17): expected 2 to 3 inputs, got 0")
def no_operands(folder):
    return model([make_node("Conv", [], ["y"], name="n")])


@case("n: Conv (opset 17): input 0 is left out, but it is required")
def left_out_operand(folder):
    return model([make_node("Conv", ["", "x"], ["y"], name="n")])


@case("n: Relu (opset 17): expected 1 inputs, got 50")
def too_many_operands(folder):
    return model([make_node("Relu", ["x"] * 50, ["y"], name="n")])


@case("n: Dropout (opset 17): training_mode is true; supported is inference")
def training(folder):
    return model([make_node("Dropout", ["x", "r", "t"], ["y"], name="n")],
                 initializers=[numpy_helper.from_array(np.array(0.5, np.float32), "r"),
                               numpy_helper.from_array(np.array(True), "t")])


@case(r"st\x0A\x1B\xFF\x00e: Strange (opset 17): is not a supported operator")
def strange_name(folder):
    """A name that would be several lines, and no UTF-8."""
    result = model([make_node("Strange", ["x"], ["y"], name="strange")])
    return result.SerializeToString().replace(b"strange", b"st\n\x1b\xff\0e").replace(
        b"\x0a\x07Strange", b"")


@case("...: Strange (opset 17): is not a supported operator")
def endless_name(folder):
    return model([make_node("Strange", ["x"], ["y"], name="n" * 10_000_000)])
