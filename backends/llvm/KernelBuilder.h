// A small vocabulary for writing kernels as MLIR: beside that of CodeBuilder, arrays and vectors of one
// register.
#ifndef INCC_BACKENDS_LLVM_KERNELBUILDER_H
#define INCC_BACKENDS_LLVM_KERNELBUILDER_H

#include "backends/llvm/CodeBuilder.h"
#include "ir/Plan.h"
#include "ir/Target.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace incc {

/// Builds the body of one kernel: a function of flat float arrays, one per operand, and a range of
/// tasks. Operand arrays begin at the corner of their map's first plane (see `!plan.map`).
class KernelBuilder : public CodeBuilder {
public:
  /// Starts function `name` in `module` for the operands of `kernel`, which was planned for `target`, in
  /// the instructions of `isa`.
  KernelBuilder(mlir::ModuleOp module, llvm::StringRef name, plan::KernelOp kernel,
                const Target &target, const Isa &isa);

  const Target &target;
  plan::KernelOp kernel;
  /// Floats in a vector register.
  const int64_t lanes;

  // Operands, as flat arrays; `i` of all of them or of their kind.
  mlir::Value operand(unsigned i) { return function.getArgument(i); }
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
  /// Calls a function, which something else defines, with all arrays and these indices.
  void call(llvm::StringRef symbol, llvm::ArrayRef<Index> indices);
  /// Ends the function.
  void finish();

  // Vectors of one register, and scalars.
  mlir::VectorType vectorType();
  mlir::Value splat(float value);
  /// A vector of the given lanes.
  mlir::Value constant(llvm::ArrayRef<float> values);
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
  static Index tableIndex(CodeBuilder &b, mlir::Value entry);
  Index loadTableEntry(mlir::Value table, Index at);
  /// The first `count` lanes from `array[base + entry * stride]`, an entry of the table from `at` on
  /// for each; `fill` where it is -1.
  mlir::Value gatherByTable(mlir::Value array, Index base, int64_t stride, mlir::Value table,
                            Index at, int64_t count, float fill);
  void storeScalar(mlir::Value scalar, mlir::Value array, Index at);
  /// Into all caches, or L2 and beyond only.
  void prefetch(mlir::Value array, Index at, bool toL1 = true);

  /// Sum or maximum over the lanes.
  mlir::Value reduceAdd(mlir::Value vector);
  mlir::Value reduceMax(mlir::Value vector);
  /// Lanes `offsets` of the concatenation of `a` and `b`.
  mlir::Value shuffle(mlir::Value a, mlir::Value b, llvm::ArrayRef<int64_t> offsets);
  /// Applies an activation to `count` vectors, one after the other in memory.
  void activateInMemory(std::optional<cnn::ActivationAttr> act, mlir::Value array, Index at,
                        int64_t count);

  /// Offset of element (n, first channel of block cb, y, x) of a map.
  Index at(plan::MapType map, Index n, Index cb, Index y, Index x);

  /// Zeroes the halo of plane (n, cb) beside rows [y0, y1) and, where these are the first or last,
  /// above or below.
  void zeroHalo(mlir::Value array, plan::MapType map, Index n, Index cb, Index y0, Index y1);
  /// The same of the plane from `plane` floats on.
  void zeroHalo(mlir::Value array, plan::MapType map, Index plane, Index y0, Index y1);
  /// Zeroes `count` floats, a multiple of the map's block.
  void zero(mlir::Value array, Index at, int64_t count, int64_t block);

private:
  mlir::Value gather(mlir::Value array, Index base, mlir::Value offsets, mlir::Value mask,
                     mlir::Value otherwise);
  /// A mask of the first `count` lanes.
  mlir::Value firstLanes(int64_t count);

  mlir::func::FuncOp function;
};

} // namespace incc

#endif // INCC_BACKENDS_LLVM_KERNELBUILDER_H
