// From the kernels of a plan to GPU code: one function per distinct kernel.
#ifndef INCC_BACKENDS_GPU_CODEGEN_H
#define INCC_BACKENDS_GPU_CODEGEN_H

#include "backends/llvm/Codegen.h"
#include "ir/GpuTarget.h"

namespace incc {

/// The shared memory of a block: an array of which each launch says how long it is.
constexpr llvm::StringLiteral kSharedSymbol = "incc_shared";

struct GpuCodegenOptions {
  Gpu gpu;
  /// LLVM IR as it goes to the code generator, or PTX (`Assembly`, `Object`); of Halide's kernels their
  /// statements, or PTX or OpenCL C.
  CodeKind kind = CodeKind::Object;
  /// Passes of LLVM that run: 0 to 3.
  unsigned optLevel = 3;
  /// NVIDIA's assembler, which makes machine code of PTX; empty: the driver does so when it loads
  /// it.
  std::string ptxas;
};

/// Kernels that are compiled, and later loaded, together.
struct GpuModule {
  /// LLVM IR, PTX or OpenCL C.
  std::string text;
  /// Machine code for the GPU itself, where there is an assembler.
  std::string cubin;
};

struct GpuKernels {
  /// The kernels' names and what they are compiled in; which one each `plan.kernel` is.
  std::vector<std::string> symbols;
  std::vector<unsigned> moduleOf;
  llvm::DenseMap<mlir::Operation *, unsigned> indexOf;
  std::vector<GpuModule> modules;
};

/// Compiles by Halide, one after the other (HalideKernels.cpp). Emits diagnostics on failure.
llvm::LogicalResult compileGpuKernelsByHalide(llvm::ArrayRef<DistinctKernel> kernels,
                                              const GpuCodegenOptions &options,
                                              GpuKernels &result);

/// Compiles kernels, by LLVM in parallel. Emits diagnostics on failure.
mlir::FailureOr<GpuKernels> compileGpuKernels(llvm::ArrayRef<plan::KernelOp> kernels,
                                              const GpuCodegenOptions &options);

} // namespace incc

#endif // INCC_BACKENDS_GPU_CODEGEN_H
