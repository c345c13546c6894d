// Functions of one value or two, as Halide's expressions.
#include "backends/halide/HalideKernel.h"

using namespace mlir;
using namespace incc;
using Halide::Expr;

/// c[0] + x * (c[1] + x * ...)
static Expr polynomial(Expr x, ArrayRef<float> coefficients) {
  Expr sum = coefficients.back();
  for (float c : llvm::reverse(coefficients.drop_back()))
    sum = sum * x + c;
  return sum;
}

// Below 1 the Taylor series x (c0 + c1 x^2 + ...); above, Abramowitz and Stegun 7.1.26.
static Expr errorFunction(Expr x) {
  Expr magnitude = Halide::abs(x), square = x * x;
  Expr series = magnitude * polynomial(square, {1.128379167f, -0.3761263890f, 0.1128379167f,
                                                -2.686617065e-2f, 5.223977625e-3f, -8.548327023e-4f,
                                                1.205533299e-4f, -1.492565036e-5f, 1.646211437e-6f});
  Expr t = 1.0f / (magnitude * 0.3275911f + 1.0f);
  Expr tail = t * polynomial(t, {0.254829592f, -0.284496736f, 1.421413741f, -1.453152027f,
                                 1.061405429f});
  tail *= Halide::exp(-square);
  Expr y = Halide::select(magnitude > 1.0f, 1.0f - tail, series);
  return Halide::select(x < 0.0f, -y, y);
}

// 2 sigmoid(2x) - 1, which cancels near 0: there Moshier's polynomial (Cephes, tanhf).
static Expr hyperbolicTangent(Expr x) {
  Expr square = x * x;
  Expr series = polynomial(
      square, {-3.33332819422e-1f, 1.33314422036e-1f, -5.37397155531e-2f, 2.06390887954e-2f,
               -5.70498872745e-3f});
  Expr ofSigmoid = 2.0f / (1.0f + Halide::exp(-2.0f * x)) - 1.0f;
  return Halide::select(Halide::abs(x) < 0.625f, series * square * x + x, ofSigmoid);
}

// max(x, 0) + ln(1 + e), e = e^-|x|; where 1 + e rounds, the logarithm is corrected for it.
static Expr softplus(Expr x) {
  Expr e = Halide::exp(-Halide::abs(x)), u = Halide::strict_float(1.0f + e);
  Expr lost = Halide::strict_float(e - (u - 1.0f));
  return Halide::max(x, 0.0f) + Halide::log(u) + lost / u;
}

Expr incc::activate(std::optional<cnn::ActivationAttr> act, Expr x) {
  auto clip = [](Expr v, float low, float high) { return Halide::min(Halide::max(v, low), high); };
  auto sigmoid = [](Expr v) { return 1.0f / (1.0f + Halide::exp(-v)); };
  switch (cnn::activationKind(act)) {
  case cnn::ActivationKind::none:
    return x;
  case cnn::ActivationKind::relu:
    return Halide::max(x, 0.0f);
  case cnn::ActivationKind::relu6:
    return clip(x, 0, 6);
  case cnn::ActivationKind::leaky_relu:
    return Halide::select(x > 0.0f, x, x * act->param(0));
  case cnn::ActivationKind::clip:
    return clip(x, act->param(0), act->param(1));
  case cnn::ActivationKind::sigmoid:
    return sigmoid(x);
  case cnn::ActivationKind::silu:
    return x / (1.0f + Halide::exp(-x));
  case cnn::ActivationKind::hard_sigmoid:
    return clip(x * act->param(0) + act->param(1), 0, 1);
  case cnn::ActivationKind::hard_swish:
    return x * clip(x * (1.0f / 6) + 0.5f, 0, 1);
  case cnn::ActivationKind::tanh:
    return hyperbolicTangent(x);
  case cnn::ActivationKind::exp:
    return Halide::exp(x);
  case cnn::ActivationKind::log:
    return Halide::log(x);
  case cnn::ActivationKind::sqrt:
    return Halide::sqrt(x);
  case cnn::ActivationKind::abs:
    return Halide::abs(x);
  case cnn::ActivationKind::erf:
    return errorFunction(x);
  case cnn::ActivationKind::gelu:
    return x * 0.5f * (1.0f + errorFunction(x * 0.707106781f));
  case cnn::ActivationKind::elu:
    return Halide::select(x > 0.0f, x,
                          act->param(0) * (Halide::exp(Halide::min(x, 0.0f)) - 1.0f));
  case cnn::ActivationKind::softplus:
    return softplus(x);
  }
  llvm_unreachable("all activations are handled");
}

// e^(y ln |x|); an odd integer y keeps the sign of x, another y makes a negative x NaN.
Expr incc::power(Expr x, Expr y) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  Expr result = Halide::exp(y * Halide::log(Halide::abs(x)));
  result = Halide::select(x != 0.0f, result, y > 0.0f, 0.0f, kInfinity);
  Expr isInteger = Halide::floor(y) == y, isEven = Halide::floor(y * 0.5f) == y * 0.5f;
  Expr ofNegative =
      Halide::select(isInteger && isEven, result, isInteger, -result,
                     std::numeric_limits<float>::quiet_NaN());
  return Halide::select(y == 0.0f, 1.0f, x < 0.0f, ofNegative, result);
}

Expr incc::binary(cnn::BinaryKind kind, Expr x, Expr y) {
  switch (kind) {
  case cnn::BinaryKind::add:
    return x + y;
  case cnn::BinaryKind::sub:
    return x - y;
  case cnn::BinaryKind::mul:
    return x * y;
  case cnn::BinaryKind::div:
    return x / y;
  case cnn::BinaryKind::min:
    return Halide::min(x, y);
  case cnn::BinaryKind::max:
    return Halide::max(x, y);
  case cnn::BinaryKind::pow:
    return power(x, y);
  }
  llvm_unreachable("all kinds are handled");
}

Expr incc::inverseRoot(Expr base, float exponent) {
  // The usual 3/4 needs only square roots.
  return exponent == 0.75f ? 1.0f / (Halide::sqrt(base) * Halide::sqrt(Halide::sqrt(base)))
                           : Halide::exp(-exponent * Halide::log(base));
}

Expr incc::tableEntry(Expr entry) {
  return Halide::reinterpret<int32_t>(entry) - (kTableBits + 1);
}
