// From a kernel's MLIR to LLVM IR.
#ifndef INCC_BACKENDS_LLVM_LOWERING_H
#define INCC_BACKENDS_LLVM_LOWERING_H

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "mlir/IR/BuiltinOps.h"

namespace incc {

/// Lowers `module` (func, scf, arith, math, vector, memref) and translates it; null on failure,
/// after diagnostics. Indices become integers of `indexBits`. May run on several threads at once, on different modules.
std::unique_ptr<llvm::Module> lowerToLlvmIr(mlir::ModuleOp module, llvm::LLVMContext &context,
                                            unsigned indexBits = 64);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_LOWERING_H
