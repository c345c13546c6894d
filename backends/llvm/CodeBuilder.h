// The part of the kernels' vocabulary that knows nothing of memory: index arithmetic, control flow,
// functions of floats. Vectors and scalars are treated alike.
#ifndef INCC_BACKENDS_LLVM_CODEBUILDER_H
#define INCC_BACKENDS_LLVM_CODEBUILDER_H

#include "ir/Cnn.h"
#include "mlir/IR/Builders.h"

namespace incc {

/// A value of index type, or a constant that needs no op yet.
class Index {
public:
  Index(int64_t constant) : constant(constant) {}
  Index(mlir::Value value) : value(value) {}
  bool isConstant() const { return !value; }
  int64_t getConstant() const { return constant; }
  mlir::Value getValue() const { return value; }

private:
  mlir::Value value;
  int64_t constant = 0;
};

/// What a target does with floats in one instruction.
struct FloatInstructions {
  /// a * b + c.
  bool fma = false;
  /// Minima and maxima that pass NaNs on.
  bool maximum = false;
  /// Of 16 lanes: a * 2^floor(b), and a less the integer nearest to it (AVX-512).
  bool powersOfTwo = false;
};

class CodeBuilder {
public:
  CodeBuilder(mlir::MLIRContext *context, FloatInstructions instructions)
      : builder(context), loc(builder.getUnknownLoc()), instructions(instructions) {}

  // Index arithmetic; constants are folded.
  mlir::Value materialize(Index index);
  Index add(Index a, Index b);
  Index sub(Index a, Index b);
  Index mul(Index a, Index b);
  Index div(Index a, int64_t b);
  Index rem(Index a, int64_t b);
  Index min(Index a, Index b);
  Index max(Index a, Index b);
  mlir::Value isEqual(Index a, Index b);
  mlir::Value isLess(Index a, Index b);
  mlir::Value logicalAnd(mlir::Value a, mlir::Value b);
  /// The sum of any number of indices.
  template <typename... Rest> Index sum(Index a, Rest... rest) {
    if constexpr (sizeof...(rest) == 0)
      return a;
    else
      return add(a, sum(Index(rest)...));
  }

  // Control flow. A loop that runs once is not emitted, its body is.
  void loop(Index begin, Index end, int64_t step, llvm::function_ref<void(Index)> body);
  using Values = llvm::SmallVector<mlir::Value>;
  Values loop(Index begin, Index end, int64_t step, Values init,
              llvm::function_ref<Values(Index, Values)> body);
  void ifThen(mlir::Value condition, llvm::function_ref<void()> then);
  void ifThenElse(mlir::Value condition, llvm::function_ref<void()> then,
                  llvm::function_ref<void()> otherwise);

  // Float arithmetic.
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value addf(mlir::Value a, mlir::Value b);
  mlir::Value subf(mlir::Value a, mlir::Value b);
  mlir::Value mulf(mlir::Value a, mlir::Value b);
  mlir::Value divf(mlir::Value a, mlir::Value b);
  mlir::Value maxf(mlir::Value a, mlir::Value b);
  mlir::Value minf(mlir::Value a, mlir::Value b);
  /// `a * b + c`, fused where the ISA can.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value sqrtf(mlir::Value a);
  mlir::Value absf(mlir::Value a);
  mlir::Value toFloat(Index index);
  /// e^x to about 1 ulp, and natural logarithm of positive normal x.
  mlir::Value exp(mlir::Value x);
  mlir::Value log(mlir::Value x);
  /// Natural logarithm of any x: minus infinity of 0, NaN of negative numbers.
  mlir::Value logAny(mlir::Value x);
  /// x^y as C's powf has it; integer powers of negative x as well.
  mlir::Value pow(mlir::Value x, mlir::Value y);
  /// The error function, to 2e-7.
  mlir::Value erf(mlir::Value x);
  /// A function of two operands.
  mlir::Value binary(cnn::BinaryKind kind, mlir::Value x, mlir::Value y);
  mlir::Value activate(std::optional<cnn::ActivationAttr> act, mlir::Value x);

  mlir::OpBuilder builder;
  mlir::Location loc;

protected:
  mlir::Value constantLike(mlir::Value like, float value);

private:
  FloatInstructions instructions;

  mlir::Value isGreater(mlir::Value a, mlir::Value b);
  /// 1 + e^-x, the denominator of sigmoids.
  mlir::Value onePlusExpOfMinus(mlir::Value x);
  mlir::Value exp2OfBiased(mlir::Value biased);
  /// Whether there are instructions for the next two on such vectors.
  bool hasPowersOfTwo(mlir::Value like) const;
  /// x - round(x); 0 of infinities.
  mlir::Value distanceToInteger(mlir::Value x);
  /// x * 2^n of an integer n, or 0 or infinity.
  mlir::Value timesPowerOfTwo(mlir::Value x, mlir::Value n);
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<float> coefficients);
};

} // namespace incc

#endif // INCC_BACKENDS_LLVM_CODEBUILDER_H
