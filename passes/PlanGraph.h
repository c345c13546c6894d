// What the kernels of a plan wait for.
#ifndef INCC_PASSES_PLANGRAPH_H
#define INCC_PASSES_PLANGRAPH_H

#include "ir/Plan.h"
#include "llvm/ADT/BitVector.h"

namespace incc {

/// The kernels of a program and, for each, those before it that must be done when it begins.
class PlanGraph {
public:
  explicit PlanGraph(plan::ProgramOp program);

  /// In program order.
  llvm::ArrayRef<plan::KernelOp> kernels() const { return list; }
  /// True if `later` needs, directly or through others, that `earlier` is done.
  bool dependsOn(unsigned later, unsigned earlier) const { return ancestors[later][earlier]; }
  /// The first kernels of blocks: what follows a block's last kernel needs all that comes before.
  /// Kernels of different blocks never run side by side. None has more than `mostKernels`, even if
  /// it must be cut where that is not so.
  llvm::SmallVector<unsigned> blocks(unsigned mostKernels) const;

private:
  std::vector<plan::KernelOp> list;
  std::vector<llvm::BitVector> ancestors;
};

/// The kernel that alone reads the buffer which `kernel` alone writes, once; null if there is none.
plan::KernelOp onlyReaderOf(plan::KernelOp kernel);

} // namespace incc

#endif // INCC_PASSES_PLANGRAPH_H
