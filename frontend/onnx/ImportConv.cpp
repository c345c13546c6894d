// Convolution.
#include "frontend/onnx/Node.h"
#include "frontend/onnx/Window.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

static void importConv(Node &node) {
  Window window(node);
  int64_t groups = node.integer("group", 1);
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  const Operand &x = node.input(0), &filter = node.input(1), &bias = node.input(2);
  if (x.rank() != filter.rank() || x.rank() < 3)
    return node.fail("expected an input and a filter of equal rank, 3 or 4, got " +
                     formatShape(x.shape) + " and " + formatShape(filter.shape));
  if (!window.resolve(node, x, ArrayRef(filter.shape).drop_front(2)))
    return;
  Value input = window.map(b, x), weights = b.asMap(filter);
  SmallVector<Value, 3> operands = {input, weights};
  if (bias)
    operands.push_back(b.as(bias, {bias.numElements()}));
  Value result =
      b.create<cnn::Conv2dOp>(operands,
                              {b.list("strides", window.strides), b.list("pads", window.pads),
                               b.list("dilations", window.dilations),
                               b.ops.getNamedAttr("groups", b.ops.getI64IntegerAttr(groups))},
                              {1, 1, bias ? 1 : 0, 0});
  node.set(window.wrap(result));
}

void onnximport::addConvOperators(OperatorTable &table) { table["Conv"] = {importConv, 2, 3}; }
