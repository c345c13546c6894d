// Shape inference and folds of the elementwise ops and softmax.
#include "ir/CnnInfer.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

/// The result has the shape of the first operand.
#define INCC_INFER_SAME_SHAPE(OpT)                                                                 \
  LogicalResult OpT::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,           \
                                      ValueRange operands, DictionaryAttr, OpaqueProperties,       \
                                      RegionRange, SmallVectorImpl<Type> &types) {                 \
    return inferTensor(context, shapeOf(operands[0]), types);                                      \
  }

INCC_INFER_SAME_SHAPE(ActivationOp)
INCC_INFER_SAME_SHAPE(ScaleOp)
INCC_INFER_SAME_SHAPE(DropoutOp)
#undef INCC_INFER_SAME_SHAPE

static LogicalResult inferBinary(MLIRContext *context, std::optional<Location> loc, Value lhs,
                                 Value rhs, InferredTypes &types) {
  ArrayRef<int64_t> left = shapeOf(lhs), right = shapeOf(rhs);
  bool fits = left.size() == right.size();
  for (size_t i = 0; fits && i < left.size(); ++i)
    fits = left[i] == right[i] || right[i] == 1;
  // Broadcast only along whole suffixes: per image, per channel or everywhere.
  if (fits && left.size() == 4 && left != right)
    fits = right[2] == 1 && right[3] == 1;
  if (!fits)
    return emitOptionalError(loc, "operands must have equal shapes, or the right one N x C x 1 x 1 "
                                  "or 1 x C x 1 x 1, got ",
                             formatShape(left), " and ", formatShape(right));
  return inferTensor(context, left, types);
}

LogicalResult AddOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                      ValueRange operands, DictionaryAttr, OpaqueProperties,
                                      RegionRange, SmallVectorImpl<Type> &types) {
  return inferBinary(context, loc, operands[0], operands[1], types);
}

LogicalResult MulOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                      ValueRange operands, DictionaryAttr, OpaqueProperties,
                                      RegionRange, SmallVectorImpl<Type> &types) {
  return inferBinary(context, loc, operands[0], operands[1], types);
}

LogicalResult BinaryOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr, OpaqueProperties,
                                         RegionRange, SmallVectorImpl<Type> &types) {
  if (failed(checkRank(loc, operands[0], 4, "left operand")) ||
      failed(checkRank(loc, operands[1], 4, "right operand")))
    return failure();
  ArrayRef<int64_t> left = shapeOf(operands[0]), right = shapeOf(operands[1]);
  SmallVector<int64_t> out;
  for (auto [l, r] : llvm::zip_equal(left, right)) {
    if (l != r && l != 1 && r != 1)
      return emitOptionalError(loc, "operands must agree in each axis or be 1 there, got ",
                               formatShape(left), " and ", formatShape(right));
    out.push_back(l == 1 ? r : l);
  }
  return inferTensor(context, out, types);
}

LogicalResult SoftmaxOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                          ValueRange operands, DictionaryAttr, OpaqueProperties,
                                          RegionRange, SmallVectorImpl<Type> &types) {
  ArrayRef<int64_t> in = shapeOf(operands[0]);
  if (in.size() < 2)
    return emitOptionalError(loc, "input must have two dimensions or more, got ", formatShape(in));
  return inferTensor(context, in, types);
}

OpFoldResult ActivationOp::fold(FoldAdaptor) {
  return getAct().getKind() == ActivationKind::none && getType() == getInput().getType()
             ? OpFoldResult(getInput())
             : OpFoldResult();
}

OpFoldResult ScaleOp::fold(FoldAdaptor) {
  return getFactor().convertToDouble() == 1.0 && getType() == getInput().getType()
             ? OpFoldResult(getInput())
             : OpFoldResult();
}
