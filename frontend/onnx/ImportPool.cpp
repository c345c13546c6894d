// Pooling.
#include "frontend/onnx/Window.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

template <typename OpT> static void importWindowPool(Node &node) {
  constexpr bool isAverage = std::is_same_v<OpT, cnn::AvgPoolOp>;
  Window window(node);
  bool ceilMode = node.integer("ceil_mode", 0) != 0;
  bool countPad = isAverage && node.integer("count_include_pad", 0) != 0;
  if (!isAverage)
    node.ignore("storage_order"); // Of the second result, which is not supported.
  if (!node.ready() || !window.resolve(node, node.input(0)))
    return;
  NetworkBuilder &b = node.builder;
  SmallVector<NamedAttribute> attrs = {
      b.list("kernel", window.kernel), b.list("strides", window.strides),
      b.list("pads", window.pads), b.list("dilations", window.dilations)};
  if (ceilMode)
    attrs.push_back(b.ops.getNamedAttr("ceil_mode", b.ops.getUnitAttr()));
  if (countPad)
    attrs.push_back(b.ops.getNamedAttr("count_include_pad", b.ops.getUnitAttr()));
  node.set(window.wrap(b.create<OpT>(window.map(b, node.input(0)), attrs)));
}

/// Over all axes but batch and channels.
template <ReduceKind kind> static void importGlobalPool(Node &node) {
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  if (x.rank() < 3)
    return node.fail("expected an input of rank 3 or more, got " + formatShape(x.shape));
  SmallVector<bool> reduced(x.rank(), true);
  reduced[0] = reduced[1] = false;
  node.set(node.builder.reduce(kind, x, reduced));
}

void onnximport::addPoolOperators(OperatorTable &table) {
  table["MaxPool"] = {importWindowPool<cnn::MaxPoolOp>, 1, 1};
  table["AveragePool"] = {importWindowPool<cnn::AvgPoolOp>, 1, 1};
  table["GlobalAveragePool"] = {importGlobalPool<ReduceKind::mean>, 1, 1};
  table["GlobalMaxPool"] = {importGlobalPool<ReduceKind::max>, 1, 1};
}
