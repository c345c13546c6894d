// Recognises silu, hard_sigmoid, hard_swish and gelu in the ops that they are exported as.
#include "frontend/onnx/Patterns.h"

#include "mlir/IR/Builders.h"

#include <cmath>

using namespace mlir;
using namespace incc;
using namespace incc::cnn;
using namespace incc::onnximport;

static bool isClose(double a, double b) { return std::abs(a - b) <= 1e-5 * std::abs(b); }

/// The input of an activation of this kind, null if `value` is none.
static Value activated(Value value, ActivationKind kind) {
  auto op = value.getDefiningOp<ActivationOp>();
  return op && op.getAct().getKind() == kind ? Value(op.getInput()) : Value();
}

/// x if `value` is x * factor.
static Value scaled(Value value, double factor) {
  auto op = value.getDefiningOp<ScaleOp>();
  return op && isClose(op.getFactor().convertToDouble(), factor) ? Value(op.getInput()) : Value();
}

/// x if `value` is x + number.
static Value increased(Value value, double number) {
  Operation *op = value.getDefiningOp();
  auto binary = dyn_cast_or_null<BinaryOp>(op);
  bool isSum = isa_and_nonnull<AddOp>(op) || (binary && binary.getKind() == cnn::BinaryKind::add);
  if (!isSum)
    return nullptr;
  std::vector<float> storage;
  ArrayRef<float> values = constantValues(op->getOperand(1), storage);
  bool isNumber = !values.empty() && values.size() <= 4096 &&
                  llvm::all_of(values, [&](float v) { return isClose(v, number); });
  return isNumber ? op->getOperand(0) : Value();
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
  MatchedActivation matched = matchGated(a, b);
  return matched ? matched : matchGated(b, a);
}

MatchedActivation onnximport::matchScaled(Value x, double factor) {
  // relu6(x + 3) / 6 -> hard_sigmoid(x)
  if (isClose(factor, 1.0 / 6))
    if (Value input = hardGate(x))
      return match(input, ActivationKind::hard_sigmoid, {1.0 / 6, 0.5});
  auto mul = x.getDefiningOp<MulOp>();
  if (!mul || mul.getAct())
    return {};
  for (auto [input, gate] : {std::pair<Value, Value>(mul.getLhs(), mul.getRhs()),
                             std::pair<Value, Value>(mul.getRhs(), mul.getLhs())}) {
    // x * relu6(x + 3) / 6 -> hard_swish(x)
    if (isClose(factor, 1.0 / 6) && hardGate(gate) == input)
      return match(input, ActivationKind::hard_swish);
    // x * (1 + erf(x / sqrt(2))) / 2 -> gelu(x)
    if (isClose(factor, 0.5) && erfGate(gate) == input)
      return match(input, ActivationKind::gelu);
  }
  return {};
}
