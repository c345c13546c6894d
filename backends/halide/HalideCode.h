// What the Halide backend makes of a kernel: functions, and how a task calls them.
#ifndef INCC_BACKENDS_HALIDE_HALIDECODE_H
#define INCC_BACKENDS_HALIDE_HALIDECODE_H

#include "ir/Plan.h"
#include "ir/Target.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

namespace incc {

/// Tasks are the points of a box: task `t` has index `t / (counts of the axes before) % count` along
/// an axis. Index `i` stands for elements [i * step, min((i + 1) * step, extent)).
struct TaskAxis {
  int64_t count, step, extent;
  /// The last index has a function of its own.
  bool lastDiffers = false;

  int64_t lastStep() const { return extent - (count - 1) * step; }
};

/// A dimension of an operand as a Halide function sees it.
struct HalideDim {
  int64_t extent, stride;
  /// The first coordinate; with an axis the first one of the task's part.
  int64_t min = 0;
  /// The axis of tasks whose part this is of the dimension; none: all of it.
  int axis = -1;
  /// Coordinates from one index along the axis to the next.
  int64_t step = 1;
  /// The extent is that of the task along the axis, and `extent` only the most that it can be.
  bool extentVaries = false;
};

/// Where coordinates of zero lie, in floats from an operand's corner.
struct HalideOrigin {
  HalideOrigin(int64_t floats, llvm::ArrayRef<std::pair<unsigned, int64_t>> steps = {})
      : floats(floats), steps(steps) {}

  int64_t floats;
  /// Axes of tasks that no dimension counts, and the floats from one index along them to the next.
  llvm::SmallVector<std::pair<unsigned, int64_t>, 4> steps;
};

/// An argument of a Halide function: a box within operand `operand` of the kernel.
struct HalideArgument {
  unsigned operand;
  HalideOrigin origin = 0;
  llvm::SmallVector<HalideDim, 6> dims;
  bool isOutput = false;
  /// The map of an output in whose halo the task writes zeros; null: none.
  plan::MapType haloOf;
  /// The dimension that counts its rows; those after it count planes.
  unsigned rowDim = 0;
};

/// A function for those tasks that are, or are not, the last of the axes where that matters.
struct HalideVariant {
  std::string symbol;
  /// Bit `a` is set where the index of axis `a` is the last one.
  unsigned lastAxes = 0;
  llvm::SmallVector<HalideArgument, 6> arguments;
};

/// Lowered pipelines.
struct HalideModules;

/// A kernel as C functions `int symbol(halide_buffer_t *...)`, which cannot fail.
struct HalideCode {
  llvm::SmallVector<TaskAxis, 4> axes;
  std::vector<HalideVariant> variants;
  /// What the variants' code is generated from.
  std::shared_ptr<HalideModules> modules;
};

enum class HalideOutput { Object, Assembly, Statements };

/// Whether Halide's kernels are known to work on an instruction set.
bool isHalideTarget(const Isa &isa);

/// Why `kernel` can't be compiled by Halide for `target`; success where it can.
llvm::Error checkHalideKernel(plan::KernelOp kernel, const Target &target);

/// Lowers a kernel that passed the check. Symbols begin with `symbol`. `codegen` is the instruction
/// set to generate code for, which may have narrower registers than the plan's. Halide numbers names as
/// they come and sorts by them: equal kernels in equal order give equal code.
llvm::Expected<HalideCode> lowerHalideKernel(plan::KernelOp kernel, llvm::StringRef symbol,
                                             const Target &target, const Isa &codegen);

/// Generates objects (or texts) that define the variants' symbols; several kernels in parallel.
llvm::Error generateHalideCode(const HalideCode &kernel, HalideOutput output,
                               std::vector<std::unique_ptr<llvm::MemoryBuffer>> &code);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_HALIDECODE_H
