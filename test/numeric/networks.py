"""Writes networks as cnn IR and computes in float64, by NumPy alone, what they must answer.

Every method of Network adds one op to the IR and evaluates it at once, straight from the op's
definition (ir/*.td), so that nothing of incc takes part in the expected values.
"""
import math

import numpy as np


class Value:
    """A tensor of a network: its name in the IR and its values."""

    def __init__(self, name, array):
        self.name, self.array = name, array

    @property
    def shape(self):
        return self.array.shape


def tensor_type(shape):
    return "tensor<" + "".join(f"{dim}x" for dim in shape) + "f32>"


erf = np.vectorize(math.erf, otypes=[np.float64])


def activate(x, act):
    kind, *params = act
    with np.errstate(over="ignore"):
        sigmoid = 1 / (1 + np.exp(-x))
    return {
        "none": lambda: x,
        "relu": lambda: np.maximum(x, 0),
        "relu6": lambda: np.clip(x, 0, 6),
        "leaky_relu": lambda: np.where(x < 0, x * params[0], x),
        "clip": lambda: np.clip(x, *params),
        "sigmoid": lambda: sigmoid,
        "silu": lambda: x * sigmoid,
        "hard_sigmoid": lambda: np.clip(params[0] * x + params[1], 0, 1),
        "hard_swish": lambda: x * np.clip(x / 6 + 0.5, 0, 1),
        "tanh": lambda: np.tanh(x),
        "exp": lambda: np.exp(x),
        "log": lambda: np.log(x),
        "sqrt": lambda: np.sqrt(x),
        "abs": lambda: np.abs(x),
        "erf": lambda: erf(x),
        "gelu": lambda: x * (1 + erf(x / 2**0.5)) / 2,
        "elu": lambda: np.where(x > 0, x, params[0] * np.expm1(np.minimum(x, 0))),
        "softplus": lambda: np.logaddexp(x, 0),
    }[kind]()


def activation_attr(act):
    kind, *params = act
    if not params:
        return f"<{kind}>"
    return f"<{kind}, [{', '.join(f'{p:.6e}' for p in params)}]>"


def windows(x, kernel, stride, pad, dilation, out, fill):
    """The input under each tap (i, j) of a window: yields (i, j, N x C x OH x OW)."""
    n, c, h, w = x.shape
    # Room for what ceil_mode adds at the bottom and right.
    low = [pad[0], pad[1]]
    high = [max(0, (out[a] - 1) * stride[a] + (kernel[a] - 1) * dilation[a] + 1 - low[a] - (h, w)[a])
            for a in (0, 1)]
    padded = np.pad(x, ((0, 0), (0, 0), (low[0], high[0]), (low[1], high[1])), constant_values=fill)
    for i in range(kernel[0]):
        for j in range(kernel[1]):
            y, z = i * dilation[0], j * dilation[1]
            yield i, j, padded[:, :, y:y + (out[0] - 1) * stride[0] + 1:stride[0],
                               z:z + (out[1] - 1) * stride[1] + 1:stride[1]]


def count_windows(extent, kernel, stride, before, after, dilation=1, ceil_mode=False):
    span = extent + before + after - (kernel - 1) * dilation - 1
    if span < 0:
        return 0
    count = -(-span // stride) + 1 if ceil_mode else span // stride + 1
    if ceil_mode and (count - 1) * stride >= extent + before:
        count -= 1
    return count


class Network:
    def __init__(self, name, seed):
        self.name, self.random = name, np.random.default_rng(seed)
        self.lines, self.inputs, self.outputs = [], [], []
        self.count = 0

    # Ends of the network.

    def input(self, *shape, array=None):
        """Seeded normal noise, negative values included, as float32 holds it."""
        if array is None:
            array = self.random.normal(size=shape)
        value = Value(f"%in{len(self.inputs)}", array.astype(np.float32).astype(np.float64))
        self.inputs.append(value)
        return value

    def output(self, value):
        self.outputs.append(value)
        return value

    def text(self):
        args = ", ".join(f'{v.name}: {tensor_type(v.shape)} {{cnn.name = "in{i}"}}'
                         for i, v in enumerate(self.inputs))
        results = ", ".join(f'{tensor_type(v.shape)} {{cnn.name = "out{i}"}}'
                            for i, v in enumerate(self.outputs))
        names = ", ".join(v.name for v in self.outputs)
        types = ", ".join(tensor_type(v.shape) for v in self.outputs)
        body = "\n".join("    " + line for line in self.lines)
        return (f"module @{self.name} {{\n  func.func @{self.name}({args}) -> ({results}) {{\n"
                f"{body}\n    return {names} : {types}\n  }}\n}}\n")

    def _add(self, op, operands, rest, array):
        name = f"%v{self.count}"
        types = ", ".join(tensor_type(v.shape) for v in operands)
        self.lines.append(f"{name} = cnn.{op} {rest} : ({types}) -> {tensor_type(array.shape)} "
                          f'loc("layer{self.count}.{op}")')
        self.count += 1
        return Value(name, array)

    def constant(self, array):
        array = np.ascontiguousarray(array, dtype="<f4")
        name = f"%w{self.count}"
        kind = tensor_type(array.shape)
        # One value would be taken for a splat of its bytes.
        literal = f'"0x{array.tobytes().hex().upper()}"' if array.size > 1 else repr(
            float(array.flat[0]))
        self.lines.append(f"{name} = cnn.constant dense<{literal}> : {kind} "
                          f'loc("weights{self.count}")')
        self.count += 1
        return Value(name, array.astype(np.float64))

    # Layers.

    def conv(self, x, out, kernel=(3, 3), stride=(1, 1), pad=(0, 0, 0, 0), dilation=(1, 1), groups=1,
             bias=True, residual=None, act=None, weights=None):
        """`bias` and `weights` may be values of the network instead of constants."""
        n, c, h, w = x.shape
        assert c % groups == 0 and out % groups == 0
        fan_in = c // groups * kernel[0] * kernel[1]
        f = weights or self.constant(
            self.random.normal(size=(out, c // groups, *kernel)) / fan_in**0.5)
        size = tuple(count_windows(x.shape[2 + a], kernel[a], stride[a], pad[a], pad[2 + a],
                                   dilation[a]) for a in (0, 1))
        y = np.zeros((n, out, *size))
        group_in, group_out = c // groups, out // groups
        for i, j, tap in windows(x.array, kernel, stride, pad, dilation, size, 0):
            for g in range(groups):
                y[:, g * group_out:(g + 1) * group_out] += np.einsum(
                    "nchw,kc->nkhw", tap[:, g * group_in:(g + 1) * group_in],
                    f.array[g * group_out:(g + 1) * group_out, :, i, j], optimize=True)
        operands, rest = [x, f], f"{x.name}, {f.name}"
        if bias:
            b = bias if isinstance(bias, Value) else self.constant(self.random.normal(size=out))
            y += b.array[None, :, None, None]
            operands.append(b)
            rest += f" bias({b.name})"
        if residual:
            y += residual.array
            operands.append(residual)
            rest += f" residual({residual.name})"
        rest += f" stride {list(stride)} pad {list(pad)} dilation {list(dilation)} groups {groups}"
        if act:
            y = activate(y, act)
            rest += " act " + activation_attr(act)
        return self._add("conv2d", operands, rest, y)

    def linear(self, x, out, bias=True, residual=None, act=None, weights=None):
        flat = x.array.reshape(x.shape[0], -1)
        w = weights or self.constant(
            self.random.normal(size=(out, flat.shape[1])) / flat.shape[1]**0.5)
        y = flat @ w.array.T
        operands, rest = [x, w], f"{x.name}, {w.name}"
        if bias:
            b = bias if isinstance(bias, Value) else self.constant(self.random.normal(size=out))
            y = y + b.array
            operands.append(b)
            rest += f" bias({b.name})"
        if residual:
            y = y + residual.array
            operands.append(residual)
            rest += f" residual({residual.name})"
        if act:
            y = activate(y, act)
            rest += " act " + activation_attr(act)
        return self._add("linear", operands, rest, y)

    def batch_norm(self, x, epsilon=1e-3):
        c = x.shape[1]
        scale = self.constant(self.random.uniform(0.5, 1.5, c))
        shift, mean = self.constant(self.random.normal(size=c)), self.constant(
            self.random.normal(size=c))
        variance = self.constant(self.random.uniform(0.5, 2, c))
        s = (1, c) + (1,) * (len(x.shape) - 2)
        y = ((x.array - mean.array.reshape(s)) / np.sqrt(variance.array.reshape(s) + epsilon)
             * scale.array.reshape(s) + shift.array.reshape(s))
        operands = [x, scale, shift, mean, variance]
        return self._add("batch_norm", operands,
                         ", ".join(v.name for v in operands) + f" epsilon {epsilon:.6e}", y)

    def lrn(self, x, size=5, alpha=1e-1, beta=0.75, k=1.0):
        squares = np.pad(x.array**2, ((0, 0), ((size - 1) // 2, size // 2), (0, 0), (0, 0)))
        total = sum(squares[:, i:i + x.shape[1]] for i in range(size))
        y = x.array / (k + alpha / size * total)**beta
        return self._add("lrn", [x], f"{x.name} size {size} alpha {alpha:.6e} beta {beta:.6e} "
                         f"k {k:.6e}", y)

    def _pool_rest(self, x, kernel, stride, pad, dilation, ceil_mode):
        rest = f"{x.name} kernel {list(kernel)} stride {list(stride)} pad {list(pad)}"
        rest += f" dilation {list(dilation)}" if tuple(dilation) != (1, 1) else ""
        size = tuple(count_windows(x.shape[2 + a], kernel[a], stride[a], pad[a], pad[2 + a],
                                   dilation[a], ceil_mode) for a in (0, 1))
        return rest + (" ceil_mode" if ceil_mode else ""), size

    def max_pool(self, x, kernel=(3, 3), stride=(2, 2), pad=(0, 0, 0, 0), ceil_mode=False,
                 dilation=(1, 1)):
        rest, size = self._pool_rest(x, kernel, stride, pad, dilation, ceil_mode)
        y = np.full(x.shape[:2] + size, -np.inf)
        for _, _, tap in windows(x.array, kernel, stride, pad, dilation, size, -np.inf):
            y = np.maximum(y, tap)
        return self._add("max_pool", [x], rest, y)

    def avg_pool(self, x, kernel=(3, 3), stride=(2, 2), pad=(0, 0, 0, 0), ceil_mode=False,
                 count_include_pad=False, dilation=(1, 1)):
        rest, size = self._pool_rest(x, kernel, stride, pad, dilation, ceil_mode)
        rest += " count_include_pad" if count_include_pad else ""
        counted = np.ones((1, 1) + x.shape[2:])
        if count_include_pad:
            counted = np.pad(counted, ((0, 0), (0, 0), (pad[0], pad[2]), (pad[1], pad[3])),
                             constant_values=1)
        count_pad = (0, 0, 0, 0) if count_include_pad else pad
        total = sum(tap for _, _, tap in windows(x.array, kernel, stride, pad, dilation, size, 0))
        count = sum(tap for _, _, tap in windows(counted, kernel, stride, count_pad, dilation, size,
                                                 0))
        return self._add("avg_pool", [x], rest, total / count)

    def global_avg_pool(self, x):
        return self._add("global_avg_pool", [x], x.name, x.array.mean((2, 3), keepdims=True))

    def adaptive_avg_pool(self, x, to):
        n, c, h, w = x.shape
        y = np.empty((n, c, *to))
        for i in range(to[0]):
            for j in range(to[1]):
                rows = slice(i * h // to[0], -(-(i + 1) * h // to[0]))
                columns = slice(j * w // to[1], -(-(j + 1) * w // to[1]))
                y[:, :, i, j] = x.array[:, :, rows, columns].mean((2, 3))
        return self._add("adaptive_avg_pool", [x], f"{x.name} to {list(to)}", y)

    def activation(self, x, *act):
        return self._add("activation", [x], f"{x.name} {activation_attr(act)}",
                         activate(x.array, act))

    def _binary(self, op, x, y, act, array):
        rest = f"{x.name}, {y.name}"
        if act:
            array = activate(array, act)
            rest += " act " + activation_attr(act)
        return self._add(op, [x, y], rest, array)

    def add(self, x, y, act=None):
        return self._binary("add", x, y, act, x.array + y.array)

    def mul(self, x, y, act=None):
        return self._binary("mul", x, y, act, x.array * y.array)

    def binary(self, kind, x, y):
        function = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide,
                    "min": np.minimum, "max": np.maximum, "pow": np.power}[kind]
        return self._add("binary", [x, y], f"{kind} {x.name}, {y.name}",
                         function(x.array, y.array))

    def scale(self, x, factor):
        return self._add("scale", [x], f"{x.name} by {factor:.6e}", x.array * factor)

    def dropout(self, x, rate=0.5):
        return self._add("dropout", [x], f"{x.name} rate {rate:.6e}", x.array)

    def softmax(self, x):
        e = np.exp(x.array - x.array.max(1, keepdims=True))
        return self._add("softmax", [x], x.name, e / e.sum(1, keepdims=True))

    def concat(self, *xs):
        return self._add("concat", list(xs), ", ".join(x.name for x in xs),
                         np.concatenate([x.array for x in xs], 1))

    def slice(self, x, offset, count):
        return self._add("slice", [x], f"{x.name}[{offset}, {count}]",
                         x.array[:, offset:offset + count])

    def flatten(self, x):
        return self._add("flatten", [x], x.name, x.array.reshape(x.shape[0], -1))

    def reshape(self, x, *shape):
        return self._add("reshape", [x], x.name, x.array.reshape(shape))

    def transpose(self, x, *permutation):
        return self._add("transpose", [x], f"{x.name} {list(permutation)}",
                         x.array.transpose(permutation))

    def take(self, x, fill=0.0, **indices):
        """`indices`: lists by the names of the axes, n, c, h and w; -1 is the fill."""
        y, rest = x.array, x.name
        for axis, letter in enumerate("nchw"):
            if letter in indices:
                chosen = np.asarray(indices[letter])
                shape = [1] * 4
                shape[axis] = -1
                y = np.where((chosen == -1).reshape(shape), fill, y.take(chosen, axis, mode="wrap"))
                rest += f" {letter} {list(indices[letter])}"
        return self._add("take", [x], rest + f" fill {fill:.6e}", y)
