// A small vocabulary for writing kernels as MLIR: index arithmetic, loops, vectors of one register.
#ifndef INCC_BACKENDS_LLVM_KERNELBUILDER_H
#define INCC_BACKENDS_LLVM_KERNELBUILDER_H

#include "ir/Plan.h"
#include "ir/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"

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

/// Builds the body of one kernel: a function of flat float arrays, one per operand, and a range of
/// tasks. Operand arrays begin at the corner of their map's first plane (see `!plan.map`).
class KernelBuilder {
public:
  /// Starts function `name` in `module` for the operands of `kernel`.
  KernelBuilder(mlir::ModuleOp module, llvm::StringRef name, plan::KernelOp kernel,
                const Target &target);

  const Target &target;
  plan::KernelOp kernel;
  /// Floats in a vector register.
  const int64_t lanes;

  // Operands, as flat arrays.
  mlir::Value input(unsigned i) { return function.getArgument(i); }
  mlir::Value weights(unsigned i) { return function.getArgument(kernel.getInputs().size() + i); }
  mlir::Value output(unsigned i) {
    return function.getArgument(kernel.getInputs().size() + kernel.getWeights().size() + i);
  }
  /// The thread's own memory, `scratch_bytes` of it, aligned to 64 bytes, of any content.
  mlir::Value scratch();
  plan::MapType inputMap(unsigned i);
  plan::MapType outputMap(unsigned i);

  /// Runs `body` for each task of the range that the kernel is called with.
  void forEachTask(llvm::function_ref<void(Index task)> body);
  /// Ends the function.
  void finish();

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

  // Vectors of one register, and scalars.
  mlir::VectorType vectorType();
  mlir::Value splat(float value);
  /// A vector of the given lanes.
  mlir::Value constant(llvm::ArrayRef<float> values);
  mlir::Value select(mlir::Value condition, mlir::Value a, mlir::Value b);
  mlir::Value broadcast(mlir::Value scalar);
  mlir::Value loadVector(mlir::Value array, Index at);
  mlir::Value loadScalar(mlir::Value array, Index at);
  /// `array[at]` in every lane.
  mlir::Value loadBroadcast(mlir::Value array, Index at) {
    return broadcast(loadScalar(array, at));
  }
  /// A lane of `vector` in every lane.
  mlir::Value broadcastLane(mlir::Value vector, int64_t lane);
  void storeVector(mlir::Value vector, mlir::Value array, Index at);
  /// The first `count` lanes only.
  void storeLanes(mlir::Value vector, int64_t count, mlir::Value array, Index at);
  /// The first `count` lanes, the others `fill`.
  mlir::Value loadLanes(int64_t count, float fill, mlir::Value array, Index at);
  /// The first `count` lanes from `array[at + lane * stride]`.
  mlir::Value gatherStrided(mlir::Value array, Index at, int64_t stride, int64_t count);
  /// Indices in packed weights: floats that hold index + 1 in their bits, and are no denormals.
  static float tableEntry(int64_t index);
  Index loadTableEntry(mlir::Value table, Index at);
  /// The first `count` lanes from `array[base + entry * stride]`, an entry of the table from `at` on
  /// for each; `fill` where it is -1.
  mlir::Value gatherByTable(mlir::Value array, Index base, int64_t stride, mlir::Value table,
                            Index at, int64_t count, float fill);
  void storeScalar(mlir::Value scalar, mlir::Value array, Index at);
  /// Into all caches, or L2 and beyond only.
  void prefetch(mlir::Value array, Index at, bool toL1 = true);

  // Float arithmetic on vectors or scalars.
  mlir::Value addf(mlir::Value a, mlir::Value b);
  mlir::Value subf(mlir::Value a, mlir::Value b);
  mlir::Value mulf(mlir::Value a, mlir::Value b);
  mlir::Value divf(mlir::Value a, mlir::Value b);
  mlir::Value maxf(mlir::Value a, mlir::Value b);
  mlir::Value minf(mlir::Value a, mlir::Value b);
  /// `a * b + c`, fused where the ISA can.
  mlir::Value fma(mlir::Value a, mlir::Value b, mlir::Value c);
  mlir::Value sqrtf(mlir::Value a);
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
  mlir::Value absf(mlir::Value a);
  /// Sum or maximum over the lanes.
  mlir::Value reduceAdd(mlir::Value vector);
  mlir::Value reduceMax(mlir::Value vector);
  /// Lanes `offsets` of the concatenation of `a` and `b`.
  mlir::Value shuffle(mlir::Value a, mlir::Value b, llvm::ArrayRef<int64_t> offsets);
  /// An activation function of a vector.
  mlir::Value activate(std::optional<cnn::ActivationAttr> act, mlir::Value x);
  /// Whether an activation is a chain of many operations that each wait for the one before: of
  /// several vectors one after the other it leaves the processor idle.
  static bool isLongChain(std::optional<cnn::ActivationAttr> act);
  /// Applies an activation to `count` vectors, one after the other in memory.
  void activateInMemory(std::optional<cnn::ActivationAttr> act, mlir::Value array, Index at,
                        int64_t count);

  /// Offset of element (n, first channel of block cb, y, x) of a map.
  Index at(plan::MapType map, Index n, Index cb, Index y, Index x);

  /// Zeroes the halo of plane (n, cb) beside rows [y0, y1) and, where these are the first or last,
  /// above or below.
  void zeroHalo(mlir::Value array, plan::MapType map, Index n, Index cb, Index y0, Index y1);
  /// Zeroes `count` floats, a multiple of the map's block.
  void zero(mlir::Value array, Index at, int64_t count, int64_t block);

  mlir::OpBuilder builder;
  mlir::Location loc;

private:
  mlir::Value gather(mlir::Value array, Index base, mlir::Value offsets, mlir::Value mask,
                     mlir::Value otherwise);
  /// A mask of the first `count` lanes.
  mlir::Value firstLanes(int64_t count);
  mlir::Value isGreater(mlir::Value a, mlir::Value b);
  /// 1 + e^-x, the denominator of sigmoids.
  mlir::Value onePlusExpOfMinus(mlir::Value x);
  mlir::Value exp2OfBiased(mlir::Value biased);
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<float> coefficients);
  mlir::Value constantLike(mlir::Value like, float value);

  mlir::func::FuncOp function;
};

} // namespace incc

#endif // INCC_BACKENDS_LLVM_KERNELBUILDER_H
