// What the Halide backend makes of a kernel: functions, and how a task calls them.
#ifndef INCC_BACKENDS_HALIDE_HALIDECODE_H
#define INCC_BACKENDS_HALIDE_HALIDECODE_H

#include "ir/Plan.h"
#include "ir/Target.h"
#include "llvm/Support/Error.h"
#include <optional>

namespace incc {

/// Tasks are the points of a box: task `t` has index `t / (counts of the axes before) % count` along
/// an axis. Index `i` stands for elements [i * step, min((i + 1) * step, extent)).
struct TaskAxis {
  int64_t count, step, extent;
  /// The last index has a function of its own.
  bool lastDiffers = false;
  /// Not 0: a task walks through some of the indices, all of them split evenly among so many tasks.
  int64_t walks = 0;

  int64_t lastStep() const { return extent - (count - 1) * step; }
  int64_t numTasks() const { return walks ? walks : count; }
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

/// Tiles of a map's pixels, which the tasks of an axis write from row to row and image to image. The
/// first of a row of tiles stands for the halo beside it.
struct TileRows {
  unsigned axis;
  int64_t across, down;
  /// Rows of pixels in a tile; the last tiles overlap others where it does not divide the map.
  int64_t height;
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
  /// Not the dimensions but tiles say which rows: of an output of (lane, x, y, plane, n).
  std::optional<TileRows> haloTiles;
};

/// A function for those tasks that are, or are not, the last of the axes where that matters. Of
/// several for the same tasks one is called after the other.
struct HalideVariant {
  std::string symbol;
  /// Called once, before the task walks along an axis; `lastAxes` does not matter then.
  bool isPrologue = false;
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

enum class HalideOutput { Assembly, Statements };

/// Whether Halide's kernels are known to work on an instruction set.
bool isHalideTarget(const Isa &isa);

/// Why `kernel` can't be compiled by Halide for `target`; success where it can.
llvm::Error checkHalideKernel(plan::KernelOp kernel, const Target &target);

/// Lowers a kernel that passed the check. Symbols begin with `symbol`. `codegen` is the instruction
/// set to generate code for, which may have narrower registers than the plan's. Halide numbers names as
/// they come and sorts by them: equal kernels in equal order give equal code.
llvm::Expected<HalideCode> lowerHalideKernel(plan::KernelOp kernel, llvm::StringRef symbol,
                                             const Target &target, const Isa &codegen);

/// Generates a text for each variant; several kernels in parallel. Assembly prefetches into all caches.
llvm::Error generateHalideCode(const HalideCode &kernel, HalideOutput output,
                               std::vector<std::string> &texts);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_HALIDECODE_H
