// Shape inference and verification of convolution, fully connected, batch norm and LRN.
#include "ir/CnnInfer.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace incc;
using namespace incc::cnn;

LogicalResult cnn::inferTensor(MLIRContext *context, ArrayRef<int64_t> shape,
                               InferredTypes &types) {
  types.push_back(RankedTensorType::get(shape, Float32Type::get(context)));
  return success();
}

std::string cnn::formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(shape, os, "x");
  return text;
}

LogicalResult cnn::checkRank(std::optional<Location> loc, Value value, int64_t rank,
                             StringRef what) {
  RankedTensorType type = tensorType(value);
  if (!type.hasStaticShape())
    return emitOptionalError(loc, what, " must have a static shape, got ", type);
  if (type.getRank() != rank)
    return emitOptionalError(loc, what, " must have ", rank, " dimensions, got ",
                             formatShape(type.getShape()));
  return success();
}

LogicalResult cnn::checkList(std::optional<Location> loc, ArrayRef<int64_t> list, size_t count,
                             int64_t least, StringRef what) {
  if (list.size() != count)
    return emitOptionalError(loc, "expected ", count, " ", what, ", got ", list.size());
  // Far beyond any network, and far from where sums of extents and padding would overflow.
  constexpr int64_t kMost = int64_t(1) << 30;
  for (int64_t entry : list)
    if (entry < least || entry > kMost)
      return emitOptionalError(loc, what, " must be at ", entry < least ? "least " : "most ",
                               entry < least ? least : kMost, ", got ", entry);
  return success();
}

int64_t cnn::countWindows(int64_t extent, int64_t kernel, int64_t stride, int64_t padBefore,
                          int64_t padAfter, int64_t dilation, bool ceilMode) {
  int64_t span = padBefore + extent + padAfter - dilation * (kernel - 1) - 1;
  if (span < 0)
    return 0;
  int64_t count = (span + (ceilMode ? stride - 1 : 0)) / stride + 1;
  // A window that rounding up added must start inside the input or the padding before it.
  if (ceilMode && (count - 1) * stride >= extent + padBefore)
    --count;
  return count;
}

/// `value` must be a vector of `count`.
static LogicalResult checkVector(std::optional<Location> loc, Value value, int64_t count,
                                 StringRef what) {
  if (failed(checkRank(loc, value, 1, what)))
    return failure();
  if (shapeOf(value)[0] != count)
    return emitOptionalError(loc, what, " must have ", count, " values, got ", shapeOf(value)[0]);
  return success();
}

LogicalResult Conv2dOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr attributes,
                                         OpaqueProperties properties, RegionRange regions,
                                         SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getInput(), 4, "input")) ||
      failed(checkRank(loc, op.getFilter(), 4, "filter")) ||
      failed(checkList(loc, op.getStrides(), 2, 1, "strides")) ||
      failed(checkList(loc, op.getPads(), 4, 0, "pads")) ||
      failed(checkList(loc, op.getDilations(), 2, 1, "dilations")))
    return failure();
  ArrayRef<int64_t> in = shapeOf(op.getInput()), filter = shapeOf(op.getFilter());
  int64_t groups = op.getGroups();
  if (groups < 1 || in[1] % groups || filter[0] % groups)
    return emitOptionalError(loc, "groups must divide the ", in[1], " input and ", filter[0],
                             " output channels, got ", groups);
  if (in[1] != filter[1] * groups)
    return emitOptionalError(loc, "filter ", formatShape(filter), " with ", groups,
                             " groups expects ", filter[1] * groups, " input channels, got ",
                             in[1], " (input ", formatShape(in), ")");
  SmallVector<int64_t> out = {in[0], filter[0]};
  for (int axis : {0, 1}) {
    out.push_back(countWindows(in[2 + axis], filter[2 + axis], op.getStrides()[axis],
                               op.getPads()[axis], op.getPads()[2 + axis],
                               op.getDilations()[axis]));
    if (out.back() < 1)
      return emitOptionalError(loc, "kernel ", filter[2], "x", filter[3],
                               " does not fit into the padded input ", formatShape(in));
  }
  if (op.getBias() && failed(checkVector(loc, op.getBias(), out[1], "bias")))
    return failure();
  if (op.getResidual() && shapeOf(op.getResidual()) != ArrayRef<int64_t>(out))
    return emitOptionalError(loc, "residual must have the result's shape ", formatShape(out),
                             ", got ", formatShape(shapeOf(op.getResidual())));
  return inferTensor(context, out, types);
}

LogicalResult Conv2dOp::verify() {
  if (tensorType(getFilter()).getEncoding())
    return emitOpError("filter must not have a layout");
  return success();
}

LogicalResult LinearOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                         ValueRange operands, DictionaryAttr attributes,
                                         OpaqueProperties properties, RegionRange regions,
                                         SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getWeight(), 2, "weight")))
    return failure();
  RankedTensorType input = tensorType(op.getInput());
  if (!input.hasStaticShape() || input.getRank() < 2)
    return emitOptionalError(loc, "input must have a static shape of two dimensions or more, got ",
                             input);
  ArrayRef<int64_t> in = input.getShape(), weight = shapeOf(op.getWeight());
  int64_t features = input.getNumElements() / std::max<int64_t>(in[0], 1);
  if (features != weight[1])
    return emitOptionalError(loc, "weight ", formatShape(weight), " expects ", weight[1],
                             " input features, got ", features, " (input ", formatShape(in), ")");
  if (op.getBias() && failed(checkVector(loc, op.getBias(), weight[0], "bias")))
    return failure();
  SmallVector<int64_t> out = {in[0], weight[0]};
  if (op.getResidual() && shapeOf(op.getResidual()) != ArrayRef<int64_t>(out))
    return emitOptionalError(loc, "residual must have the result's shape ", formatShape(out),
                             ", got ", formatShape(shapeOf(op.getResidual())));
  return inferTensor(context, out, types);
}

LogicalResult BatchNormOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                            ValueRange operands, DictionaryAttr attributes,
                                            OpaqueProperties properties, RegionRange regions,
                                            SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  RankedTensorType input = tensorType(op.getInput());
  if (!input.hasStaticShape() || input.getRank() < 2)
    return emitOptionalError(loc, "input must have a static shape of two dimensions or more, got ",
                             input);
  int64_t channels = input.getDimSize(1);
  std::pair<Value, StringRef> vectors[] = {{op.getScale(), "scale"},
                                           {op.getShift(), "shift"},
                                           {op.getMean(), "mean"},
                                           {op.getVariance(), "variance"}};
  for (auto [value, what] : vectors)
    if (failed(checkVector(loc, value, channels, what)))
      return failure();
  return inferTensor(context, input.getShape(), types);
}

LogicalResult LrnOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc,
                                      ValueRange operands, DictionaryAttr attributes,
                                      OpaqueProperties properties, RegionRange regions,
                                      SmallVectorImpl<Type> &types) {
  Adaptor op(operands, attributes, properties, regions);
  if (failed(checkRank(loc, op.getInput(), 4, "input")))
    return failure();
  return inferTensor(context, shapeOf(op.getInput()), types);
}

LogicalResult LrnOp::verify() {
  if (getSize() < 1)
    return emitOpError("size must be positive, got ") << getSize();
  return success();
}
