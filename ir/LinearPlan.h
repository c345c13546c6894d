// How a fully connected layer is cut into tiles.
#ifndef INCC_IR_LINEARPLAN_H
#define INCC_IR_LINEARPLAN_H

#include "ir/Plan.h"
#include "ir/Target.h"

namespace incc {

/// The numbers that a fully connected kernel depends on, read from a `plan.kernel`.
struct LinearShape {
  explicit LinearShape(plan::KernelOp kernel);

  plan::MapType in, out;
  /// Null without a residual operand.
  plan::MapType residual;
  bool hasBias;

  int64_t outputs() const { return out.c(); }
  /// Inputs of an image as they lie in memory, padding lanes of the last block included.
  int64_t steps() const { return in.channelBlocks() * in.getBlock() * in.h() * in.w(); }
  int64_t packedWeightSize(int64_t lanes) const {
    return ceilDiv(outputs(), lanes) * lanes * steps();
  }
};

struct LinearConfig {
  /// Images and blocks of outputs in a register tile; a task computes one column of tiles.
  int64_t tileImages = 1, tileBlocks = 1;

  mlir::DictionaryAttr toAttr(mlir::MLIRContext *context,
                              llvm::ArrayRef<int64_t> weightsBytes) const;
  static LinearConfig fromAttr(mlir::DictionaryAttr attr);
};

} // namespace incc

#endif // INCC_IR_LINEARPLAN_H
