// GPU kernels that Halide compiles: a module for each.
#include "backends/gpu/Codegen.h"
#include "backends/halide/GpuCode.h"

using namespace mlir;
using namespace incc;

LogicalResult incc::compileGpuKernelsByHalide(ArrayRef<DistinctKernel> kernels,
                                              const GpuCodegenOptions &options,
                                              GpuKernels &result) {
  for (const DistinctKernel &distinct : kernels) {
    plan::KernelOp kernel = distinct.kernel;
    if (!hasHalideGpuKernel(kernel.getKind()))
      return kernel.emitError("the Halide backend has no GPU kernel for '")
             << kernel.getKind() << "'";
    llvm::Expected<HalideGpuCode> code = compileHalideGpuKernel(
        kernel, distinct.symbol, options.gpu, options.kind == CodeKind::HalideStatements);
    if (!code)
      return kernel.emitError(llvm::toString(code.takeError()));
    result.symbols.push_back(std::move(code->entry));
    result.moduleOf.push_back(result.modules.size());
    result.modules.push_back({std::move(code->text), {}});
  }
  return success();
}
