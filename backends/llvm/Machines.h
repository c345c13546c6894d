// LLVM's code generators, for those who make a TargetMachine, and the passes that run before them.
#ifndef INCC_BACKENDS_LLVM_MACHINES_H
#define INCC_BACKENDS_LLVM_MACHINES_H

#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"
#include "llvm/Target/TargetMachine.h"

namespace incc {

/// The code generator for `triple`, initialized with what is in ir/Target.h's table of
/// architectures.
llvm::Expected<const llvm::Target *> findCodeGenerator(llvm::StringRef triple);

/// Runs LLVM's passes over kernels, which are vectorized and unrolled already: those of -O1, or of
/// -O2 where `optLevel` is 2 or more.
void optimizeKernels(llvm::Module &module, llvm::TargetMachine &machine, unsigned optLevel);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_MACHINES_H
