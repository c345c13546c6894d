// The table of kernel emitters: one row per cnn op that becomes a kernel.
#ifndef INCC_BACKENDS_LLVM_EMITTERS_H
#define INCC_BACKENDS_LLVM_EMITTERS_H

#include "backends/llvm/KernelBuilder.h"
#include "ir/ConvPlan.h"
#include "ir/KernelParams.h"

namespace incc {

struct KernelEmitter {
  /// Name of the cnn op.
  llvm::StringRef kind;
  /// Writes the kernel's body.
  void (*emit)(KernelBuilder &builder);
  /// Lays out weights operand `index` as the kernel reads it; `values` as the network gives them.
  /// Null for ops without weights.
  std::vector<float> (*pack)(plan::KernelOp kernel, const Target &target, unsigned index,
                             llvm::ArrayRef<float> values);
};

/// Null if no row has that kind.
const KernelEmitter *findEmitter(llvm::StringRef kind);

// By op family.
void emitConv2d(KernelBuilder &b);
std::vector<float> packConv2d(plan::KernelOp kernel, const Target &target, unsigned index,
                              llvm::ArrayRef<float> values);
void emitWinograd(KernelBuilder &b);
void emitStrassen(KernelBuilder &b);
std::vector<float> packWinograd(const ConvShape &shape, const ConvConfig &config, int64_t lanes,
                                llvm::ArrayRef<float> values);
std::vector<float> packStrassen(const ConvShape &shape, const ConvConfig &config, int64_t lanes,
                                llvm::ArrayRef<float> values);
void emitLinear(KernelBuilder &b);
std::vector<float> packLinear(plan::KernelOp kernel, const Target &target, unsigned index,
                              llvm::ArrayRef<float> values);
void emitMaxPool(KernelBuilder &b);
void emitAvgPool(KernelBuilder &b);
void emitGlobalAvgPool(KernelBuilder &b);
/// The mean over a plane: sums that begin as zeros, to which each of its rows is added in order.
KernelBuilder::Values emptySums(KernelBuilder &b);
KernelBuilder::Values addRow(KernelBuilder &b, mlir::Value array, plan::MapType map, Index rowAt,
                             KernelBuilder::Values sums);
void storeMean(KernelBuilder &b, plan::MapType map, mlir::ValueRange sums, mlir::Value array,
               Index at);
void emitActivation(KernelBuilder &b);
void emitAdd(KernelBuilder &b);
void emitMul(KernelBuilder &b);
void emitScale(KernelBuilder &b);
void emitSoftmax(KernelBuilder &b);
void emitLrn(KernelBuilder &b);
void emitToLayout(KernelBuilder &b);
void emitSpaceToDepth(KernelBuilder &b);
void emitFlatten(KernelBuilder &b);
void emitConcat(KernelBuilder &b);
void emitSlice(KernelBuilder &b);
void emitBinary(KernelBuilder &b);
void emitReshape(KernelBuilder &b);
void emitTranspose(KernelBuilder &b);
void emitTake(KernelBuilder &b);
std::vector<float> packTake(plan::KernelOp kernel, const Target &target, unsigned index,
                            llvm::ArrayRef<float> values);
/// A filter that is known only when the network runs, packed as its convolution reads it.
void emitPackFilter(KernelBuilder &b);
std::vector<float> packFilterTable(plan::KernelOp kernel, const Target &target, unsigned index,
                                   llvm::ArrayRef<float> values);
/// A constant that an op reads as a map.
void emitConstant(KernelBuilder &b);
std::vector<float> packConstant(plan::KernelOp kernel, const Target &target, unsigned index,
                                llvm::ArrayRef<float> values);
/// A vector of values per channel, padded with zeros to whole blocks.
std::vector<float> packChannels(plan::KernelOp kernel, const Target &target, unsigned index,
                                llvm::ArrayRef<float> values);

} // namespace incc

#endif // INCC_BACKENDS_LLVM_EMITTERS_H
