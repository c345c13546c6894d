// What kernels other than convolutions cost, in cycles of one core.
#ifndef INCC_PASSES_KERNELCOST_H
#define INCC_PASSES_KERNELCOST_H

#include "ir/Plan.h"
#include "ir/Target.h"

namespace incc {

/// Modelled cycles of one core for all tasks of a kernel whose config is chosen: of its arithmetic,
/// or of the bytes that it moves where those take longer. 0 for convolutions, whose candidates say
/// themselves what they cost (ConvCost.h), and for kinds that no row knows.
double kernelCycles(plan::KernelOp kernel, const Target &target);

} // namespace incc

#endif // INCC_PASSES_KERNELCOST_H
