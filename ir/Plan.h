// The plan dialect's C++ interface.
#ifndef INCC_IR_PLAN_H
#define INCC_IR_PLAN_H

#include "ir/Cnn.h"
#include "ir/StageCost.h"

#include "ir/PlanDialect.h.inc"
#define GET_TYPEDEF_CLASSES
#include "ir/PlanTypes.h.inc"
#define GET_OP_CLASSES
#include "ir/PlanOps.h.inc"

namespace incc {

namespace plan {
/// Kind of the kernels that pack a filter which is known only when the network runs.
constexpr llvm::StringLiteral kPackFilterKind = "plan.pack_filter";

/// Bytes of a thread's own memory that `kernel` works in: `scratch_bytes` of its config.
int64_t scratchBytes(KernelOp kernel);

/// Whole cycles, of which six digits count: more of them MLIR prints as hexadecimal numbers.
mlir::FloatAttr cyclesAttr(mlir::MLIRContext *context, double cycles);

/// The modelled cycles of `kernel`, 0 where nobody set them.
double cyclesOf(KernelOp kernel);

/// Its tasks, which share these cycles evenly.
KernelTasks tasksOf(KernelOp kernel);

/// Erases a kernel, and its stage where that has no other.
void eraseKernel(KernelOp kernel);
} // namespace plan

/// `a / b` rounded up, for positive numbers.
inline int64_t ceilDiv(int64_t a, int64_t b) { return (a + b - 1) / b; }

} // namespace incc

#endif // INCC_IR_PLAN_H
