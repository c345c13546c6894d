// Reading, making and freeing the constants that passes fold.
#ifndef INCC_PASSES_CONSTANTS_H
#define INCC_PASSES_CONSTANTS_H

#include "ir/Cnn.h"
#include "mlir/IR/PatternMatch.h"
#include "llvm/ADT/SetVector.h"

namespace incc {

/// The values of an operand, if it is a constant whose values are at hand.
class ConstantOperand {
public:
  explicit ConstantOperand(mlir::Value value);

  explicit operator bool() const { return isKnown; }
  llvm::ArrayRef<float> values() const { return data; }

private:
  std::vector<float> storage;
  llvm::ArrayRef<float> data;
  bool isKnown = false;
};

/// A constant of `shape` whose values `fill` writes, all of them. Location and the hint for its
/// blob's key come from `like`, a constant that it replaces, or `loc` where `like` is null.
mlir::Value createConstant(mlir::RewriterBase &rewriter, mlir::Location loc, mlir::Value like,
                           llvm::ArrayRef<int64_t> shape,
                           llvm::function_ref<void(llvm::MutableArrayRef<float>)> fill);

/// Constants that a rewrite may leave without a use. It adds their values before it erases any op.
class ConstantsToErase {
public:
  void add(mlir::Value value);
  void add(mlir::ValueRange values);

  /// Erases those without a use and frees their blobs at once, so that a network's weights are not
  /// held twice.
  void eraseUnused(mlir::RewriterBase &rewriter);

private:
  llvm::SmallSetVector<mlir::Operation *, 8> constants;
};

} // namespace incc

#endif // INCC_PASSES_CONSTANTS_H
