// The LLVM backend: from a plan to a library.
#ifndef INCC_BACKENDS_LLVM_BACKEND_H
#define INCC_BACKENDS_LLVM_BACKEND_H

#include "backends/llvm/Codegen.h"
#include "mlir/IR/BuiltinOps.h"

namespace incc {

/// Writes the library and header for the plan in `module` to `outputPath` (.so, .a or .o). Weights
/// are released as they are written. Emits diagnostics on failure.
mlir::LogicalResult writeModelLibrary(mlir::ModuleOp module, const CodegenOptions &options,
                                      llvm::StringRef outputPath);

/// Prints the code of all kernels as `options.kind` says.
mlir::LogicalResult printKernels(plan::ProgramOp program, const CodegenOptions &options,
                                 llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_BACKEND_H
