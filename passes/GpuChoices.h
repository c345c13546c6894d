// What choose-gpu-kernels chooses for, and what its choices are written with.
#ifndef INCC_PASSES_GPUCHOICES_H
#define INCC_PASSES_GPUCHOICES_H

#include "ir/GpuPlan.h"
#include "ir/GpuTarget.h"
#include "mlir/IR/Builders.h"

namespace incc {

/// What is chosen for, and what may be chosen.
struct GpuChoices {
  const Gpu &gpu;
  GpuArithmetic arithmetic;
  /// Outputs of a row of Winograd's tiles, at most.
  int64_t winogradOutputs;
  /// Halide compiles the kernels.
  bool byHalide = false;
};

inline int64_t bytesOfFloats(int64_t count) { return count * int64_t(sizeof(float)); }

inline int64_t elementsOf(plan::MapType map) { return map.n() * map.c() * map.h() * map.w(); }

inline void setCycles(plan::KernelOp kernel, double cycles) {
  kernel.setCyclesAttr(mlir::Builder(kernel.getContext()).getF64FloatAttr(cycles));
}

/// Launches a kernel that is bound by memory in so many blocks.
void setLaunch(plan::KernelOp kernel, int64_t blocks, const Gpu &gpu,
               llvm::ArrayRef<int64_t> weightsBytes = {}, GpuLaunch launch = {});

/// A fully connected layer.
llvm::LogicalResult chooseGpuLinear(plan::KernelOp kernel, const GpuChoices &choices);

/// The tile of a direct convolution whose threads read the input themselves, as Halide makes it
/// (ChooseGpuRegisterTile.cpp).
GpuConvConfig chooseRegisterTile(const ConvShape &shape, const Gpu &gpu);

/// A convolution, which may become several kernels (ChooseGpuConv.cpp).
llvm::LogicalResult chooseGpuConv(plan::KernelOp kernel, const GpuChoices &choices);

} // namespace incc

#endif // INCC_PASSES_GPUCHOICES_H
