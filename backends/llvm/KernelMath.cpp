// Functions of floats: exponentials, logarithms, activations.
#include "backends/llvm/CodeBuilder.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace incc;

/// c[0] + x * (c[1] + x * ...)
Value CodeBuilder::polynomial(Value x, ArrayRef<float> coefficients) {
  Value sum = constantLike(x, coefficients.back());
  for (float c : llvm::reverse(coefficients.drop_back()))
    sum = fma(sum, x, constantLike(x, c));
  return sum;
}

/// Added to y, |y| < 2^22, rounds it to an integer, which stands in the sum's lowest bits; there with
/// the bias of exponents, ready to be shifted into place.
static constexpr float kRounder = 12582912.0f, kBiasedRounder = kRounder + 127;

/// 32-bit integers in the shape of `floats`.
static Type intsLike(Type floats) {
  Type ints = IntegerType::get(floats.getContext(), 32);
  if (auto vector = dyn_cast<VectorType>(floats))
    return VectorType::get(vector.getShape(), ints);
  return ints;
}

static Value intConstant(CodeBuilder &b, Type ints, int32_t value) {
  if (auto vector = dyn_cast<VectorType>(ints))
    return b.builder.create<arith::ConstantOp>(b.loc, DenseElementsAttr::get(vector, value));
  return b.builder.create<arith::ConstantOp>(b.loc, b.builder.getI32IntegerAttr(value));
}

/// 2^n of an integer n, -126 <= n <= 127, from n + kBiasedRounder.
Value CodeBuilder::exp2OfBiased(Value biased) {
  constexpr int32_t kExponentAt = 23;
  Type floats = biased.getType(), ints = intsLike(floats);
  Value bits = builder.create<arith::ShLIOp>(
      loc, builder.create<arith::BitcastOp>(loc, ints, biased),
      intConstant(*this, ints, kExponentAt));
  return builder.create<arith::BitcastOp>(loc, floats, bits);
}

// e^x = 2^n * e^r, n = round(x / ln 2), |r| <= ln 2 / 2; the polynomial 1 + r + r^2 q(r) with the
// least largest relative error (3e-9), so that e^x is good to 1.3 roundings. ln 2 is split in two
// (Cody and Waite 1980) so that r is exact to rounding.
Value CodeBuilder::exp(Value x) {
  // Beyond these e^x is 0 or infinity in float32; 2^n must stay a normal number.
  x = maxf(minf(x, constantLike(x, 88.0f)), constantLike(x, -87.0f));
  Value rounder = constantLike(x, kBiasedRounder);
  Value biased = fma(x, constantLike(x, 1.44269504f), rounder);
  Value n = subf(biased, rounder);
  Value r = fma(n, constantLike(x, -0.693359375f), x);
  r = fma(n, constantLike(x, 2.12194440e-4f), r);
  Value p = polynomial(r, {1.0f, 1.0f, 0.49999994f, 0.166665211f, 0.0416683890f, 0.00836874545f,
                           0.00138145406f});
  return mulf(p, exp2OfBiased(biased));
}

bool CodeBuilder::hasPowersOfTwo(Value like) const {
  auto vector = dyn_cast<VectorType>(like.getType());
  return instructions.powersOfTwo && vector && vector.getNumElements() == 16;
}

/// One of AVX-512's operations on all lanes of vectors of floats: `name`(operands, the value and the
/// mask of lanes that are left out, how it rounds or what it does with exceptions).
static Value emitOnAllLanes(CodeBuilder &b, StringRef name, ValueRange operands) {
  auto constant = [&](unsigned bits, int64_t value) -> Value {
    return b.builder.create<LLVM::ConstantOp>(b.loc, b.builder.getIntegerType(bits), value);
  };
  constexpr int64_t kCurrentDirection = 4;
  SmallVector<Value> arguments(operands);
  arguments.append({operands.front(), constant(16, -1), constant(32, kCurrentDirection)});
  return b.builder
      .create<LLVM::CallIntrinsicOp>(b.loc, operands.front().getType(),
                                     b.builder.getStringAttr(name), arguments)
      .getResults();
}

Value CodeBuilder::distanceToInteger(Value x) {
  constexpr int64_t kToNearest = 0;
  Value how = builder.create<LLVM::ConstantOp>(loc, builder.getI32Type(), kToNearest);
  return emitOnAllLanes(*this, "llvm.x86.avx512.mask.reduce.ps.512", {x, how});
}

Value CodeBuilder::timesPowerOfTwo(Value x, Value n) {
  return emitOnAllLanes(*this, "llvm.x86.avx512.mask.scalef.ps.512", {x, n});
}

// 2^n * 2^f + 1 with n + f = -x / ln 2, |f| <= 1/2; the polynomial for 2^f has the least largest
// relative error of its degree, 7.5e-8. f may lack |x| / 2^26 or so (without fma or from a product
// 2^24), which e^-x makes harmless: in x / (1 + e^-x) it is not 1e-7 of the larger of 1 and the
// result. Every operation less counts, as this is what networks with sigmoids or SiLU spend their
// time on.
Value CodeBuilder::onePlusExpOfMinus(Value x) {
  Value factor = constantLike(x, -1.44269504f);
  auto exp2 = [&](Value f) {
    return polynomial(
        f, {1.0f, 0.693146967f, 0.240221197f, 0.0555071327f, 0.00967554148f, 0.00132764720f});
  };
  // Saturates, so that x needs no limits; infinite x is 0 away from an integer.
  if (hasPowersOfTwo(x)) {
    Value t = mulf(x, factor), f = distanceToInteger(t);
    return addf(timesPowerOfTwo(exp2(f), subf(t, f)), constantLike(x, 1));
  }
  constexpr float kLimit = 87; // as in exp()
  x = minf(constantLike(x, kLimit), maxf(constantLike(x, -kLimit), x));
  Value rounder = constantLike(x, kBiasedRounder);
  Value biased = fma(x, factor, rounder);
  Value n = subf(biased, rounder);
  Value f = fma(x, factor, builder.create<arith::NegFOp>(loc, n));
  return fma(exp2(f), exp2OfBiased(biased), constantLike(x, 1));
}

// ln x = e ln 2 + ln m, m in [sqrt(1/2), sqrt 2); with s = (m - 1) / (m + 1), |s| <= 0.172,
// ln m = 2 (s + s^3/3 + s^5/5 + ...).
Value CodeBuilder::log(Value x) {
  Type floats = x.getType(), ints = intsLike(floats);
  auto intConstant = [&](int32_t value) { return ::intConstant(*this, ints, value); };
  // Shifting the exponent's origin by that of sqrt(1/2) puts m into the interval.
  constexpr int32_t kSqrtHalfBits = 0x3f3504f3;
  Value bits = builder.create<arith::BitcastOp>(loc, ints, x);
  Value shifted = builder.create<arith::SubIOp>(loc, bits, intConstant(kSqrtHalfBits));
  Value e = builder.create<arith::ShRSIOp>(loc, shifted, intConstant(23));
  Value mantissaBits = builder.create<arith::SubIOp>(
      loc, bits, builder.create<arith::ShLIOp>(loc, e, intConstant(23)));
  Value m = builder.create<arith::BitcastOp>(loc, floats, mantissaBits);
  Value one = constantLike(x, 1);
  Value s = divf(subf(m, one), addf(m, one));
  Value p = polynomial(mulf(s, s), {2.0f, 2.0f / 3, 2.0f / 5, 2.0f / 7, 2.0f / 9});
  return fma(builder.create<arith::SIToFPOp>(loc, floats, e), constantLike(x, 0.693147181f),
             mulf(s, p));
}

Value CodeBuilder::isGreater(Value a, Value b) {
  return builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, a, b);
}

Value CodeBuilder::absf(Value a) { return builder.create<math::AbsFOp>(loc, a); }

Value CodeBuilder::logAny(Value x) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  // Denormals are scaled into the normal range and the logarithm of the factor taken off.
  constexpr float kTwoTo25 = 33554432.0f, kLogTwoTo25 = 17.3286795f;
  Value isTiny = isGreater(constantLike(x, std::numeric_limits<float>::min()), x);
  Value y = log(select(isTiny, mulf(x, constantLike(x, kTwoTo25)), x));
  y = select(isTiny, subf(y, constantLike(x, kLogTwoTo25)), y);
  Value zero = constantLike(x, 0);
  y = select(isGreater(x, zero), y,
             constantLike(x, std::numeric_limits<float>::quiet_NaN()));
  Value isZero = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ, x, zero);
  y = select(isZero, constantLike(x, -kInfinity), y);
  Value isInfinite =
      builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ, x, constantLike(x, kInfinity));
  return select(isInfinite, x, y);
}

// e^(y ln |x|); an odd integer y keeps the sign of x, another y makes a negative x NaN.
Value CodeBuilder::pow(Value x, Value y) {
  auto equal = [&](Value a, Value b) -> Value {
    return builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OEQ, a, b);
  };
  auto floor = [&](Value v) -> Value { return builder.create<math::FloorOp>(loc, v); };
  Value zero = constantLike(x, 0), one = constantLike(x, 1), half = constantLike(x, 0.5f);
  Value magnitude = absf(x);
  Value power = exp(mulf(y, logAny(magnitude)));
  // The clamped exponential gives neither 0 nor infinity.
  Value atZero = select(isGreater(y, zero), zero,
                        constantLike(x, std::numeric_limits<float>::infinity()));
  power = select(equal(magnitude, zero), atZero, power);
  Value halved = mulf(y, half);
  Value isInteger = equal(floor(y), y), isEven = equal(floor(halved), halved);
  Value ofNegative = select(isInteger, select(isEven, power, subf(zero, power)),
                            constantLike(x, std::numeric_limits<float>::quiet_NaN()));
  power = select(isGreater(zero, x), ofNegative, power);
  return select(equal(y, zero), one, power);
}

// Below 1 the Taylor series x (c0 + c1 x^2 + ...); above, Abramowitz and Stegun 7.1.26.
Value CodeBuilder::erf(Value x) {
  Value magnitude = absf(x), square = mulf(x, x);
  Value series = mulf(magnitude, polynomial(square, {1.128379167f, -0.3761263890f, 0.1128379167f,
                                                     -2.686617065e-2f, 5.223977625e-3f,
                                                     -8.548327023e-4f, 1.205533299e-4f,
                                                     -1.492565036e-5f, 1.646211437e-6f}));
  Value t = divf(constantLike(x, 1),
                 fma(magnitude, constantLike(x, 0.3275911f), constantLike(x, 1)));
  Value tail = mulf(t, polynomial(t, {0.254829592f, -0.284496736f, 1.421413741f, -1.453152027f,
                                      1.061405429f}));
  tail = mulf(tail, exp(subf(constantLike(x, 0), square)));
  Value y = select(isGreater(magnitude, constantLike(x, 1)), subf(constantLike(x, 1), tail), series);
  return builder.create<math::CopySignOp>(loc, y, x);
}

Value CodeBuilder::binary(cnn::BinaryKind kind, Value x, Value y) {
  switch (kind) {
  case cnn::BinaryKind::add:
    return addf(x, y);
  case cnn::BinaryKind::sub:
    return subf(x, y);
  case cnn::BinaryKind::mul:
    return mulf(x, y);
  case cnn::BinaryKind::div:
    return divf(x, y);
  case cnn::BinaryKind::min:
    return minf(x, y);
  case cnn::BinaryKind::max:
    return maxf(x, y);
  case cnn::BinaryKind::pow:
    return pow(x, y);
  }
  llvm_unreachable("all kinds are handled");
}

Value CodeBuilder::activate(std::optional<cnn::ActivationAttr> act, Value x) {
  auto constant = [&](float value) { return constantLike(x, value); };
  // y / (1 + e^-x)
  auto timesSigmoid = [&](Value y, Value v) { return divf(y, onePlusExpOfMinus(v)); };
  auto sigmoid = [&](Value v) { return timesSigmoid(constant(1), v); };
  auto clip = [&](Value v, float low, float high) {
    return minf(maxf(v, constant(low)), constant(high));
  };
  switch (cnn::activationKind(act)) {
  case cnn::ActivationKind::none:
    return x;
  case cnn::ActivationKind::relu:
    return maxf(x, constant(0));
  case cnn::ActivationKind::relu6:
    return clip(x, 0, 6);
  case cnn::ActivationKind::leaky_relu: {
    Value positive = builder.create<arith::CmpFOp>(loc, arith::CmpFPredicate::OGT, x, constant(0));
    return builder.create<arith::SelectOp>(loc, positive, x, mulf(x, constant(act->param(0))));
  }
  case cnn::ActivationKind::clip:
    return clip(x, act->param(0), act->param(1));
  case cnn::ActivationKind::sigmoid:
    return sigmoid(x);
  case cnn::ActivationKind::silu:
    return timesSigmoid(x, x);
  case cnn::ActivationKind::hard_sigmoid:
    return clip(fma(x, constant(act->param(0)), constant(act->param(1))), 0, 1);
  case cnn::ActivationKind::hard_swish:
    return mulf(x, clip(fma(x, constant(1.0f / 6), constant(0.5f)), 0, 1));
  case cnn::ActivationKind::tanh: {
    // 2 sigmoid(2x) - 1, which cancels near 0: there Moshier's polynomial (Cephes, tanhf).
    Value square = mulf(x, x);
    Value series = polynomial(square, {-3.33332819422e-1f, 1.33314422036e-1f, -5.37397155531e-2f,
                                       2.06390887954e-2f, -5.70498872745e-3f});
    return select(isGreater(constant(0.625f), absf(x)), fma(mulf(series, square), x, x),
                  fma(constant(2), sigmoid(addf(x, x)), constant(-1)));
  }
  case cnn::ActivationKind::exp:
    return exp(x);
  case cnn::ActivationKind::log:
    return logAny(x);
  case cnn::ActivationKind::sqrt:
    return sqrtf(x);
  case cnn::ActivationKind::abs:
    return absf(x);
  case cnn::ActivationKind::erf:
    return erf(x);
  case cnn::ActivationKind::gelu: {
    constexpr float kSqrtHalf = 0.707106781f;
    return mulf(mulf(x, constant(0.5f)), addf(constant(1), erf(mulf(x, constant(kSqrtHalf)))));
  }
  case cnn::ActivationKind::elu:
    return select(isGreater(x, constant(0)), x,
                  mulf(constant(act->param(0)), subf(exp(minf(x, constant(0))), constant(1))));
  case cnn::ActivationKind::softplus: {
    // max(x, 0) + ln(1 + e), e = e^-|x|; where 1 + e rounds, the logarithm is corrected for it.
    Value e = exp(subf(constant(0), absf(x))), u = addf(constant(1), e);
    Value lost = subf(e, subf(u, constant(1)));
    return addf(maxf(x, constant(0)), addf(log(u), divf(lost, u)));
  }
  }
  llvm_unreachable("all activations are handled");
}
