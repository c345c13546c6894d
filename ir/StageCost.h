// What a stage costs: the runtime's parallel loop over its kernels' tasks, simulated.
#ifndef INCC_IR_STAGECOST_H
#define INCC_IR_STAGECOST_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <cstdint>

namespace incc {

/// A kernel as the loop sees it: equal tasks.
struct KernelTasks {
  int64_t count;
  /// Cycles of one of them.
  double cycles;
};

/// Cycles from the begin of a parallel loop over the tasks of `kernels`, which are numbered one
/// after another, to the end of its last task: runtime/Loop.c on `threads` cores, event by event.
/// Of threads that want tasks at the same time the first one gets them first.
/// `visit` sees each range of tasks that a thread begins, and when.
double simulateLoop(
    llvm::ArrayRef<KernelTasks> kernels, unsigned threads,
    llvm::function_ref<void(unsigned thread, int64_t beginTask, int64_t endTask, double time)>
        visit = nullptr);

/// What a stage takes on `threads` cores.
struct StageModel {
  unsigned threads = 1;
  /// What its end costs: 85 ns, as measured on two cores.
  double barrierCycles = 300;
  /// Part of a thread's work that kernels which share the stage cost each other in the caches: what
  /// stages of one kernel were faster by where the loop alone gained nothing.
  double sharing = 0.03;

  /// Cycles from its begin to its end.
  double cycles(llvm::ArrayRef<KernelTasks> kernels) const;
};

} // namespace incc

#endif // INCC_IR_STAGECOST_H
