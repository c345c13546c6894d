// Shape inference and verification of pooling.
#include "ir/CnnInfer.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

template <typename Adaptor>
static LogicalResult inferWindowPool(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                     InferredTypes &types) {
  if (failed(checkRank(loc, op.getInput(), 4, "input")) ||
      failed(checkList(loc, op.getKernel(), 2, 1, "kernel sizes")) ||
      failed(checkList(loc, op.getStrides(), 2, 1, "strides")) ||
      failed(checkList(loc, op.getPads(), 4, 0, "pads")) ||
      failed(checkList(loc, op.getDilations(), 2, 1, "dilations")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(op.getInput());
  SmallVector<int64_t> out = {in[0], in[1]};
  for (int axis : {0, 1}) {
    int64_t kernel = op.getKernel()[axis], dilation = op.getDilations()[axis];
    // A window in the padding alone would have no maximum and no mean.
    int64_t extent = (kernel - 1) * dilation + 1;
    if (op.getPads()[axis] >= extent || op.getPads()[2 + axis] >= extent)
      return emitOptionalError(loc, "padding must be smaller than the kernel, got ",
                               op.getPads()[axis], " and ", op.getPads()[2 + axis],
                               " for a kernel of ", extent);
    out.push_back(countWindows(in[2 + axis], kernel, op.getStrides()[axis], op.getPads()[axis],
                               op.getPads()[2 + axis], dilation, op.getCeilMode()));
    if (out.back() < 1)
      return emitOptionalError(loc, "kernel ", op.getKernel()[0], "x", op.getKernel()[1],
                               " does not fit into the padded input ", formatShape(in));
  }
  return inferTensor(context, out, types);
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                          ValueRange operands, DictionaryAttr attributes,
                                          OpaqueProperties properties, RegionRange regions,
                                          SmallVectorImpl<Type> &types) {
  return inferWindowPool(context, loc, Adaptor(operands, attributes, properties, regions), types);
}

LogicalResult AvgPoolOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                          ValueRange operands, DictionaryAttr attributes,
                                          OpaqueProperties properties, RegionRange regions,
                                          SmallVectorImpl<Type> &types) {
  return inferWindowPool(context, loc, Adaptor(operands, attributes, properties, regions), types);
}

LogicalResult AvgPoolOp::verify() {
  if (getBias() && shapeOf(getBias()) != ArrayRef<int64_t>{shapeOf(getInput())[1]})
    return emitOpError("bias must have ") << shapeOf(getInput())[1] << " values, got "
                                          << formatShape(shapeOf(getBias()));
  return success();
}

LogicalResult GlobalAvgPoolOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                                ValueRange operands, DictionaryAttr attributes,
                                                OpaqueProperties properties, RegionRange regions,
                                                SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getInput(), 4, "input")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(op.getInput());
  return inferTensor(context, {in[0], in[1], 1, 1}, types);
}

LogicalResult AdaptiveAvgPoolOp::inferReturnTypes(MLIRContext *context,
                                                  std::optional<Location> loc, ValueRange operands,
                                                  DictionaryAttr attributes,
                                                  OpaqueProperties properties, RegionRange regions,
                                                  SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getInput(), 4, "input")) ||
      failed(checkList(loc, op.getOutputSize(), 2, 1, "output sizes")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(op.getInput()), to = op.getOutputSize();
  return inferTensor(context, {in[0], in[1], to[0], to[1]}, types);
}
