// What the Halide backend makes of a kernel for a GPU: its text, and how it is launched.
#ifndef INCC_BACKENDS_HALIDE_GPUCODE_H
#define INCC_BACKENDS_HALIDE_GPUCODE_H

#include "ir/GpuPlan.h"
#include "ir/GpuTarget.h"
#include "llvm/Support/Error.h"

namespace incc {

struct HalideGpuCode {
  /// OpenCL C or PTX.
  std::string text;
  /// The kernel's name in it. By CUDA it takes the address of each operand; by OpenCL a buffer and an
  /// offset in floats for each, and its local memory if it has some.
  std::string entry;
};

/// Whether Halide has a GPU kernel of that kind.
bool hasHalideGpuKernel(llvm::StringRef kind);

/// Compiles a kernel for the API of `gpu`. Symbols begin with `symbol`; calls are to be in a fixed
/// order, as for CPUs. With `statements` the text is Halide's, for people.
llvm::Expected<HalideGpuCode> compileHalideGpuKernel(plan::KernelOp kernel, llvm::StringRef symbol,
                                                     const Gpu &gpu, bool statements);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_GPUCODE_H
