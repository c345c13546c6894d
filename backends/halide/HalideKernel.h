// A kernel as Halide pipelines: one for each of the shapes that its tasks have.
#ifndef INCC_BACKENDS_HALIDE_HALIDEKERNEL_H
#define INCC_BACKENDS_HALIDE_HALIDEKERNEL_H

#include "backends/halide/HalideCode.h"
#include "backends/halide/Prefetch.h"
#include "ir/ConvPlan.h"
#include "ir/KernelParams.h"
#include <Halide.h>

namespace incc {

/// Collects what an emitter says of a kernel: the axes of its tasks, then for each variant the
/// operands that the pipeline reads and the Funcs that it writes.
///
/// Maps are boxes of (lane, x, y, plane, n), or of (i, y, plane, n) where lanes and columns of a row
/// are one run of floats; coordinates of the halo lie outside [0, extent).
class HalideKernel {
public:
  HalideKernel(plan::KernelOp kernel, llvm::StringRef symbol, const Target &target);

  plan::KernelOp kernel;
  const Target &target;
  const KernelParams params;
  /// Floats in a vector of the plan: the block of channels of blocked maps.
  const int64_t lanes;

  plan::MapType inputMap(unsigned i);
  plan::MapType outputMap(unsigned i);

  /// Adds an axis of tasks, the fastest first.
  unsigned addAxis(TaskAxis axis);
  /// An axis of `count` tasks of one element.
  unsigned addAxis(int64_t count) { return addAxis({count, 1, count}); }

  /// Builds the pipeline of each variant, after the axes were added. What is built first is called
  /// first.
  void forEachVariant(llvm::function_ref<void()> build);
  /// Builds a pipeline that a task runs before it walks along an axis.
  void addPrologue(llvm::function_ref<void()> build);
  /// In a variant: whether its tasks are the last ones of an axis. Only asked of axes whose last
  /// index differs.
  bool isLast(unsigned axis) const;
  /// Elements of the variant's tasks along an axis whose last index differs.
  int64_t stepOf(unsigned axis) const;

  // In a variant: operands.
  using Dims = llvm::SmallVector<HalideDim, 6>;
  Halide::ImageParam input(unsigned i, const Dims &dims, const HalideOrigin &origin);
  Halide::ImageParam weights(unsigned i, const Dims &dims, const HalideOrigin &origin = 0);
  /// A whole input map.
  Halide::ImageParam inputBox(unsigned i);
  Halide::ImageParam inputRuns(unsigned i);
  /// `func` writes output `i`, whose rows `rowDim` counts. Where there is a halo, the first Func that
  /// writes an output stands for it.
  void output(unsigned i, Halide::Func func, const Dims &dims, const HalideOrigin &origin,
              unsigned rowDim = 2);

  /// The output's halo is zeroed with the rows of these tiles.
  void zeroHaloOf(const TileRows &tiles) {
    variants.back().description.arguments.back().haloTiles = tiles;
  }

  /// `func` lies in the task's scratch memory, for other outputs or pipelines to read.
  void scratch(Halide::Func func, const Dims &dims, const HalideOrigin &origin);
  /// What an earlier pipeline of the task left there.
  Halide::ImageParam scratchInput(const Dims &dims, const HalideOrigin &origin);
  void prefetch(PrefetchStream stream) { variants.back().prefetches.push_back(std::move(stream)); }

  /// Names are unique in the process, so that code doesn't depend on what was compiled before.
  std::string uniqueName(llvm::StringRef name);
  Halide::Func func(llvm::StringRef name);
  Halide::RDom domain(llvm::StringRef name, llvm::ArrayRef<int64_t> extents);

  // What was collected.
  llvm::SmallVector<TaskAxis, 4> axes;
  struct Variant {
    HalideVariant description;
    std::vector<Halide::Argument> inputs;
    std::vector<Halide::Func> outputs;
    std::vector<PrefetchStream> prefetches;
  };
  std::vector<Variant> variants;

private:
  HalideVariant &addVariant();
  HalideArgument &write(unsigned operand, Halide::Func func, const Dims &dims,
                        const HalideOrigin &origin);
  Halide::ImageParam read(unsigned operand, const Dims &dims, const HalideOrigin &origin);

  std::string symbol;
  unsigned numNames = 0;
};

/// The dimensions of a map as a box, and as runs of floats.
HalideKernel::Dims boxOf(plan::MapType map);
HalideKernel::Dims runsOf(plan::MapType map);
/// A vector of features: a planar map of one pixel. It is a run of its channels.
bool isVector(plan::MapType map);

/// An activation function, in single precision.
Halide::Expr activate(std::optional<cnn::ActivationAttr> act, Halide::Expr x);
/// x^y as C's powf has it.
Halide::Expr power(Halide::Expr x, Halide::Expr y);
/// A binary op.
Halide::Expr binary(cnn::BinaryKind kind, Halide::Expr x, Halide::Expr y);
/// base^-exponent, of positive numbers.
Halide::Expr inverseRoot(Halide::Expr base, float exponent);
/// The index that a float of a table stands for: its bits are index + 1 under an exponent of 1, so that
/// it is no denormal.
Halide::Expr tableEntry(Halide::Expr entry);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_HALIDEKERNEL_H
