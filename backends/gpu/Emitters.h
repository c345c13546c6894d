// The table of GPU kernel emitters: one row per kind of kernel.
#ifndef INCC_BACKENDS_GPU_EMITTERS_H
#define INCC_BACKENDS_GPU_EMITTERS_H

#include "backends/gpu/GpuBuilder.h"
#include "ir/KernelParams.h"

namespace incc {

struct GpuEmitter {
  llvm::StringRef kind;
  /// Writes the kernel's body.
  void (*emit)(GpuBuilder &builder);
  /// Lays out weights operand `index` as the kernel reads it; null where it is read as the network
  /// gives it.
  std::vector<float> (*pack)(plan::KernelOp kernel, unsigned index, llvm::ArrayRef<float> values);
};

/// Null if no row has that kind.
const GpuEmitter *findGpuEmitter(llvm::StringRef kind);

namespace gpu {

// By op family.
void emitConv2d(GpuBuilder &b);
std::vector<float> packConv2d(plan::KernelOp kernel, unsigned index, llvm::ArrayRef<float> values);
void emitDirectConv(GpuBuilder &b, const ConvShape &shape, const GpuConvConfig &config);
void emitSumSplits(GpuBuilder &b);
void emitWinogradInput(GpuBuilder &b);
void emitWinogradOutput(GpuBuilder &b);
std::vector<float> transformFilters(int64_t filters, int64_t channels, int64_t outputs,
                                    llvm::ArrayRef<float> values);
void emitLinear(GpuBuilder &b);
void emitMaxPool(GpuBuilder &b);
void emitAvgPool(GpuBuilder &b);
void emitGlobalAvgPool(GpuBuilder &b);
void emitSoftmax(GpuBuilder &b);
void emitLrn(GpuBuilder &b);
void emitActivation(GpuBuilder &b);
void emitAdd(GpuBuilder &b);
void emitMul(GpuBuilder &b);
void emitScale(GpuBuilder &b);
void emitBinary(GpuBuilder &b);
void emitCopy(GpuBuilder &b);
void emitConstant(GpuBuilder &b);
void emitConcat(GpuBuilder &b);
void emitSlice(GpuBuilder &b);
void emitTranspose(GpuBuilder &b);
void emitTake(GpuBuilder &b);
std::vector<float> packTake(plan::KernelOp kernel, unsigned index, llvm::ArrayRef<float> values);

/// An element of a map, as a thread finds it: its image and its place in that, and its coordinates.
class Element {
public:
  Element(GpuBuilder &b, plan::MapType map, Index number)
      : b(b), map(map), floats(map.c() * map.h() * map.w()), n(b.div(number, floats)),
        inImage(b.rem(number, floats)) {}

  Index c() const { return b.div(inImage, map.h() * map.w()); }
  Index y() const { return b.rem(b.div(inImage, map.w()), map.h()); }
  Index x() const { return b.rem(inImage, map.w()); }
  /// Its offset in a map of the same shape.
  Index in(plan::MapType other) const { return b.add(b.mul(n, other.imageStride()), inImage); }

private:
  GpuBuilder &b;
  plan::MapType map;
  int64_t floats;

public:
  /// The image, and the offset in it.
  Index n, inImage;
};

/// Stores what `compute` gives for each element of output 0; a thread has kElementsPerThread.
void forEachElement(GpuBuilder &b, llvm::function_ref<mlir::Value(const Element &element)> compute);

} // namespace gpu
} // namespace incc

#endif // INCC_BACKENDS_GPU_EMITTERS_H
