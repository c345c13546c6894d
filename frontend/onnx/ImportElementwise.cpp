// Elementwise operators.
#include "frontend/onnx/Node.h"

#include <limits>

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;
using Activation = cnn::ActivationKind;
using Function = BinaryFunction;

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

template <Activation kind> static void importActivation(Node &node) {
  if (node.ready())
    node.set(node.builder.activation(node.input(0), kind));
}

/// A function that constants of any type are folded by, with an activation for computed values.
template <UnaryFunction function, Activation kind> static void importUnary(Node &node) {
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  if (x.isConstant())
    node.set(node.builder.checked(unaryHost(function, x.constant), x.shape));
  else if (kind == Activation::none)
    node.fail("is supported on constants only");
  else
    node.set(node.builder.activation(x, kind));
}

static void importNeg(Node &node) {
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  node.set(x.isConstant() ? node.builder.checked(unaryHost(UnaryFunction::neg, x.constant), x.shape)
                          : node.builder.scale(x, -1));
}

static void importReciprocal(Node &node) {
  if (node.ready())
    node.set(node.builder.binary(Function::div, node.builder.scalar(1), node.input(0)));
}

static void importLeakyRelu(Node &node) {
  double alpha = node.number("alpha", 0.01);
  if (node.ready())
    node.set(node.builder.activation(node.input(0), Activation::leaky_relu, {alpha}));
}

/// max(x, 0) + slope * min(x, 0)
static void importPRelu(Node &node) {
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  Operand slope = node.input(1);
  if (node.opset < 7 && slope.rank() == 1 && x.rank() > 2) {
    // One per channel then.
    Shape shape(x.rank() - 1, 1);
    shape[0] = slope.shape[0];
    slope = b.reshape(slope, shape);
  }
  if (std::optional<double> alpha = NetworkBuilder::uniformValue(slope))
    return node.set(b.activation(x, Activation::leaky_relu, {*alpha}));
  Operand below = b.binary(Function::mul, b.clip(x, -kInfinity, 0), slope);
  node.set(b.binary(Function::add, b.activation(x, Activation::relu), below));
}

static void importElu(Node &node) {
  double alpha = node.number("alpha", 1);
  if (node.ready())
    node.set(node.builder.activation(node.input(0), Activation::elu, {alpha}));
}

/// gamma * elu(x)
static void importSelu(Node &node) {
  double alpha = node.number("alpha", 1.67326319217681884765625);
  double gamma = node.number("gamma", 1.05070102214813232421875);
  if (node.ready())
    node.set(node.builder.scale(node.builder.activation(node.input(0), Activation::elu, {alpha}),
                                gamma));
}

/// alpha * elu(x / alpha)
static void importCelu(Node &node) {
  double alpha = node.number("alpha", 1);
  if (alpha == 0)
    node.fail("attribute 'alpha' must not be 0");
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  Operand inner = b.activation(b.scale(node.input(0), 1 / alpha), Activation::elu, {1.0});
  node.set(b.scale(inner, alpha));
}

static void importHardSigmoid(Node &node) {
  double alpha = node.number("alpha", 0.2), beta = node.number("beta", 0.5);
  if (node.ready())
    node.set(node.builder.activation(node.input(0), Activation::hard_sigmoid, {alpha, beta}));
}

static void importSoftsign(Node &node) {
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  Operand divisor = b.binary(Function::add, b.activation(x, Activation::abs), b.scalar(1));
  node.set(b.binary(Function::div, x, divisor));
}

/// x * tanh(softplus(x))
static void importMish(Node &node) {
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  Operand gate = b.activation(b.activation(x, Activation::softplus), Activation::tanh);
  node.set(b.binary(Function::mul, x, gate));
}

/// x * sigmoid(alpha * x)
static void importSwish(Node &node) {
  double alpha = node.number("alpha", 1);
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  node.set(b.binary(Function::mul, x, b.activation(b.scale(x, alpha), Activation::sigmoid)));
}

/// Exact, or with tanh: x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3)))
static void importGelu(Node &node) {
  std::string approximate = node.word("approximate", {"none", "tanh"});
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0);
  if (approximate == "none")
    return node.set(b.activation(x, Activation::gelu));
  Operand cube = b.binary(Function::mul, b.binary(Function::mul, x, x), x);
  Operand sum = b.binary(Function::add, x, b.scale(cube, 0.044715));
  Operand gate = b.activation(b.scale(sum, std::sqrt(M_2_PI)), Activation::tanh);
  node.set(b.binary(Function::mul, b.scale(x, 0.5), b.binary(Function::add, gate, b.scalar(1))));
}

/// max(x, 0) where x > alpha: x * clip((x - alpha) * huge, 0, 1) would not be exact next to alpha,
/// so only a threshold of 0 is taken.
static void importThresholdedRelu(Node &node) {
  double alpha = node.number("alpha", 1);
  if (alpha != 0)
    node.fail("attribute 'alpha' is " + formatNumber(alpha) + "; supported: 0");
  if (node.ready())
    node.set(node.builder.activation(node.input(0), Activation::relu));
}

static void importClip(Node &node) {
  NetworkBuilder &b = node.builder;
  bool hasAttributes = node.opset < 11;
  double low = hasAttributes ? node.number("min", -kInfinity) : -kInfinity;
  double high = hasAttributes ? node.number("max", kInfinity) : kInfinity;
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  // Bounds may be computed; known ones of a computed value become one activation.
  SmallVector<std::pair<Function, Operand>> computed;
  for (auto [i, function, bound] :
       {std::tuple(1, Function::max, &low), std::tuple(2, Function::min, &high)}) {
    const Operand &given = node.input(i);
    if (hasAttributes || !given)
      continue;
    if (given.numElements() != 1)
      return node.fail("expected numbers as bounds, got a tensor of " + formatShape(given.shape));
    if (given.isConstant() && !x.isConstant())
      *bound = given.constant.number(0);
    else
      computed.push_back({function, b.reshape(given, {})});
  }
  Operand result = x.isConstant() ? x : b.clip(x, low, high);
  if (x.isConstant() && hasAttributes)
    for (auto [function, bound] : {std::pair(Function::max, low), std::pair(Function::min, high)})
      result = b.binary(function, result, b.scalar(bound));
  // A known upper bound is the last word even after a computed lower one.
  for (auto &[function, bound] : computed)
    result = b.binary(function, result, bound);
  if (computed.size() == 1 && computed[0].first == Function::max && high != kInfinity)
    result = b.clip(result, -kInfinity, high);
  node.set(result);
}

template <Function function> static void importBinary(Node &node) {
  // Before opset 7 the right operand's first axis is that `axis` of the left.
  int64_t axis = 0;
  bool alignsAxis = false;
  if (node.opset < 7) {
    alignsAxis = node.hasAttribute("axis") && node.integer("broadcast", 0) != 0;
    node.ignore("broadcast");
    axis = node.integer("axis", 0);
  }
  if (!node.ready())
    return;
  const Operand &a = node.input(0);
  Operand b = node.input(1);
  if (alignsAxis) {
    std::optional<int64_t> at = node.normalizeAxis(axis, a.rank());
    if (!at)
      return;
    Shape shape(b.shape);
    for (int64_t last = *at + b.rank(); last < a.rank(); ++last)
      shape.push_back(1);
    b = node.builder.reshape(b, shape);
  }
  // The exponent's type is its own.
  if (function == Function::pow && a.value && b.isConstant())
    b = node.builder.checked(castHost(b.constant, onnx::TensorProto::FLOAT), b.shape);
  node.set(node.builder.binary(function, a, b));
}

static void importMod(Node &node) {
  bool isFmod = node.integer("fmod", 0) != 0;
  if (node.ready())
    node.set(
        node.builder.binary(isFmod ? Function::fmod : Function::mod, node.input(0), node.input(1)));
}

static Operand fold(Node &node, Function function) {
  Operand all = node.input(0);
  for (int i = 1; i < node.numInputs(); ++i)
    all = node.builder.binary(function, all, node.input(i));
  return all;
}

template <Function function> static void importVariadic(Node &node) {
  if (node.ready())
    node.set(fold(node, function));
}

static void importMean(Node &node) {
  if (node.ready())
    node.set(node.builder.scale(fold(node, Function::add), 1.0 / node.numInputs()));
}

static void importIdentity(Node &node) {
  if (node.ready())
    node.set(node.input(0));
}

static void importDropout(Node &node) {
  double ratio = node.opset < 12 ? node.number("ratio", 0.5) : 0.5;
  node.ignore("seed");
  node.ignore("is_test");
  if (!node.ready())
    return;
  if (node.hasInput(2)) {
    std::optional<double> training = node.constantNumber(2, "training_mode");
    if (!training)
      return;
    if (node.input(1).isConstant() && node.input(1).numElements() == 1)
      ratio = node.input(1).constant.number(0);
    if (*training != 0 && ratio != 0)
      return node.fail("training_mode is true; supported is inference");
  }
  const Operand &x = node.input(0);
  node.set(x);
  if (!node.hasOutput(1))
    return;
  // The mask: everything passes.
  Operand one = node.builder.constant(
      HostTensor(node.opset < 10 ? onnx::TensorProto::FLOAT : onnx::TensorProto::BOOL,
                 std::vector<int64_t>{1}),
      {});
  if (node.opset < 10)
    one = node.builder.scalar(1);
  node.set(1, node.builder.expand(one, x.shape));
}

void onnximport::addElementwiseOperators(OperatorTable &table) {
  table["Relu"] = {importActivation<Activation::relu>, 1, 1};
  table["Sigmoid"] = {importActivation<Activation::sigmoid>, 1, 1};
  table["Tanh"] = {importActivation<Activation::tanh>, 1, 1};
  table["Erf"] = {importActivation<Activation::erf>, 1, 1, 9};
  table["Softplus"] = {importActivation<Activation::softplus>, 1, 1};
  table["HardSwish"] = {importActivation<Activation::hard_swish>, 1, 1, 14};
  table["Exp"] = {importUnary<UnaryFunction::exp, Activation::exp>, 1, 1};
  table["Log"] = {importUnary<UnaryFunction::log, Activation::log>, 1, 1};
  table["Sqrt"] = {importUnary<UnaryFunction::sqrt, Activation::sqrt>, 1, 1};
  table["Abs"] = {importUnary<UnaryFunction::abs, Activation::abs>, 1, 1};
  table["Floor"] = {importUnary<UnaryFunction::floor, Activation::none>, 1, 1};
  table["Ceil"] = {importUnary<UnaryFunction::ceil, Activation::none>, 1, 1};
  table["Round"] = {importUnary<UnaryFunction::round, Activation::none>, 1, 1, 11};
  table["Sign"] = {importUnary<UnaryFunction::sign, Activation::none>, 1, 1, 9};
  table["Not"] = {importUnary<UnaryFunction::logicalNot, Activation::none>, 1, 1};
  table["Neg"] = {importNeg, 1, 1};
  table["Reciprocal"] = {importReciprocal, 1, 1};
  table["LeakyRelu"] = {importLeakyRelu, 1, 1};
  table["PRelu"] = {importPRelu, 2, 2};
  table["Elu"] = {importElu, 1, 1};
  table["Selu"] = {importSelu, 1, 1};
  table["Celu"] = {importCelu, 1, 1, 12};
  table["HardSigmoid"] = {importHardSigmoid, 1, 1};
  table["Softsign"] = {importSoftsign, 1, 1};
  table["Mish"] = {importMish, 1, 1, 18};
  table["Swish"] = {importSwish, 1, 1, 24};
  table["Gelu"] = {importGelu, 1, 1, 20};
  table["ThresholdedRelu"] = {importThresholdedRelu, 1, 1, 10};
  table["Clip"] = {importClip, 1, 3};
  table["Add"] = {importBinary<Function::add>, 2, 2};
  table["Sub"] = {importBinary<Function::sub>, 2, 2};
  table["Mul"] = {importBinary<Function::mul>, 2, 2};
  table["Div"] = {importBinary<Function::div>, 2, 2};
  table["Pow"] = {importBinary<Function::pow>, 2, 2};
  table["Mod"] = {importMod, 2, 2, 10};
  table["Equal"] = {importBinary<Function::equal>, 2, 2};
  table["Less"] = {importBinary<Function::less>, 2, 2};
  table["Greater"] = {importBinary<Function::greater>, 2, 2};
  table["LessOrEqual"] = {importBinary<Function::lessOrEqual>, 2, 2, 12};
  table["GreaterOrEqual"] = {importBinary<Function::greaterOrEqual>, 2, 2, 12};
  table["And"] = {importBinary<Function::logicalAnd>, 2, 2};
  table["Or"] = {importBinary<Function::logicalOr>, 2, 2};
  table["Xor"] = {importBinary<Function::logicalXor>, 2, 2};
  table["Sum"] = {importVariadic<Function::add>, 1, kAnyNumber};
  table["Max"] = {importVariadic<Function::max>, 1, kAnyNumber};
  table["Min"] = {importVariadic<Function::min>, 1, kAnyNumber};
  table["Mean"] = {importMean, 1, kAnyNumber};
  table["Identity"] = {importIdentity, 1, 1};
  table["Dropout"] = {importDropout, 1, 3};
}
