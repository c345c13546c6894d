// From a plan for a GPU to a library that runs on the host: kernels are from here or Halide's.
#ifndef INCC_BACKENDS_GPU_BACKEND_H
#define INCC_BACKENDS_GPU_BACKEND_H

#include "backends/gpu/Codegen.h"
#include "mlir/IR/BuiltinOps.h"

namespace incc {

/// Writes the library and header for the plan in `module` to `outputPath` (.so, .a or .o). Weights
/// are released as they are written. Emits diagnostics on failure.
mlir::LogicalResult writeGpuLibrary(mlir::ModuleOp module, const GpuCodegenOptions &options,
                                    llvm::StringRef outputPath);

/// Prints the code of all kernels as `options.kind` says.
mlir::LogicalResult printGpuKernels(plan::ProgramOp program, const GpuCodegenOptions &options,
                                    llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_BACKENDS_GPU_BACKEND_H
