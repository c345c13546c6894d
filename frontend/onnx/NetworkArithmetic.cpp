// Arithmetic: elementwise with broadcasting, reductions, products with matrices.
#include "frontend/onnx/NetworkBuilder.h"
#include "frontend/onnx/Patterns.h"
#include "frontend/onnx/onnx.pb.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

using Activation = cnn::ActivationKind;
using Function = BinaryFunction;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

static cnn::ActivationAttr makeActivation(OpBuilder &ops, Activation kind,
                                          ArrayRef<double> params) {
  return cnn::ActivationAttr::get(ops.getContext(), kind,
                                  params.empty() ? ArrayAttr() : ops.getF64ArrayAttr(params));
}

Operand NetworkBuilder::activation(const Operand &x, Activation kind, ArrayRef<double> params) {
  return wrap(create<cnn::ActivationOp>(asLayer(x),
                                        ops.getNamedAttr("act", makeActivation(ops, kind, params))),
              x.shape);
}

Operand NetworkBuilder::clip(const Operand &x, double low, double high) {
  if (low == -kInfinity && high == kInfinity)
    return x;
  // As ONNX has it: with the bounds the wrong way round everything is `high`.
  low = std::min(low, high);
  // The largest float is as good as no bound.
  if (low == 0 && high >= std::numeric_limits<float>::max())
    return activation(x, Activation::relu);
  if (low == 0 && high == 6)
    return activation(x, Activation::relu6);
  return activation(x, Activation::clip, {low, high});
}

Operand NetworkBuilder::scale(const Operand &x, double factor) {
  if (!x)
    return {};
  if (x.isConstant())
    return binary(Function::mul, x, scalar(factor));
  if (factor == 1)
    return x;
  if (MatchedActivation matched = matchScaled(x.value, factor))
    return wrap(create<cnn::ActivationOp>(matched.input, ops.getNamedAttr("act", matched.act)),
                x.shape);
  return wrap(
      create<cnn::ScaleOp>(asLayer(x), ops.getNamedAttr("factor", ops.getF64FloatAttr(factor))),
      x.shape);
}

std::optional<double> NetworkBuilder::uniformValue(const Operand &x) {
  if (!x.isConstant() || x.numElements() == 0)
    return std::nullopt;
  double first = x.constant.number(0);
  bool isUniform = x.constant.visit(
      [](auto all) { return llvm::all_of(all, [&](auto value) { return value == all[0]; }); });
  return isUniform ? std::optional(first) : std::nullopt;
}

bool NetworkBuilder::canFoldInto(Value value) {
  return isa_and_nonnull<cnn::Conv2dOp, cnn::LinearOp, cnn::BatchNormOp>(value.getDefiningOp());
}

/// x op number, elementwise.
Operand NetworkBuilder::binaryNumber(Function kind, const Operand &x, double number) {
  switch (kind) {
  case Function::add:
  case Function::sub:
    if (number == 0)
      return x;
    break;
  case Function::mul:
    return scale(x, number);
  case Function::div:
    if (number != 0 && std::isnormal(static_cast<float>(1 / number)))
      return scale(x, 1 / number);
    break;
  case Function::min:
    return clip(x, -kInfinity, number);
  case Function::max:
    return clip(x, number, kInfinity);
  case Function::pow:
    if (number == 0.5)
      return activation(x, Activation::sqrt);
    if (number == 1)
      return x;
    if (number == 2)
      return binary(Function::mul, x, x);
    if (number == 3)
      return binary(Function::mul, binary(Function::mul, x, x), x);
    break;
  default:
    break;
  }
  return binaryValues(kind, x, scalar(number), x.shape);
}

Operand NetworkBuilder::binaryConstant(Function kind, const Operand &a, const Operand &b,
                                       ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = checkedElements(shape);
  if (!count)
    return fail("a constant of " + formatShape(shape) + " is too large");
  if (!chargeFolded(a.constant, *count))
    return {};
  llvm::Expected<HostTensor> result = binaryHost(kind, expandHost(a.constant, a.shape, shape),
                                                 expandHost(b.constant, b.shape, shape));
  // The name that the published weights have survives a change of them.
  if (result)
    result->name = !a.constant.name.empty() ? a.constant.name : b.constant.name;
  return checked(std::move(result), shape);
}

Operand NetworkBuilder::binary(Function kind, const Operand &a, const Operand &b) {
  if (!a || !b)
    return {};
  std::optional<Shape> shape = broadcastShapes(a.shape, b.shape);
  if (!shape)
    return fail("operands of " + formatShape(a.shape) + " and " + formatShape(b.shape) +
                " can't be broadcast to each other");
  if (a.isConstant() && b.isConstant())
    return binaryConstant(kind, a, b, *shape);
  for (const Operand *x : {&a, &b})
    if (x->isConstant() && !x->constant.isFloat32())
      return fail("operands are of different types: float and " + typeName(x->constant.type()));
  if (kind > Function::pow)
    return fail("is supported on constants only");
  if (!checkedElements(*shape))
    return fail("a result of " + formatShape(*shape) + " has more than " + Twine(kMaxElements) +
                " elements");
  if (llvm::is_contained(*shape, 0))
    return constant(HostTensor(onnx::TensorProto::FLOAT, std::vector<float>()), *shape);
  bool isCommutative = kind == Function::add || kind == Function::mul || kind == Function::min ||
                       kind == Function::max;
  if (a.isConstant() && isCommutative)
    return binary(kind, b, a);
  if (ArrayRef<int64_t>(a.shape) == ArrayRef<int64_t>(*shape))
    if (std::optional<double> number = uniformValue(b))
      return binaryNumber(kind, a, *number);
  // What can be folded into weights is written as a sum or a product.
  if (kind == Function::sub && b.isConstant())
    return binary(Function::add, a, binary(Function::mul, b, scalar(-1)));
  if (kind == Function::div && b.isConstant()) {
    Operand reciprocal = binary(Function::div, scalar(1), b);
    bool isExact = reciprocal && llvm::all_of(reciprocal.constant.values<float>(),
                                              [](float v) { return std::isnormal(v); });
    if (isExact)
      return binary(Function::mul, a, reciprocal);
  }
  return binaryValues(kind, a, b, *shape);
}

/// The shape that a tensor broadcast to `shape` has where `shape` is seen as `view` (of as many
/// elements): `narrow`, padded to the rank of `shape`, with its axes regrouped like those. Empty if
/// an axis would have to be repeated in part.
static std::optional<Shape> regroup(ArrayRef<int64_t> shape, ArrayRef<int64_t> narrow,
                                    ArrayRef<int64_t> view) {
  Shape result(view.size(), 1);
  size_t i = 0, j = 0;
  while (i < shape.size() || j < view.size()) {
    // The next groups of axes with equal products.
    size_t iEnd = i, jEnd = j;
    int64_t left = 1, right = 1;
    do {
      if (iEnd < shape.size() && (left <= right || jEnd == view.size()))
        left *= shape[iEnd++];
      else if (jEnd < view.size())
        right *= view[jEnd++];
    } while (left != right);
    bool isFull = true, isOne = true;
    for (size_t axis = i; axis < iEnd; ++axis) {
      isFull &= narrow[axis] == shape[axis];
      isOne &= narrow[axis] == 1;
    }
    if (isFull)
      std::copy(view.begin() + j, view.begin() + jEnd, result.begin() + j);
    else if (!isOne)
      return std::nullopt;
    i = iEnd;
    j = jEnd;
  }
  return result;
}

/// True if cnn.add and cnn.mul take a right operand of this shape.
static bool fitsRight(ArrayRef<int64_t> left, ArrayRef<int64_t> right) {
  if (left == right)
    return true;
  for (auto [axis, extents] : llvm::enumerate(llvm::zip_equal(left, right))) {
    auto [l, r] = extents;
    if (r != 1 && (r != l || axis > 1))
      return false;
  }
  return true;
}

Value NetworkBuilder::createBinary(Function kind, Value a, Value b) {
  if (!a || !b)
    return nullptr;
  ArrayRef<int64_t> left = cnn::tensorType(a).getShape(), right = cnn::tensorType(b).getShape();
  if (kind == Function::add || kind == Function::mul) {
    if (!fitsRight(left, right) && fitsRight(right, left)) {
      std::swap(a, b);
      std::swap(left, right);
    }
    if (kind == Function::mul && left == right)
      if (MatchedActivation matched = matchProduct(a, b))
        return create<cnn::ActivationOp>(matched.input, ops.getNamedAttr("act", matched.act));
    if (fitsRight(left, right))
      return kind == Function::add ? create<cnn::AddOp>({a, b}) : create<cnn::MulOp>({a, b});
  }
  if (kind == Function::div)
    if (std::optional<MatchedLrn> lrn = matchLrn(a, b)) {
      auto number = [&](StringRef name, double value) {
        return ops.getNamedAttr(name, ops.getF64FloatAttr(value));
      };
      return create<cnn::LrnOp>(lrn->input,
                                {ops.getNamedAttr("size", ops.getI64IntegerAttr(lrn->size)),
                                 number("alpha", lrn->alpha), number("beta", lrn->beta),
                                 number("k", lrn->k)});
    }
  auto attr = cnn::BinaryKindAttr::get(ops.getContext(), static_cast<cnn::BinaryKind>(kind));
  return create<cnn::BinaryOp>({a, b}, ops.getNamedAttr("kind", attr));
}

static_assert(static_cast<int>(cnn::BinaryKind::add) == static_cast<int>(Function::add) &&
              static_cast<int>(cnn::BinaryKind::sub) == static_cast<int>(Function::sub) &&
              static_cast<int>(cnn::BinaryKind::mul) == static_cast<int>(Function::mul) &&
              static_cast<int>(cnn::BinaryKind::div) == static_cast<int>(Function::div) &&
              static_cast<int>(cnn::BinaryKind::min) == static_cast<int>(Function::min) &&
              static_cast<int>(cnn::BinaryKind::max) == static_cast<int>(Function::max) &&
              static_cast<int>(cnn::BinaryKind::pow) == static_cast<int>(Function::pow));

/// Computes in the shape that an operand already has, where the other can be seen likewise; else as
/// a map; else with both operands in full.
Operand NetworkBuilder::binaryValues(Function kind, const Operand &a, const Operand &b,
                                     ArrayRef<int64_t> shape) {
  auto padded = [&](const Operand &x) {
    Shape all(shape.size() - x.shape.size(), 1);
    all.append(x.shape.begin(), x.shape.end());
    return all;
  };
  Shape left = padded(a), right = padded(b);
  bool isSumOrProduct = kind == Function::add || kind == Function::mul;
  auto tryView = [&](const Operand &whole) -> Operand {
    if (!whole.value || ArrayRef<int64_t>(whole.shape) != shape)
      return {};
    ArrayRef<int64_t> view = cnn::tensorType(whole.value).getShape();
    // Vectors: what folds into a layer before it, or is of two computed ones.
    bool isVector = view.size() == 2 && isSumOrProduct &&
                    (canFoldInto(whole.value) || (!a.isConstant() && !b.isConstant()));
    Shape map = isVector ? Shape(view) : mapShape(view);
    if (view.size() > 4)
      return {};
    std::optional<Shape> leftView = regroup(shape, left, map),
                         rightView = regroup(shape, right, map);
    if (!leftView || !rightView)
      return {};
    return wrap(createBinary(kind, as(a, *leftView), as(b, *rightView)), shape);
  };
  for (const Operand *whole : {&a, &b})
    if (Operand result = tryView(*whole))
      return result;
  // All axes as they are, or those that the operands repeat alike as one.
  Shape groups(shape), leftGroups = left, rightGroups = right;
  if (shape.size() > 4) {
    groups = leftGroups = rightGroups = {};
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      if (shape[axis] == 1)
        continue;
      bool l = left[axis] != 1, r = right[axis] != 1;
      bool continues =
          !groups.empty() && l == (leftGroups.back() != 1) && r == (rightGroups.back() != 1);
      if (!continues) {
        groups.push_back(1);
        leftGroups.push_back(1);
        rightGroups.push_back(1);
      }
      groups.back() *= shape[axis];
      leftGroups.back() *= left[axis];
      rightGroups.back() *= right[axis];
    }
    if (groups.size() > 4)
      return binaryValues(kind, expand(a, shape), expand(b, shape), shape);
  }
  return wrap(createBinary(kind, as(a, mapShape(leftGroups)), as(b, mapShape(rightGroups))), shape);
}

/// Reduces the middle of outer x length x inner.
Operand NetworkBuilder::reduceRun(ReduceKind kind, const Operand &x, int64_t outer, int64_t length,
                                  int64_t inner) {
  Shape result = {outer, 1, inner};
  if (kind == ReduceKind::min)
    return scale(reduceRun(ReduceKind::max, scale(x, -1), outer, length, inner), -1);
  if (kind == ReduceKind::max) {
    // Rows of a map, or columns.
    Shape map = inner == 1 ? Shape{1, outer, 1, length} : Shape{outer, 1, length, inner};
    SmallVector<int64_t> window =
        inner == 1 ? SmallVector<int64_t>{1, length} : SmallVector<int64_t>{length, 1};
    return wrap(create<cnn::MaxPoolOp>(as(x, map), list("kernel", window)), result);
  }
  if (inner == 1) {
    Operand mean = wrap(create<cnn::GlobalAvgPoolOp>(as(x, {1, outer, 1, length})), result);
    return kind == ReduceKind::sum ? scale(mean, static_cast<double>(length)) : mean;
  }
  // A convolution of one filter with equal weights.
  float weight = kind == ReduceKind::sum ? 1.0f : static_cast<float>(1.0 / length);
  Operand filter =
      constant(HostTensor(onnx::TensorProto::FLOAT, std::vector<float>(length, weight)), {length});
  return wrap(
      create<cnn::Conv2dOp>({as(x, {outer, length, 1, inner}), as(filter, {1, length, 1, 1})}, {},
                            {1, 1, 0, 0}),
      result);
}

Operand NetworkBuilder::reduce(ReduceKind kind, const Operand &x, ArrayRef<bool> reduced) {
  if (!x)
    return {};
  Shape result(x.shape);
  int64_t length = 1;
  for (auto [axis, isReduced] : llvm::enumerate(reduced))
    if (isReduced) {
      length *= result[axis];
      result[axis] = 1;
    }
  if (length == 1)
    return reshape(x, result);
  if (x.numElements() == 0)
    return fail("can't reduce a tensor of " + formatShape(x.shape) + ", which has no elements");
  if (x.isConstant()) {
    // Reduced axes last.
    SmallVector<int64_t> permutation;
    for (bool last : {false, true})
      for (auto [axis, isReduced] : llvm::enumerate(reduced))
        if (isReduced == last)
          permutation.push_back(axis);
    return checked(reduceHost(kind, transposeHost(x.constant, x.shape, permutation), length),
                   result);
  }
  if (kind == ReduceKind::prod)
    return fail("is supported on constants only");
  // A whole map of each channel.
  bool isMap = x.rank() == 4 && !reduced[0] && !reduced[1] && reduced[2] && reduced[3];
  if (isMap && kind != ReduceKind::min) {
    Value input = asMap(x);
    if (kind == ReduceKind::max)
      return wrap(create<cnn::MaxPoolOp>(input, list("kernel", {x.shape[2], x.shape[3]})), result);
    Operand mean = wrap(create<cnn::GlobalAvgPoolOp>(input), result);
    return kind == ReduceKind::sum ? scale(mean, static_cast<double>(length)) : mean;
  }
  // Channels, their maps as they are.
  bool isChannels = x.rank() == 4 && !reduced[0] && reduced[1] && !reduced[2] && !reduced[3];
  if (isChannels && (kind == ReduceKind::mean || kind == ReduceKind::sum)) {
    float weight = kind == ReduceKind::sum ? 1.0f : static_cast<float>(1.0 / length);
    Operand filter = constant(
        HostTensor(onnx::TensorProto::FLOAT, std::vector<float>(length, weight)), {length});
    return wrap(create<cnn::Conv2dOp>({asMap(x), as(filter, {1, length, 1, 1})}, {}, {1, 1, 0, 0}),
                result);
  }
  // Each run of neighbouring axes, the last first.
  Operand all = x;
  Shape shape(x.shape);
  for (int64_t end = x.rank(); end > 0; --end) {
    if (!reduced[end - 1])
      continue;
    int64_t begin = end, run = 1, outer = 1, inner = 1;
    while (begin > 0 && reduced[begin - 1])
      run *= shape[--begin];
    for (int64_t axis = 0; axis < begin; ++axis)
      outer *= shape[axis];
    for (int64_t axis = end; axis < x.rank(); ++axis)
      inner *= shape[axis];
    std::fill(shape.begin() + begin, shape.begin() + end, 1);
    if (run > 1)
      all = reduceRun(kind, all, outer, run, inner);
    end = begin + 1;
  }
  return reshape(all, result);
}

Operand NetworkBuilder::linear(const Operand &x, const Operand &weights, const Operand &bias) {
  if (!x || !weights)
    return {};
  Shape result = {x.shape[0], weights.shape[0]};
  // The layer itself flattens all but the first dimension.
  Value input = x.value;
  bool fits = input && cnn::tensorType(input).getRank() >= 2 &&
              cnn::tensorType(input).getDimSize(0) == x.shape[0];
  SmallVector<Value, 3> operands = {fits ? input : as(x, x.shape), as(weights, weights.shape)};
  if (bias)
    operands.push_back(as(bias, {bias.numElements()}));
  return wrap(create<cnn::LinearOp>(operands, {}, {1, 1, bias ? 1 : 0, 0}), result);
}
