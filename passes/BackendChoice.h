// Which backend compiles a kernel where either may.
#ifndef INCC_PASSES_BACKENDCHOICE_H
#define INCC_PASSES_BACKENDCHOICE_H

#include "ir/ConvPlan.h"
#include "ir/KernelParams.h"
#include "ir/Target.h"
#include "passes/Pipeline.h"

namespace incc {

/// What the time of Halide's kernel is of that of LLVM's, by measurements; none for kinds and
/// instruction sets that were not measured, nor for convolutions.
std::optional<double> halideFactor(plan::KernelOp kernel, const Target &target);

/// The same of a direct convolution by LLVM; 1 where nothing was measured.
double halideConvFactor(const ConvConfig &config, const Target &target);

/// Whether the backends were compared on an instruction set.
bool areBackendsMeasured(const Isa &isa);

/// Gives each of `kernels`, which have a config and modelled cycles by LLVM and are no
/// convolutions, the backend with which it is faster, by the model or, with `tune.time`, by
/// measuring those that agree in all but their weights once. Writes why into the log of decisions.
void chooseBackends(plan::ProgramOp program, llvm::ArrayRef<plan::KernelOp> kernels,
                    const Target &target, unsigned threads, const TuneOptions &tune);

} // namespace incc

#endif // INCC_PASSES_BACKENDCHOICE_H
