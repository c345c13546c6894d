// Shape arithmetic shared by the cnn ops.
#ifndef INCC_IR_CNNINFER_H
#define INCC_IR_CNNINFER_H

#include "ir/Cnn.h"

namespace incc::cnn {

using InferredTypes = llvm::SmallVectorImpl<mlir::Type>;

/// The shape of a ranked float32 tensor operand.
inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) { return tensorType(value).getShape(); }

/// Adds a float32 tensor of `shape` to `types`.
mlir::LogicalResult inferTensor(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape,
                                InferredTypes &types);

/// "1x64x56x56"
std::string formatShape(llvm::ArrayRef<int64_t> shape);

/// Succeeds if `value` has `rank` dimensions, all static; else says so at `loc`.
mlir::LogicalResult checkRank(std::optional<mlir::Location> loc, mlir::Value value, int64_t rank,
                              llvm::StringRef what);

/// Succeeds if `list` has `count` entries, each at least `least`.
mlir::LogicalResult checkList(std::optional<mlir::Location> loc, llvm::ArrayRef<int64_t> list,
                              size_t count, int64_t least, llvm::StringRef what);

/// Number of windows of `kernel` (dilated) along an axis, at most 0 if none fits.
int64_t countWindows(int64_t extent, int64_t kernel, int64_t stride, int64_t padBefore,
                     int64_t padAfter, int64_t dilation = 1, bool ceilMode = false);

} // namespace incc::cnn

#endif // INCC_IR_CNNINFER_H
