// A small vocabulary for writing GPU kernels as MLIR: threads, memories, copies between them.
#ifndef INCC_BACKENDS_GPU_GPUBUILDER_H
#define INCC_BACKENDS_GPU_GPUBUILDER_H

#include "backends/llvm/CodeBuilder.h"
#include "ir/GpuPlan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"

namespace incc {

/// Builds one kernel: a function of pointers to global memory, one per operand. Maps are dense in
/// NCHW order but for slices of channels, which lie as far apart as the images that they are part
/// of.
class GpuBuilder : public CodeBuilder {
public:
  /// Starts function `name` in `module` for the operands of `kernel`.
  GpuBuilder(mlir::ModuleOp module, llvm::StringRef name, plan::KernelOp kernel);

  plan::KernelOp kernel;
  /// Threads of a block.
  const int64_t numThreads;

  // Operands.
  mlir::Value input(unsigned i) { return function.getArgument(i); }
  mlir::Value weights(unsigned i) { return function.getArgument(kernel.getInputs().size() + i); }
  mlir::Value output(unsigned i) {
    return function.getArgument(kernel.getInputs().size() + kernel.getWeights().size() + i);
  }
  plan::MapType inputMap(unsigned i);
  plan::MapType outputMap(unsigned i);

  /// The block's place in the grid, and the thread's in the block. Both are one-dimensional.
  Index block();
  Index thread();
  /// Ends the function.
  void finish();

  /// True if `0 <= a < b`: of a negative `a` the unsigned value is larger than any extent.
  mlir::Value isBelow(Index a, Index b);
  Index select(mlir::Value condition, Index a, Index b);
  /// The bits of a float as a number, and whether all of `bits` are among those of `set`.
  Index bitsOf(mlir::Value x);
  mlir::Value hasBits(Index set, Index bits);
  using CodeBuilder::select;

  // Memory. `at` and `further` count floats; constants are best given as `further`, which becomes
  // part of the instruction.
  mlir::Value load(mlir::Value array, Index at, int64_t further = 0);
  /// Four floats from an address that is a multiple of 16 bytes, or two from one of 8.
  mlir::Value loadFour(mlir::Value array, Index at, int64_t further = 0);
  mlir::Value loadTwo(mlir::Value array, Index at, int64_t further = 0);
  /// One float or four.
  void store(mlir::Value value, mlir::Value array, Index at, int64_t further = 0);
  /// The shared memory of the block, all of it.
  mlir::Value shared();

  // Four floats.
  mlir::Value zeros(bool four);
  mlir::Value splat(mlir::Value scalar);
  mlir::Value extract(mlir::Value four, int64_t i);
  mlir::Value joinFour(llvm::ArrayRef<mlir::Value> scalars);
  mlir::Value constant(float value);

  /// Waits for all threads of the block, and makes what they stored in shared memory visible.
  void barrier();
  /// Copies one float or four to shared memory in the background; zeros where `valid` is given and
  /// false: then nothing is read.
  void copyToShared(mlir::Value global, Index from, int64_t fromFurther, mlir::Value shared,
                    Index to, int64_t toFurther, int64_t floats, mlir::Value valid = {});
  /// Ends a group of copies.
  void commitCopies();
  /// Waits for this thread's copies but for those of the last `groups` groups.
  void waitForCopies(int64_t groups);
  /// The value of the lane whose number differs by the bits of `mask`.
  mlir::Value shuffleXor(mlir::Value value, int64_t mask);
  /// Rounds a float to the nearest tf32, ties away from zero. It comes as the bits of a float.
  mlir::Value roundToTf32(mlir::Value x);
  /// The bits of a float, and the float of bits.
  mlir::Value toBits(mlir::Value x);
  mlir::Value fromBits(mlir::Value bits);
  /// sums += filter * pixels of a warp on its tensor cores: 16 x 8 (the bits of four floats a lane)
  /// times 8 x 8 (two) into 16 x 8 floats (four), in the fragments of PTX's mma.m16n8k8.
  void multiplyFragments(llvm::ArrayRef<mlir::Value> filter, llvm::ArrayRef<mlir::Value> pixels,
                         llvm::MutableArrayRef<mlir::Value> sums);
  /// The sum or maximum over the lanes of a warp, in all of them.
  mlir::Value warpSum(mlir::Value value);
  mlir::Value warpMax(mlir::Value value);

  /// Offset of an element in a map.
  Index at(plan::MapType map, Index n, Index c, Index y, Index x);

private:
  mlir::Value integer(Index index);
  mlir::Value address(mlir::Value array, Index at, int64_t further);
  mlir::Value intrinsic(llvm::StringRef name, mlir::Type type, mlir::ValueRange operands);

  mlir::func::FuncOp function;
};

} // namespace incc

#endif // INCC_BACKENDS_GPU_GPUBUILDER_H
