// The table of Halide's GPU emitters: one row per kind of kernel.
#ifndef INCC_BACKENDS_HALIDE_GPUEMITTERS_H
#define INCC_BACKENDS_HALIDE_GPUEMITTERS_H

#include "backends/halide/GpuKernel.h"

namespace incc {

struct HalideGpuEmitter {
  llvm::StringRef kind;
  void (*emit)(HalideGpuKernel &kernel);
};

/// Null if no row has that kind.
const HalideGpuEmitter *findHalideGpuEmitter(llvm::StringRef kind);

namespace halide_gpu {
using Halide::Expr;
using Halide::Func;
using Halide::RDom;
using Halide::RVar;
using Halide::Var;

// By op family. Weights lie as they do for the CUDA backend, whose packers are used.
void emitConv2d(HalideGpuKernel &k);
void emitLinear(HalideGpuKernel &k);
void emitMaxPool(HalideGpuKernel &k);
void emitAvgPool(HalideGpuKernel &k);
void emitGlobalAvgPool(HalideGpuKernel &k);
void emitSoftmax(HalideGpuKernel &k);
void emitLrn(HalideGpuKernel &k);
void emitActivation(HalideGpuKernel &k);
void emitAdd(HalideGpuKernel &k);
void emitMul(HalideGpuKernel &k);
void emitScale(HalideGpuKernel &k);
void emitBinary(HalideGpuKernel &k);
void emitCopy(HalideGpuKernel &k);
void emitConstant(HalideGpuKernel &k);
void emitConcat(HalideGpuKernel &k);
void emitSlice(HalideGpuKernel &k);
void emitTranspose(HalideGpuKernel &k);
void emitTake(HalideGpuKernel &k);
} // namespace halide_gpu

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_GPUEMITTERS_H
