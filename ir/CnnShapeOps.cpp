// Shape inference and folds of the ops that only move data.
#include "ir/CnnInfer.h"
#include "mlir/IR/Builders.h"

#define GET_OP_CLASSES
#include "ir/CnnOps.cpp.inc"
#include "ir/Plan.h"
#define GET_OP_CLASSES
#include "ir/PlanOps.cpp.inc"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

LogicalResult ConcatOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr, OpaqueProperties,
                                         RegionRange, SmallVectorImpl<Type> &types) {
  if (operands.empty())
    return emitOptionalError(loc, "concat needs at least one input");
  SmallVector<int64_t> out(shapeOf(operands[0]));
  if (out.size() < 2)
    return emitOptionalError(loc, "concat needs inputs of two dimensions or more, got ",
                             formatShape(out));
  for (auto [i, operand] : llvm::enumerate(operands.drop_front())) {
    ArrayRef<int64_t> shape = shapeOf(operand);
    bool fits = shape.size() == out.size();
    for (size_t d = 0; fits && d < out.size(); ++d)
      fits = d == 1 || shape[d] == out[d];
    if (!fits)
      return emitOptionalError(loc, "concat inputs must agree in all but the channels: input 0 is ",
                               formatShape(shapeOf(operands[0])), ", input ", i + 1, " is ",
                               formatShape(shape));
    out[1] += shape[1];
  }
  return inferTensor(context, out, types);
}

OpFoldResult ConcatOp::fold(FoldAdaptor) {
  return getInputs().size() == 1 && getInputs()[0].getType() == getType()
             ? OpFoldResult(getInputs()[0])
             : OpFoldResult();
}

LogicalResult SliceOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                        ValueRange operands, DictionaryAttr attributes,
                                        OpaqueProperties properties, RegionRange regions,
                                        SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  SmallVector<int64_t> out(shapeOf(op.getInput()));
  int64_t offset = op.getOffset(), count = op.getCount();
  if (out.size() < 2 || offset < 0 || count < 1 || offset > out[1] - count)
    return emitOptionalError(loc, "channels [", offset, ", ", offset + count,
                             ") are not inside the input ", formatShape(out));
  out[1] = count;
  return inferTensor(context, out, types);
}

OpFoldResult SliceOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

LogicalResult SpaceToDepthOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                               ValueRange operands, DictionaryAttr attributes,
                                               OpaqueProperties properties, RegionRange regions,
                                               SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  ArrayRef<int64_t> in = shapeOf(op.getInput());
  int64_t block = op.getBlock();
  if (in.size() != 4 || block < 1 || in[2] % block || in[3] % block)
    return emitOptionalError(loc, "height and width of the input ", formatShape(in),
                             " must be multiples of the block of ", block);
  return inferTensor(context, {in[0], in[1] * block * block, in[2] / block, in[3] / block}, types);
}

LogicalResult FlattenOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                          ValueRange operands, DictionaryAttr, OpaqueProperties,
                                          RegionRange, SmallVectorImpl<Type> &types) {
  RankedTensorType in = tensorType(operands[0]);
  if (!in.hasStaticShape() || in.getRank() < 2)
    return emitOptionalError(loc, "input must have a static shape of two dimensions or more, got ",
                             in);
  int64_t images = in.getDimSize(0);
  return inferTensor(context, {images, in.getNumElements() / std::max<int64_t>(images, 1)}, types);
}

OpFoldResult FlattenOp::fold(FoldAdaptor) {
  return getInput().getType() == getType() ? OpFoldResult(getInput()) : OpFoldResult();
}

/// reshape(x) -> x of the same type; reshape(reshape(x)) -> reshape(x).
OpFoldResult ReshapeOp::fold(FoldAdaptor) {
  if (getInput().getType() == getType())
    return getInput();
  if (auto inner = getInput().getDefiningOp<ReshapeOp>()) {
    getInputMutable().assign(inner.getInput());
    return getResult();
  }
  return {};
}

LogicalResult ReshapeOp::verify() {
  RankedTensorType in = tensorType(getInput()), out = tensorType(getOutput());
  if (in.getNumElements() != out.getNumElements())
    return emitOpError("cannot give ") << formatShape(in.getShape()) << " the shape "
                                       << formatShape(out.getShape())
                                       << ": the numbers of elements differ";
  return success();
}

LogicalResult TransposeOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                            ValueRange operands, DictionaryAttr attributes,
                                            OpaqueProperties properties, RegionRange regions,
                                            SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getInput(), 4, "input")))
    return failure();
  SmallVector<int64_t> sorted(op.getPermutation());
  llvm::sort(sorted);
  if (sorted != SmallVector<int64_t>{0, 1, 2, 3})
    return emitOptionalError(loc, "permutation must hold 0, 1, 2 and 3 once each");
  SmallVector<int64_t> out;
  for (int64_t axis : op.getPermutation())
    out.push_back(shapeOf(op.getInput())[axis]);
  return inferTensor(context, out, types);
}

OpFoldResult TransposeOp::fold(FoldAdaptor) {
  return llvm::is_sorted(getPermutation()) && getInput().getType() == getType()
             ? OpFoldResult(getInput())
             : OpFoldResult();
}

LogicalResult TakeOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                       ValueRange operands, DictionaryAttr attributes,
                                       OpaqueProperties properties, RegionRange regions,
                                       SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getInput(), 4, "input")))
    return failure();
  SmallVector<int64_t> out(shapeOf(op.getInput()));
  ArrayRef<int64_t> lists[] = {op.getN(), op.getC(), op.getH(), op.getW()};
  for (auto [axis, list] : llvm::enumerate(lists)) {
    for (int64_t index : list)
      if (index < -1 || index >= out[axis])
        return emitOptionalError(loc, "index ", index, " is outside axis ", axis, " of ",
                                 formatShape(shapeOf(op.getInput())));
    if (!list.empty())
      out[axis] = static_cast<int64_t>(list.size());
  }
  return inferTensor(context, out, types);
}
