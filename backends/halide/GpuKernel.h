// A GPU kernel as a Halide pipeline: what each thread of each block stores.
#ifndef INCC_BACKENDS_HALIDE_GPUKERNEL_H
#define INCC_BACKENDS_HALIDE_GPUKERNEL_H

#include "backends/halide/GpuCode.h"
#include "backends/halide/HalideKernel.h"

namespace incc {

/// Collects what an emitter says of a kernel. Operands are arrays of floats; the result is a Func whose
/// one update stores a value at an offset for each point of a domain, the last two dimensions of which
/// are the threads and the blocks. So blocks, threads and what is stored are the plan's, whatever the
/// shape of the map, and every loop has constant bounds.
class HalideGpuKernel {
public:
  HalideGpuKernel(plan::KernelOp kernel, llvm::StringRef symbol);

  plan::KernelOp kernel;
  const KernelParams params;
  const int64_t numThreads, numBlocks;

  plan::MapType inputMap(unsigned i);
  plan::MapType outputMap();

  /// The float at an offset of an operand.
  Halide::Expr input(unsigned i, Halide::Expr at);
  Halide::Expr weights(unsigned i, Halide::Expr at);
  /// Promises that an operand begins at a multiple of 16 bytes; weights do.
  void alignOperand(unsigned i);

  Halide::Func func(llvm::StringRef name);
  Halide::RDom domain(llvm::StringRef name, llvm::ArrayRef<int64_t> extents);
  /// The domain of what is stored: dimensions of a thread's own, threads (all, or some), blocks.
  Halide::RDom points(llvm::ArrayRef<int64_t> ofThread, int64_t threads);

  /// Stores `value` at an offset of the output for each of `points`. A thread's own dimensions are
  /// written out, or loops where there are many.
  void store(const Halide::RDom &points, Halide::Expr at, Halide::Expr value);

  // After `store`: where Funcs are computed.
  /// In a thread's registers.
  void perThread(Halide::Func func);
  /// In the shared memory of a block, by the threads that `thread` counts.
  void perBlock(Halide::Func func, Halide::Var thread);

  // What was collected.
  std::vector<Halide::Argument> arguments;
  Halide::Func out;

private:
  Halide::ImageParam operand(unsigned i);

  std::string symbol;
  std::vector<Halide::ImageParam> operands;
  unsigned numNames = 0;
  std::string threads, blocks;
};

/// `0 <= a < b` by one comparison. Halide does not look through it: bounds of what is computed for some
/// of a block's threads would be no constants, or none.
Halide::Expr isBelow(Halide::Expr a, int64_t b);
/// `a / b` and `a % b` of what is never negative, as machines divide.
Halide::Expr divide(Halide::Expr a, int64_t b);
Halide::Expr remainder(Halide::Expr a, int64_t b);

/// An element of a map by its number: its image and its place in that, and its coordinates.
struct GpuElement {
  GpuElement(plan::MapType map, Halide::Expr number);

  plan::MapType map;
  Halide::Expr n, inImage;
  Halide::Expr c() const { return divide(inImage, map.h() * map.w()); }
  Halide::Expr y() const { return remainder(divide(inImage, map.w()), map.h()); }
  Halide::Expr x() const { return remainder(inImage, map.w()); }
  /// Its offset in a map of the same shape.
  Halide::Expr in(plan::MapType other) const;
};

/// The offset of an element in a map.
Halide::Expr offsetIn(plan::MapType map, Halide::Expr n, Halide::Expr c, Halide::Expr y,
                      Halide::Expr x);

/// Which of its elements a thread computes: element `i` of kElementsPerThread.
struct GpuPlace {
  Halide::Expr i, thread, block;
};

/// The element of output 0 at a place; beyond the last one, the last.
GpuElement elementAt(HalideGpuKernel &k, const GpuPlace &place);

/// Stores what `compute` gives for each element of output 0.
void forEachElement(HalideGpuKernel &k, llvm::function_ref<Halide::Expr(const GpuPlace &)> compute);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_GPUKERNEL_H
