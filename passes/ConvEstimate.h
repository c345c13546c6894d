// What a convolution would cost in a plan, asked before there is one.
#ifndef INCC_PASSES_CONVESTIMATE_H
#define INCC_PASSES_CONVESTIMATE_H

#include "ir/StageCost.h"
#include "passes/ConvCandidates.h"
#include "passes/Pipeline.h"

namespace incc {

/// A convolution without bias, residual and activation.
struct ConvGeometry {
  /// N x C x H x W and K x C x KH x KW, not in groups.
  llvm::SmallVector<int64_t, 4> input, filter;
  llvm::SmallVector<int64_t, 4> pads = {0, 0, 0, 0};
  llvm::SmallVector<int64_t, 2> strides = {1, 1}, dilations = {1, 1};
  /// The input lies in planes, not in blocks of channels (assign-layout).
  bool isPlanar = false;

  explicit ConvGeometry(cnn::Conv2dOp conv);
  /// N x K x OH x OW.
  llvm::SmallVector<int64_t, 4> output() const;
  double macs() const;
};

/// The cheapest candidate for a convolution by the model.
ConvCandidate estimateConv(mlir::MLIRContext *context, const ConvGeometry &geometry,
                           const Goal &goal);

/// Its tasks.
KernelTasks estimateTasks(mlir::MLIRContext *context, const ConvGeometry &geometry,
                          const Goal &goal);

/// Seconds that the cheapest candidate of each convolution takes on this machine.
std::vector<double> measureConvs(mlir::MLIRContext *context, llvm::ArrayRef<ConvGeometry> convs,
                                 const Goal &goal, const TuneOptions &tune, int64_t networkBytes);

} // namespace incc

#endif // INCC_PASSES_CONVESTIMATE_H
