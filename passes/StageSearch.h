// Which kernels of a graph run side by side: dynamic programming over its endings.
#ifndef INCC_PASSES_STAGESEARCH_H
#define INCC_PASSES_STAGESEARCH_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <cstdint>
#include <vector>

namespace incc {

/// Kernels by their indices, in the order in which the stage's loop numbers their tasks.
using Stage = llvm::SmallVector<unsigned, 8>;

struct CostedStage {
  Stage kernels;
  double cycles = 0;
};

struct Schedule {
  std::vector<CostedStage> stages;
  double cycles() const;
};

/// The order that costs least, and its cost; `kernels` are independent and in program order.
using StageCost = llvm::function_ref<CostedStage(llvm::ArrayRef<unsigned> kernels)>;

/// One stage for each of `numKernels` kernels, in their order.
Schedule sequentialSchedule(unsigned numKernels, StageCost cost);

/// The schedule of least cost of at most 64 kernels, whose `predecessors` (bit masks) all come
/// before them, with at most `mostKernels` in a stage. After Ding et al., IOS (MLSys 2021): the
/// best way to run a set of kernels ends with one of the sets that nothing else in it depends on,
/// and begins with the best way to run the others. Of graphs with more than 10 kernels side by side, or
/// thousands of sets, only some are looked at. Equal costs leave the order as it was. Never costs more
/// than the sequential schedule.
Schedule findSchedule(llvm::ArrayRef<uint64_t> predecessors, unsigned mostKernels, StageCost cost);

} // namespace incc

#endif // INCC_PASSES_STAGESEARCH_H
