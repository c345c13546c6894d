// Choosing among a convolution's candidates by measuring them.
#ifndef INCC_PASSES_TUNECONVS_H
#define INCC_PASSES_TUNECONVS_H

#include "passes/ConvCandidates.h"
#include "passes/Pipeline.h"

namespace incc {

/// Sets the config of every convolution of `convs` whose candidates it can measure in the time that
/// `options` gives, those with the most modelled cycles first, or that were measured earlier.
/// Convolutions that agree in all but their weights are measured once. Reports what it found in a
/// remark on `program`. The others have no config yet.
void tuneConvs(plan::ProgramOp program, llvm::ArrayRef<plan::KernelOp> convs, const Goal &goal,
               const TuneOptions &options);

} // namespace incc

#endif // INCC_PASSES_TUNECONVS_H
