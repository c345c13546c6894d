// Recognises silu, hard_sigmoid, hard_swish, gelu and LRN in the ops that they are exported as.
#include "frontend/onnx/Patterns.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace incc;
using namespace incc::cnn;
using namespace incc::onnximport;

static bool isClose(double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); }

/// What `value` is a reshape of: the functions here do not depend on shapes.
static Value peel(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<ReshapeOp, FlattenOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The input of an activation of this kind, null if `value` is none.
static Value activated(Value value, ActivationKind kind) {
  auto op = value.getDefiningOp<ActivationOp>();
  return op && op.getAct().getKind() == kind ? peel(op.getInput()) : Value();
}

/// x and the factor if `value` is x * factor.
static std::pair<Value, double> scaledBy(Value value) {
  if (auto op = value.getDefiningOp<ScaleOp>())
    return {peel(op.getInput()), op.getFactor().convertToDouble()};
  return {};
}

static Value scaled(Value value, double factor) {
  auto [input, by] = scaledBy(value);
  return input && isClose(by, factor) ? input : Value();
}

/// The number that all elements of a constant are, if they are and it is small enough to look.
static std::optional<double> uniformNumber(Value value) {
  std::vector<float> storage;
  ArrayRef<float> values = constantValues(value, storage);
  bool isNumber = !values.empty() && values.size() <= 4096 && llvm::all_equal(values);
  return isNumber ? std::optional<double>(values.front()) : std::nullopt;
}

/// x and the number if `value` is x + number, or of another function.
static std::pair<Value, double> combined(Value value, BinaryKind kind) {
  Operation *op = value.getDefiningOp();
  auto binary = dyn_cast_or_null<BinaryOp>(op);
  bool fits = (kind == BinaryKind::add && isa_and_nonnull<AddOp>(op)) ||
              (binary && binary.getKind() == kind);
  std::optional<double> number = fits ? uniformNumber(op->getOperand(1)) : std::nullopt;
  if (!number)
    return {};
  return {peel(op->getOperand(0)), *number};
}

static Value increased(Value value, double number) {
  auto [input, by] = combined(value, BinaryKind::add);
  return input && isClose(by, number) ? input : Value();
}

/// x if `value` is relu6(x + 3).
static Value hardGate(Value value) {
  Value sum = activated(value, ActivationKind::relu6);
  return sum ? increased(sum, 3) : Value();
}

/// x if `value` is 1 + erf(x / sqrt(2)).
static Value erfGate(Value value) {
  Value erf = increased(value, 1);
  Value scaledInput = erf ? activated(erf, ActivationKind::erf) : Value();
  return scaledInput ? scaled(scaledInput, M_SQRT1_2) : Value();
}

static MatchedActivation match(Value input, ActivationKind kind, ArrayRef<double> params = {}) {
  Builder builder(input.getContext());
  SmallVector<Attribute> attrs;
  for (double param : params)
    attrs.push_back(builder.getF64FloatAttr(param));
  return {input, ActivationAttr::get(input.getContext(), kind,
                                     params.empty() ? ArrayAttr() : builder.getArrayAttr(attrs))};
}

/// `gate` is the factor of `x`.
static MatchedActivation matchGated(Value x, Value gate) {
  // x * sigmoid(x) -> silu(x)
  if (activated(gate, ActivationKind::sigmoid) == x)
    return match(x, ActivationKind::silu);
  // x * clip(x / 6 + 1/2, 0, 1) -> hard_swish(x)
  if (activated(gate, ActivationKind::hard_sigmoid) == x) {
    ActivationAttr act = gate.getDefiningOp<ActivationOp>().getAct();
    if (isClose(act.param(0), 1.0 / 6) && isClose(act.param(1), 0.5))
      return match(x, ActivationKind::hard_swish);
  }
  // (x / 6) * relu6(x + 3) -> hard_swish(x)
  if (Value whole = scaled(x, 1.0 / 6); whole && hardGate(gate) == whole)
    return match(whole, ActivationKind::hard_swish);
  // (x / 2) * (1 + erf(x / sqrt(2))) -> gelu(x), wherever the half stands
  if (Value whole = scaled(x, 0.5); whole && erfGate(gate) == whole)
    return match(whole, ActivationKind::gelu);
  if (Value sum = scaled(gate, 0.5); sum && erfGate(sum) == x)
    return match(x, ActivationKind::gelu);
  return {};
}

MatchedActivation onnximport::matchProduct(Value a, Value b) {
  a = peel(a);
  b = peel(b);
  MatchedActivation matched = matchGated(a, b);
  return matched ? matched : matchGated(b, a);
}

MatchedActivation onnximport::matchScaled(Value x, double factor) {
  x = peel(x);
  // relu6(x + 3) / 6 -> hard_sigmoid(x)
  if (isClose(factor, 1.0 / 6))
    if (Value input = hardGate(x))
      return match(input, ActivationKind::hard_sigmoid, {1.0 / 6, 0.5});
  auto mul = x.getDefiningOp<MulOp>();
  if (!mul || mul.getAct())
    return {};
  for (auto [input, gate] : {std::pair(peel(mul.getLhs()), peel(mul.getRhs())),
                             std::pair(peel(mul.getRhs()), peel(mul.getLhs()))}) {
    // x * relu6(x + 3) / 6 -> hard_swish(x)
    if (isClose(factor, 1.0 / 6) && hardGate(gate) == input)
      return match(input, ActivationKind::hard_swish);
    // x * (1 + erf(x / sqrt(2))) / 2 -> gelu(x)
    if (isClose(factor, 0.5) && erfGate(gate) == input)
      return match(input, ActivationKind::gelu);
  }
  return {};
}

/// x^2, padded by zeros along the channels and averaged over `size` of them, if `value` (of shape
/// N x 1 x C x P) is that; its input is x.
static std::optional<MatchedLrn> matchMeanOfSquares(Value value) {
  auto pool = value.getDefiningOp<AvgPoolOp>();
  auto isAll = [](ArrayRef<int64_t> list, int64_t wanted) {
    return llvm::all_of(list, [&](int64_t entry) { return entry == wanted; });
  };
  if (!pool || pool.getBias() || pool.getAct() || pool.getKernel()[1] != 1 ||
      !isAll(pool.getStrides(), 1) || !isAll(pool.getPads(), 0) || !isAll(pool.getDilations(), 1))
    return std::nullopt;
  int64_t size = pool.getKernel()[0], before = size / 2;
  auto pad = peel(pool.getInput()).getDefiningOp<TakeOp>();
  // Windows of even size lie differently.
  if (size % 2 == 0 || !pad || !pad.getFill().isZero() || !pad.getN().empty())
    return std::nullopt;
  // The channels are the rows here, or still an axis of their own.
  ArrayRef<int64_t> in = tensorType(pad.getInput()).getShape();
  int axis = pad.getC().empty() ? 2 : 1;
  ArrayRef<int64_t> indices = pad.indices(axis);
  if (indices.empty() || !pad.indices(axis == 2 ? 3 : 2).empty() || !pad.getW().empty())
    return std::nullopt;
  for (auto [i, index] : llvm::enumerate(indices)) {
    int64_t at = static_cast<int64_t>(i) - before;
    if (index != (at >= 0 && at < in[axis] ? at : -1))
      return std::nullopt;
  }
  auto square = peel(pad.getInput()).getDefiningOp<MulOp>();
  bool isSquare = square && !square.getAct() && square.getLhs() == square.getRhs();
  bool isWhole = static_cast<int64_t>(indices.size()) == in[axis] + 2 * before;
  if (!isSquare || !isWhole)
    return std::nullopt;
  MatchedLrn lrn{peel(square.getLhs()), size, 0, 0, 0};
  // The rows are the channels of x, which it has as a map.
  RankedTensorType type = tensorType(lrn.input);
  if (type.getRank() != 4 || type.getDimSize(1) != in[axis] || type.getDimSize(0) != in[0])
    return std::nullopt;
  return lrn;
}

std::optional<MatchedLrn> onnximport::matchLrn(Value x, Value divisor) {
  auto [base, beta] = combined(peel(divisor), BinaryKind::pow);
  if (!base)
    return std::nullopt;
  auto [product, k] = combined(base, BinaryKind::add);
  if (!product)
    return std::nullopt;
  auto [mean, alpha] = scaledBy(product);
  if (!mean)
    return std::nullopt;
  std::optional<MatchedLrn> lrn = matchMeanOfSquares(mean);
  if (!lrn || lrn->input != peel(x))
    return std::nullopt;
  lrn->alpha = alpha;
  lrn->beta = beta;
  lrn->k = k;
  return lrn;
}
