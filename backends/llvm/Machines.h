// LLVM's code generators, for those who make a TargetMachine.
#ifndef INCC_BACKENDS_LLVM_MACHINES_H
#define INCC_BACKENDS_LLVM_MACHINES_H

#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/Error.h"

namespace incc {

/// The code generator for `triple`, initialized with what is in ir/Target.h's table of
/// architectures.
llvm::Expected<const llvm::Target *> findCodeGenerator(llvm::StringRef triple);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_MACHINES_H
