"""Sizes beyond memory and beyond 64 bits, and windows that make no sense."""
import numpy as np
from onnx import numpy_helper
from onnx.helper import make_node

from bad_cases import INT64, case, conv, hollow, integers, model, relu, tensor, unary, weights


@case("input 'x' of shape 1x3x1000000000x1000000000 must have from 1 to 1073741824 elements")
def gigantic_input(folder):
    return model([relu()], [tensor("x", 1, 3, 10**9, 10**9)])


@case("input 'x' of shape 1x4294967296x4294967296x4294967296 must have from 1 to 1073741824 "
      "elements")
def overflowing_input(folder):
    return model([relu()], [tensor("x", 1, 2**32, 2**32, 2**32)])


@case("w: the initializer has a negative extent or more than 1073741824 elements (shape "
      "1000000000x1000000000x3x3)")
def gigantic_initializer(folder):
    return conv(hollow("w", 10**9, 10**9, 3, 3))


@case("w: the initializer has a negative extent or more than 1073741824 elements (shape "
      "4294967296x4294967296x1x1)")
def overflowing_initializer(folder):
    """2^64 elements are 0 in 64 bits, as many as there are values."""
    return conv(hollow("w", 2**32, 2**32, 1, 1))


@case("w: the initializer has a negative extent or more than 1073741824 elements (shape -3x-3x1x1)")
def negative_initializer(folder):
    return conv(hollow("w", -3, -3, 1, 1))


@case("w: the initializer needs 9000000 values for its shape, got 0 (shape 3x3x1000x1000)")
def hollow_initializer(folder):
    return conv(hollow("w", 3, 3, 1000, 1000))


def constant_of_shape(*shape):
    return model([make_node("ConstantOfShape", ["s"], ["c"], name="n"),
                  make_node("Add", ["x", "c"], ["y"])], initializers=[integers("s", *shape)])


@case("n: ConstantOfShape (opset 17): shape 1000000x1000000 has a negative extent or more than "
      "1073741824 elements")
def gigantic_constant(folder):
    return constant_of_shape(10**6, 10**6)


@case("n: ConstantOfShape (opset 17): shape 4611686018427387904x4 has a negative extent or "
      "more than 1073741824 elements")
def overflowing_constant(folder):
    return constant_of_shape(2**62, 4)


@case("n: ConstantOfShape (opset 17): shape -1 has a negative extent or more than 1073741824 "
      "elements")
def negative_constant(folder):
    return constant_of_shape(-1)


@case("n: Range (opset 17): from 0 to 4.61169e+18 in steps of 1 is not a range, or too long")
def gigantic_range(folder):
    values = [integers(n, v).__class__(name=n, data_type=INT64, int64_data=[v])
              for n, v in (("a", 0), ("b", 2**62), ("d", 1))]
    return model([make_node("Range", ["a", "b", "d"], ["c"], name="n"),
                  make_node("Reshape", ["x", "c"], ["y"])], initializers=values)


@case("Concat (opset 17): constant arithmetic takes more than 1 GiB in all", seconds=4)
def doubling(folder):
    """A constant that doubles forty times."""
    nodes = [make_node("Concat", [f"v{i}"] * 2, [f"v{i + 1}"], axis=0) for i in range(40)]
    return model(nodes + [make_node("Add", ["x", "v40"], ["y"])], initializers=[weights("v0", 64)])


@case("Concat (opset 17): constant arithmetic takes more than 1 GiB in all", seconds=4)
def growing(folder):
    """A constant that every one of many nodes lengthens and copies."""
    nodes = [make_node("Concat", [f"v{i}", "v0"], [f"v{i + 1}"], axis=0) for i in range(20_000)]
    return model(nodes + [make_node("Add", ["x", "v20000"], ["y"])],
                 initializers=[weights("v0", 64)])


@case("n: Expand (opset 17): can't expand a tensor of 1x3x8x8 to 1000000000x3x8x8")
def gigantic_expansion(folder):
    return unary("Expand", integers("s", 10**9, 3, 8, 8))


@case("n: Tile (opset 17): repeats of 1099511627776 are not supported")
def gigantic_tiling(folder):
    return unary("Tile", integers("s", 2**40, 2**40, 1, 1))


@case("n: Pad (opset 17): pads of 1099511627776 and 1099511627776 on axis 2 of 1x3x8x8 are not "
      "supported")
def gigantic_padding(folder):
    return unary("Pad", integers("p", 0, 0, 2**40, 2**40, 0, 0, 2**40, 2**40))


@case("n: Pad (opset 17): pads of 9223372036854775807 and 9223372036854775807 on axis 2 of "
      "1x3x8x8 are not supported")
def overflowing_padding(folder):
    return unary("Pad", integers("p", 0, 0, 2**63 - 1, 0, 0, 0, 2**63 - 1, 0))


@case("n: Resize (opset 17): scale 1e+30 of an axis of 8 is not supported")
def gigantic_resize(folder):
    scales = numpy_helper.from_array(np.array([1, 1, 1e30, 1e30], np.float32), "s")
    return model([make_node("Resize", ["x", "", "s"], ["y"], name="n", mode="nearest")],
                 initializers=[scales])


@case("c: Conv (opset 17): attribute 'pads': expected values of at least 0 and at most 2^30, "
      "got 2147483647")
def gigantic_convolution(folder):
    return conv(weights("w", 3, 3, 1, 1), pads=[2**31 - 1] * 4)


@case("c: Conv (opset 17): attribute 'pads': expected values of at least 0 and at most 2^30, "
      "got 9223372036854775807")
def overflowing_pads(folder):
    return conv(weights("w", 3, 3, 1, 1), pads=[2**63 - 1] * 4)


@case("c: Conv (opset 17): attribute 'pads': expected values of at least 0 and at most 2^30, "
      "got -9223372036854775808")
def negative_pads(folder):
    return conv(weights("w", 3, 3, 1, 1), pads=[-2**63, 0, 0, 0])


@case("c: Conv (opset 17): attribute 'strides': expected values of at least 1 and at most "
      "2^30, got 0")
def zero_strides(folder):
    return conv(weights("w", 3, 3, 1, 1), strides=[0, 1])


@case("c: Conv (opset 17): attribute 'dilations': expected values of at least 1 and at most "
      "2^30, got 4611686018427387904")
def overflowing_dilations(folder):
    return conv(weights("w", 3, 3, 3, 3), dilations=[2**62, 2**62])


@case("c: Conv (opset 17): groups must divide the 3 input and 3 output channels, got 0")
def zero_groups(folder):
    return conv(weights("w", 3, 3, 1, 1), group=0)


@case("c: Conv (opset 17): groups must divide the 3 input and 3 output channels, got "
      "4611686018427387904")
def overflowing_groups(folder):
    return conv(weights("w", 3, 3, 1, 1), group=2**62)


@case("n: MaxPool (opset 17): attribute 'kernel_shape': expected values of at least 1 and at "
      "most 2^30, got 9223372036854775807")
def overflowing_kernel(folder):
    return unary("MaxPool", kernel_shape=[2**63 - 1, 2**63 - 1])


@case("n: MaxPool (opset 17): kernel 9x9 does not fit into the padded input 1x3x8x8")
def window_larger_than_map(folder):
    return unary("MaxPool", kernel_shape=[9, 9])


@case("n: Concat (opset 17): axis -9223372036854775808 is outside a tensor of rank 4")
def axis_out_of_range(folder):
    return model([make_node("Concat", ["x", "x"], ["y"], name="n", axis=-2**63)])


@case("n: Transpose (opset 17): attribute 'perm': expected each of 4 axes once")
def permutation_with_repeats(folder):
    return unary("Transpose", perm=[0, 1, 1, 3])


@case("n: Transpose (opset 17): axis 9223372036854775807 is outside a tensor of rank 4")
def permutation_out_of_range(folder):
    return unary("Transpose", perm=[0, 1, 2, 2**63 - 1])


@case("n: Split (opset 17): can't split axis 1 of 1x3x8x8 into parts of "
      "9223372036854775807x9223372036854775807")
def split_of_other_sum(folder):
    return unary("Split", integers("s", 2**63 - 1, 2**63 - 1), axis=1)


@case("n: Slice (opset 17): its steps must not be 0")
def slice_without_step(folder):
    return unary("Slice", integers("a", 0), integers("b", 2**63 - 1), integers("c", 1),
                 integers("d", 0))


@case("n: Gather (opset 17): index -9223372036854775808 is outside axis 1 of 1x3x8x8")
def index_out_of_range(folder):
    return unary("Gather", integers("i", -2**63), axis=1)
