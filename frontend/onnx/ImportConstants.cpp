// Operators that only make or compute constants.
#include "frontend/onnx/ModelFile.h"
#include "frontend/onnx/Node.h"

using namespace incc;
using namespace incc::onnximport;
using Type = onnx::TensorProto;

static void importConstant(Node &node) {
  NetworkBuilder &b = node.builder;
  int64_t zero = 0;
  if (node.hasAttribute("value"))
    node.set(node.tensor("value"));
  else if (node.hasAttribute("value_float"))
    node.set(b.scalar(node.number("value_float", 0)));
  else if (node.hasAttribute("value_int"))
    node.set(b.reshape(b.integers(node.integer("value_int", zero)), {}));
  else if (auto floats = node.numbers("value_floats")) {
    auto count = static_cast<int64_t>(floats->size());
    node.set(b.constant(HostTensor(Type::FLOAT, std::move(*floats)), {count}));
  } else if (auto ints = node.integers("value_ints"))
    node.set(b.integers(*ints));
  else if (node.ok() && !node.hasAttribute("sparse_value") && !node.hasAttribute("value_string") &&
           !node.hasAttribute("value_strings"))
    node.fail("has no value");
}

static void importConstantOfShape(Node &node) {
  NetworkBuilder &b = node.builder;
  Operand value = node.hasAttribute("value") ? node.tensor("value") : b.scalar(0);
  node.ignore("value");
  if (!node.ready())
    return;
  auto shape = node.constantIntegers(0, "shape");
  if (!shape)
    return;
  if (value.numElements() != 1)
    return node.fail("attribute 'value': expected one element, got " +
                     llvm::Twine(value.numElements()));
  if (!checkedElements(*shape))
    return node.fail("shape " + formatShape(*shape) + " has a negative extent or more than " +
                     llvm::Twine(kMaxElements) + " elements");
  node.set(b.expand(b.reshape(value, {}), *shape));
}

static void importShape(Node &node) {
  int64_t start = node.integer("start", 0), end = node.integer("end", INT64_MAX);
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto clamp = [&](int64_t at) {
    return std::clamp<int64_t>(at < 0 ? at + x.rank() : at, 0, x.rank());
  };
  int64_t from = clamp(start), to = std::max(from, clamp(end));
  node.set(node.builder.integers(llvm::ArrayRef(x.shape).slice(from, to - from)));
}

static void importSize(Node &node) {
  if (node.ready())
    node.set(node.builder.reshape(node.builder.integers(node.input(0).numElements()), {}));
}

static void importRange(Node &node) {
  if (!node.ready())
    return;
  for (int i : {0, 1, 2})
    if (!node.constantNumber(i, "bound"))
      return;
  const HostTensor &start = node.input(0).constant, &delta = node.input(2).constant;
  if (start.type() != delta.type())
    return node.fail("operands are of different types: " + typeName(start.type()) + " and " +
                     typeName(delta.type()));
  double from = start.number(0), to = node.input(1).constant.number(0), step = delta.number(0);
  double count = std::max(0.0, std::ceil((to - from) / step));
  if (step == 0 || !(count <= static_cast<double>(kMaxElements)))
    return node.fail("from " + formatNumber(from) + " to " + formatNumber(to) + " in steps of " +
                     formatNumber(step) + " is not a range, or too long");
  auto length = static_cast<int64_t>(count);
  if (start.storage() == HostTensor::Storage::i64) {
    std::vector<int64_t> values(length);
    int64_t next = start.values<int64_t>()[0];
    for (int64_t &value : values) {
      value = next;
      // Only what comes after the last one can overflow.
      if (__builtin_add_overflow(next, delta.values<int64_t>()[0], &next))
        next = value;
    }
    return node.set(node.builder.constant(HostTensor(start.type(), std::move(values)), {length}));
  }
  std::vector<double> values(length);
  for (int64_t i = 0; i < length; ++i)
    values[i] = from + static_cast<double>(i) * step;
  node.set(node.builder.checked(castHost(HostTensor(Type::DOUBLE, std::move(values)), start.type()),
                                {length}));
}

static void castTo(Node &node, int32_t type) {
  const Operand &x = node.input(0);
  if (x.isConstant())
    return node.set(node.builder.checked(castHost(x.constant, type), x.shape));
  if (type != Type::FLOAT)
    return node.fail("conversion of a computed value to " + typeName(type) +
                     "; supported is float");
  node.set(x);
}

static void importCast(Node &node) {
  int64_t type = node.integer("to", 0);
  node.ignore("saturate");
  node.ignore("round_mode");
  if (node.ready())
    castTo(node, static_cast<int32_t>(type));
}

static void importCastLike(Node &node) {
  node.ignore("saturate");
  node.ignore("round_mode");
  if (!node.ready())
    return;
  const Operand &like = node.input(1);
  castTo(node, like.isConstant() ? like.constant.type() : int32_t(Type::FLOAT));
}

static void importWhere(Node &node) {
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &condition = node.input(0), &x = node.input(1), &y = node.input(2);
  std::optional<Shape> shape = broadcastShapes(x.shape, y.shape);
  if (shape)
    shape = broadcastShapes(*shape, condition.shape);
  if (!shape || !checkedElements(*shape))
    return node.fail("operands of " + formatShape(condition.shape) + ", " + formatShape(x.shape) +
                     " and " + formatShape(y.shape) + " can't be broadcast to each other");
  // Often the condition is uniform: a -1 in a shape that is not there.
  if (std::optional<double> always = NetworkBuilder::uniformValue(condition))
    return node.set(b.expand(*always ? x : y, *shape));
  if (!condition.isConstant() || !x.isConstant() || !y.isConstant())
    return node.fail("is supported on constants only");
  if (x.constant.type() != y.constant.type())
    return node.fail("operands are of different types: " + typeName(x.constant.type()) + " and " +
                     typeName(y.constant.type()));
  HostTensor mask = expandHost(condition.constant, condition.shape, *shape);
  HostTensor left = expandHost(x.constant, x.shape, *shape);
  HostTensor right = expandHost(y.constant, y.shape, *shape);
  node.set(left.visit([&](auto values) {
    using T = typename decltype(values)::value_type;
    std::vector<T> result = values.vec();
    for (size_t i = 0; i < result.size(); ++i)
      if (mask.number(i) == 0)
        result[i] = right.values<T>()[i];
    return b.constant(HostTensor(left.type(), std::move(result)), *shape);
  }));
}

void onnximport::addConstantOperators(OperatorTable &table) {
  table["Constant"] = {importConstant, 0, 0};
  table["ConstantOfShape"] = {importConstantOfShape, 1, 1, 9};
  table["Shape"] = {importShape, 1, 1};
  table["Size"] = {importSize, 1, 1};
  table["Range"] = {importRange, 3, 3, 11};
  table["Cast"] = {importCast, 1, 1};
  table["CastLike"] = {importCastLike, 2, 2, 15};
  table["Where"] = {importWhere, 3, 3, 9};
}
