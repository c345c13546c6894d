// Reductions, softmax.
#include "frontend/onnx/Node.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;
using Activation = cnn::ActivationKind;

namespace {
/// Which axes a reduction is over, and the shape of its result.
struct Reduction {
  SmallVector<bool> axes;
  Shape result;
};
} // namespace

/// `axesSince` is the opset from which on the axes are an input.
static std::optional<Reduction> readReduction(Node &node, int64_t axesSince) {
  bool keepDims = node.integer("keepdims", 1) != 0;
  bool noop = node.opset >= axesSince && node.integer("noop_with_empty_axes", 0) != 0;
  if (node.opset < axesSince)
    node.integers("axes");
  if (!node.ready())
    return std::nullopt;
  auto axes = node.integersSince(axesSince, "axes", 1);
  if (!node.ok())
    return std::nullopt;
  const Operand &x = node.input(0);
  bool isAll = !axes || axes->empty();
  Reduction reduction{SmallVector<bool>(x.rank(), isAll && !noop), {}};
  if (!isAll)
    for (int64_t axis : *axes) {
      std::optional<int64_t> at = node.normalizeAxis(axis, x.rank());
      if (!at)
        return std::nullopt;
      reduction.axes[*at] = true;
    }
  for (auto [axis, isReduced] : llvm::enumerate(reduction.axes))
    if (!isReduced)
      reduction.result.push_back(x.shape[axis]);
    else if (keepDims)
      reduction.result.push_back(1);
  return reduction;
}

template <ReduceKind kind> static void importReduce(Node &node) {
  auto reduction = readReduction(node, kind == ReduceKind::sum ? 13 : 18);
  if (reduction)
    node.set(node.builder.reshape(node.builder.reduce(kind, node.input(0), reduction->axes),
                                  reduction->result));
}

/// after(sum(before(x)))
template <typename Before, typename After>
static void importReduceWith(Node &node, Before before, After after) {
  auto reduction = readReduction(node, 18);
  if (!reduction)
    return;
  NetworkBuilder &b = node.builder;
  Operand sum = b.reduce(ReduceKind::sum, before(b, node.input(0)), reduction->axes);
  node.set(b.reshape(after(b, sum), reduction->result));
}

static Operand square(NetworkBuilder &b, const Operand &x) {
  return b.binary(BinaryFunction::mul, x, x);
}
static Operand absolute(NetworkBuilder &b, const Operand &x) {
  return b.activation(x, Activation::abs);
}
static Operand root(NetworkBuilder &b, const Operand &x) {
  return b.activation(x, Activation::sqrt);
}
static Operand logarithm(NetworkBuilder &b, const Operand &x) {
  return b.activation(x, Activation::log);
}
static Operand identity(NetworkBuilder &b, const Operand &x) { return x; }

static void importReduceL1(Node &node) { importReduceWith(node, absolute, identity); }
static void importReduceL2(Node &node) { importReduceWith(node, square, root); }
static void importReduceSumSquare(Node &node) { importReduceWith(node, square, identity); }
static void importReduceLogSum(Node &node) { importReduceWith(node, identity, logarithm); }

/// log(sum(exp(x))) = m + log(sum(exp(x - m))), m the largest: no exponential overflows.
static void importReduceLogSumExp(Node &node) {
  auto reduction = readReduction(node, 18);
  if (!reduction)
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  Operand largest = b.reduce(ReduceKind::max, x, reduction->axes);
  Operand shares = b.activation(b.binary(BinaryFunction::sub, x, largest), Activation::exp);
  Operand sum = b.reduce(ReduceKind::sum, shares, reduction->axes);
  node.set(b.reshape(b.binary(BinaryFunction::add, b.activation(sum, Activation::log), largest),
                     reduction->result));
}

/// The input of a softmax as outer x axis x inner, and its shape. Up to opset 12 all axes from
/// `axis` on are one.
static std::optional<Operand> readSoftmax(Node &node) {
  int64_t axis = node.integer("axis", node.opset < 13 ? 1 : -1);
  if (!node.ready())
    return std::nullopt;
  const Operand &x = node.input(0);
  std::optional<int64_t> at = node.normalizeAxis(axis, x.rank());
  if (!at)
    return std::nullopt;
  Shape shape = {1, 1, 1};
  for (auto [i, extent] : llvm::enumerate(x.shape)) {
    auto d = static_cast<int64_t>(i);
    shape[d < *at ? 0 : d == *at || node.opset < 13 ? 1 : 2] *= extent;
  }
  return node.builder.reshape(x, shape);
}

static void importSoftmax(Node &node) {
  std::optional<Operand> x = readSoftmax(node);
  if (!x)
    return;
  ArrayRef<int64_t> shape(x->shape);
  Shape map = shape[2] == 1 ? Shape{shape[0], shape[1]} : Shape{shape[0], shape[1], 1, shape[2]};
  Value result = node.builder.create<cnn::SoftmaxOp>(node.builder.as(*x, map));
  node.set(node.builder.wrap(result, node.input(0).shape));
}

/// x - m - log(sum(exp(x - m))), m the largest.
static void importLogSoftmax(Node &node) {
  std::optional<Operand> x = readSoftmax(node);
  if (!x)
    return;
  NetworkBuilder &b = node.builder;
  bool axes[] = {false, true, false};
  Operand rest = b.binary(BinaryFunction::sub, *x, b.reduce(ReduceKind::max, *x, axes));
  Operand sum = b.reduce(ReduceKind::sum, b.activation(rest, Activation::exp), axes);
  node.set(b.reshape(b.binary(BinaryFunction::sub, rest, b.activation(sum, Activation::log)),
                     node.input(0).shape));
}

void onnximport::addReduceOperators(OperatorTable &table) {
  table["ReduceMean"] = {importReduce<ReduceKind::mean>, 1, 2};
  table["ReduceSum"] = {importReduce<ReduceKind::sum>, 1, 2};
  table["ReduceMax"] = {importReduce<ReduceKind::max>, 1, 2};
  table["ReduceMin"] = {importReduce<ReduceKind::min>, 1, 2};
  table["ReduceProd"] = {importReduce<ReduceKind::prod>, 1, 2};
  table["ReduceL1"] = {importReduceL1, 1, 2};
  table["ReduceL2"] = {importReduceL2, 1, 2};
  table["ReduceSumSquare"] = {importReduceSumSquare, 1, 2};
  table["ReduceLogSum"] = {importReduceLogSum, 1, 2};
  table["ReduceLogSumExp"] = {importReduceLogSumExp, 1, 2};
  table["Softmax"] = {importSoftmax, 1, 1};
  table["LogSoftmax"] = {importLogSoftmax, 1, 1};
}
