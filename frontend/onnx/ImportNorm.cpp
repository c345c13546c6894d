// Normalisation.
#include "frontend/onnx/Node.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;
using Activation = cnn::ActivationKind;
using Function = BinaryFunction;

/// A vector as a factor or offset of the channels of a tensor of `rank`.
static Operand perChannel(NetworkBuilder &b, const Operand &vector, int64_t rank) {
  Shape shape(std::max<int64_t>(rank - 1, 1), 1);
  shape[0] = vector.numElements();
  return b.reshape(vector, shape);
}

static void importBatchNorm(Node &node) {
  double epsilon = node.number("epsilon", 1e-5);
  node.ignore("momentum");
  if (node.opset < 7)
    node.ignore("is_test");
  if (node.opset < 9 && node.integer("spatial", 1) != 1)
    node.fail("attribute 'spatial' is 0; supported: 1");
  if (node.opset >= 14 && node.integer("training_mode", 0) != 0)
    node.fail("attribute 'training_mode' is 1; supported: 0");
  for (int i = 1; i < node.numOutputs(); ++i)
    if (node.hasOutput(i))
      return node.fail("has results for training; supported is inference");
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  if (x.rank() < 2)
    return node.fail("expected an input of rank 2 or more, got " + formatShape(x.shape));
  bool areKnown = true;
  for (int i : {1, 2, 3, 4}) {
    const Operand &vector = node.input(i);
    if (vector.rank() != 1 || vector.shape[0] != x.shape[1])
      return node.fail("expected vectors of " + Twine(x.shape[1]) + " values, got " +
                       formatShape(vector.shape));
    areKnown &= vector.isConstant();
  }
  const Operand &scale = node.input(1), &shift = node.input(2), &mean = node.input(3),
                &variance = node.input(4);
  if (!areKnown) {
    // factor = scale / sqrt(variance + epsilon); x * factor + (shift - mean * factor)
    Operand deviation =
        b.activation(b.binary(Function::add, variance, b.scalar(epsilon)), Activation::sqrt);
    Operand factor = b.binary(Function::div, scale, deviation);
    Operand offset = b.binary(Function::sub, shift, b.binary(Function::mul, mean, factor));
    Operand scaled = b.binary(Function::mul, x, perChannel(b, factor, x.rank()));
    return node.set(b.binary(Function::add, scaled, perChannel(b, offset, x.rank())));
  }
  // Vectors only where the layer before takes them.
  bool isVector = x.rank() == 2 && NetworkBuilder::canFoldInto(x.value);
  SmallVector<Value> operands = {isVector ? b.as(x, x.shape) : b.asMap(x)};
  for (int i : {1, 2, 3, 4})
    operands.push_back(b.as(node.input(i), {x.shape[1]}));
  node.set(b.wrap(b.create<cnn::BatchNormOp>(
                      operands, b.ops.getNamedAttr("epsilon", b.ops.getF64FloatAttr(epsilon))),
                  x.shape));
}

static void importLrn(Node &node) {
  int64_t size = node.integer("size", 0);
  double alpha = node.number("alpha", 1e-4), beta = node.number("beta", 0.75);
  double bias = node.number("bias", 1);
  if (size < 1 || size > INT32_MAX)
    node.fail("attribute 'size': expected a number from 1 to 2^31 - 1, got " + Twine(size));
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  auto number = [&](StringRef name, double value) {
    return b.ops.getNamedAttr(name, b.ops.getF64FloatAttr(value));
  };
  node.set(
      b.wrap(b.create<cnn::LrnOp>(
                 b.asMap(x), {b.ops.getNamedAttr("size", b.ops.getI64IntegerAttr(size)),
                              number("alpha", alpha), number("beta", beta), number("k", bias)}),
             x.shape));
}

namespace {
struct Normalized {
  Operand result, mean, inverseDeviation;
};
} // namespace

/// (x - mean) / sqrt(variance + epsilon) over `axes`.
static Normalized normalize(NetworkBuilder &b, const Operand &input, ArrayRef<bool> axes,
                            double epsilon) {
  Normalized out;
  Operand x = input;
  // The last axes are the columns of a map throughout, unless they are its rows and columns.
  bool isMap = x.rank() == 4 && !axes[1] && axes[2];
  auto first = llvm::find(axes, true);
  bool isLast = std::all_of(first, axes.end(), [](bool axis) { return axis; });
  if (x.value && isLast && !isMap) {
    int64_t length = 1;
    for (int64_t extent : ArrayRef(x.shape).drop_front(first - axes.begin()))
      length *= extent;
    x = b.wrap(b.as(x, {1, x.numElements() / length, 1, length}), x.shape);
  }
  out.mean = b.reduce(ReduceKind::mean, x, axes);
  Operand centered = b.binary(Function::sub, x, out.mean);
  Operand variance = b.reduce(ReduceKind::mean, b.binary(Function::mul, centered, centered), axes);
  Operand deviation =
      b.activation(b.binary(Function::add, variance, b.scalar(epsilon)), Activation::sqrt);
  out.inverseDeviation = b.binary(Function::div, b.scalar(1), deviation);
  out.result = b.binary(Function::mul, centered, out.inverseDeviation);
  return out;
}

/// The axes from `first` on, of `rank`.
static SmallVector<bool> axesFrom(int64_t first, int64_t rank) {
  SmallVector<bool> axes(rank, true);
  std::fill(axes.begin(), axes.begin() + first, false);
  return axes;
}

static bool checkChannels(Node &node, int64_t channels) {
  for (int i : {1, 2})
    if (node.input(i).numElements() != channels) {
      node.fail("expected vectors of " + Twine(channels) + " values, got " +
                formatShape(node.input(i).shape));
      return false;
    }
  return true;
}

static void importInstanceNorm(Node &node) {
  double epsilon = node.number("epsilon", 1e-5);
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  if (x.rank() < 3)
    return node.fail("expected an input of rank 3 or more, got " + formatShape(x.shape));
  if (!checkChannels(node, x.shape[1]))
    return;
  Operand result = normalize(b, x, axesFrom(2, x.rank()), epsilon).result;
  result = b.binary(Function::mul, result, perChannel(b, node.input(1), x.rank()));
  node.set(b.binary(Function::add, result, perChannel(b, node.input(2), x.rank())));
}

static void importLayerNorm(Node &node) {
  double epsilon = node.number("epsilon", 1e-5);
  int64_t axis = node.integer("axis", -1);
  node.ignore("stash_type"); // float32, as everything here.
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  std::optional<int64_t> first = node.normalizeAxis(axis, x.rank());
  if (!first)
    return;
  Normalized all = normalize(b, x, axesFrom(*first, x.rank()), epsilon);
  Operand result = b.binary(Function::mul, all.result, node.input(1));
  if (node.input(2))
    result = b.binary(Function::add, result, node.input(2));
  if (result && ArrayRef<int64_t>(result.shape) != ArrayRef<int64_t>(x.shape))
    return node.fail("can't scale an input of " + formatShape(x.shape) + " by " +
                     formatShape(node.input(1).shape));
  node.set(result);
  node.set(1, all.mean);
  node.set(2, all.inverseDeviation);
}

static void importGroupNorm(Node &node) {
  double epsilon = node.number("epsilon", 1e-5);
  int64_t groups = node.integer("num_groups", 0);
  node.ignore("stash_type");
  if (groups < 1)
    node.fail("attribute 'num_groups': expected a number of 1 or more, got " + Twine(groups));
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  if (x.rank() < 3 || x.shape[1] % groups)
    return node.fail("expected an input of a multiple of " + Twine(groups) + " channels, got " +
                     formatShape(x.shape));
  int64_t channels = x.shape[1];
  if (!checkChannels(node, node.opset < 21 ? groups : channels))
    return;
  Shape grouped = {x.shape[0], groups, x.numElements() / x.shape[0] / groups};
  Operand result =
      b.reshape(normalize(b, b.reshape(x, grouped), {false, false, true}, epsilon).result, x.shape);
  for (auto [i, function] : {std::pair(1, Function::mul), std::pair(2, Function::add)}) {
    Operand vector = node.input(i);
    if (node.opset < 21) // One per group then.
      vector = b.expand(b.reshape(vector, {groups, 1}), {groups, channels / groups});
    vector = b.reshape(vector, {channels});
    result = b.binary(function, result, perChannel(b, vector, x.rank()));
  }
  node.set(result);
}

static void importMeanVarianceNorm(Node &node) {
  auto given = node.integers("axes");
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  SmallVector<bool> axes(x.rank(), false);
  for (int64_t axis : given.value_or(SmallVector<int64_t>{0, 2, 3})) {
    std::optional<int64_t> at = node.normalizeAxis(axis, x.rank());
    if (!at)
      return;
    axes[*at] = true;
  }
  node.set(normalize(node.builder, x, axes, 1e-9).result);
}

void onnximport::addNormOperators(OperatorTable &table) {
  table["BatchNormalization"] = {importBatchNorm, 5, 5};
  table["LRN"] = {importLrn, 1, 1};
  table["InstanceNormalization"] = {importInstanceNorm, 3, 3};
  table["LayerNormalization"] = {importLayerNorm, 2, 3, 17};
  table["GroupNormalization"] = {importGroupNorm, 3, 3, 18};
  table["MeanVarianceNormalization"] = {importMeanVarianceNorm, 1, 1, 9};
}
