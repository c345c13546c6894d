// Products of matrices.
#include "frontend/onnx/Node.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;
using Function = BinaryFunction;

/// The transpose of a matrix.
static Operand transposed(NetworkBuilder &b, const Operand &x) { return b.transpose(x, {1, 0}); }

/// a (M x K) * b (K x N), without a transposition of computed values: `b` is a map of K channels
/// and N columns, each row of `a` a filter.
static Operand multiplyAsMap(NetworkBuilder &builder, const Operand &a, const Operand &b) {
  int64_t m = a.shape[0], k = a.shape[1], n = b.shape[1];
  Value result = builder.create<cnn::Conv2dOp>(
      {builder.as(b, {1, k, 1, n}), builder.as(a, {m, k, 1, 1})}, {}, {1, 1, 0, 0});
  return NetworkBuilder::wrap(result, {m, n});
}

static void importGemm(Node &node) {
  double alpha = node.number("alpha", 1), beta = node.number("beta", 1);
  bool transA = node.integer("transA", 0) != 0, transB = node.integer("transB", 0) != 0;
  if (node.opset < 7)
    node.ignore("broadcast");
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  Operand left = node.input(0), right = node.input(1), offset = node.input(2);
  if (left.rank() != 2 || right.rank() != 2)
    return node.fail("expected matrices, got " + formatShape(left.shape) + " and " +
                     formatShape(right.shape));
  if (transA)
    left = transposed(b, left);
  if (!left)
    return;
  int64_t rows = left.shape[0], k = left.shape[1], columns = right.shape[transB ? 0 : 1];
  if (right.shape[transB ? 1 : 0] != k)
    return node.fail("can't multiply matrices of " + formatShape(left.shape) + " and " +
                     (transB ? "the transpose of " : "") + formatShape(right.shape));
  if (offset) {
    std::optional<Shape> all = broadcastShapes(offset.shape, {rows, columns});
    if (!all || *all != Shape{rows, columns})
      return node.fail("can't add a tensor of " + formatShape(offset.shape) + " to a product of " +
                       formatShape({rows, columns}));
    offset = b.scale(offset, beta);
  }
  // One per column: the layer's bias. A single number is one only if it is known.
  bool isBias = offset && offset.numElements() == columns &&
                (offset.rank() == 1 || offset.shape[offset.rank() - 1] == columns);
  if (offset && !isBias && offset.isConstant() && offset.numElements() == 1) {
    offset = b.expand(b.reshape(offset, {}), {columns});
    isBias = true;
  }
  bool isMap = !right.isConstant() && !transB && !left.isConstant();
  Operand product;
  if (isMap) {
    product = b.scale(multiplyAsMap(b, left, right), alpha);
    isBias = false;
  } else {
    // Known weights take alpha, else the product does.
    Operand weights = transB ? right : transposed(b, right);
    Operand bias = isBias && (alpha == 1 || right.isConstant()) ? offset : Operand();
    if (right.isConstant())
      weights = b.scale(weights, alpha);
    product = b.linear(left, weights, bias);
    if (!right.isConstant())
      product = b.scale(product, alpha);
    isBias = static_cast<bool>(bias);
  }
  node.set(offset && !isBias ? b.binary(Function::add, product, offset) : product);
}

static void importMatMul(Node &node) {
  if (!node.ready())
    return;
  NetworkBuilder &b = node.builder;
  Operand left = node.input(0), right = node.input(1);
  auto mismatch = [&] {
    node.fail("can't multiply matrices of " + formatShape(node.input(0).shape) + " and " +
              formatShape(node.input(1).shape));
  };
  if (left.rank() == 0 || right.rank() == 0)
    return mismatch();
  // Vectors are a row at the left and a column at the right.
  bool isRow = left.rank() == 1, isColumn = right.rank() == 1;
  if (isRow)
    left = b.reshape(left, {1, left.shape[0]});
  if (isColumn)
    right = b.reshape(right, {right.shape[0], 1});
  int64_t m = left.shape[left.rank() - 2], k = left.shape.back(), n = right.shape.back();
  std::optional<Shape> batch =
      broadcastShapes(ArrayRef(left.shape).drop_back(2), ArrayRef(right.shape).drop_back(2));
  if (right.shape[right.rank() - 2] != k || !batch)
    return mismatch();
  std::optional<int64_t> numBatch = checkedElements(*batch);
  if (!numBatch || *numBatch == 0 || left.numElements() == 0 || right.numElements() == 0)
    return node.fail("a product of " + formatShape(left.shape) + " and " +
                     formatShape(right.shape) + " is too large or has no elements");
  Shape result(*batch);
  if (!isRow)
    result.push_back(m);
  if (!isColumn)
    result.push_back(n);
  auto matrix = [&](const Operand &x) {
    return b.reshape(x, {x.numElements() / x.shape.back(), x.shape.back()});
  };
  if (right.numElements() == k * n && (right.isConstant() || *numBatch > 1)) {
    // The same matrix for all rows: a fully connected layer.
    Operand weights = transposed(b, matrix(right));
    return node.set(b.reshape(b.linear(matrix(left), weights, {}), result));
  }
  if (*numBatch == 1)
    return node.set(b.reshape(multiplyAsMap(b, matrix(left), matrix(right)), result));
  if (left.numElements() == m * k) {
    // The same filters for all maps.
    Operand filters = matrix(left);
    Value product = b.create<cnn::Conv2dOp>(
        {b.as(right, {*numBatch, k, 1, n}), b.as(filters, {m, k, 1, 1})}, {}, {1, 1, 0, 0});
    return node.set(NetworkBuilder::wrap(product, result));
  }
  // Each pair of matrices is a group.
  auto expandBatch = [&](const Operand &x) {
    Shape all(*batch);
    all.append(x.shape.end() - 2, x.shape.end());
    return b.expand(x, all);
  };
  Value maps = b.as(expandBatch(right), {1, *numBatch * k, 1, n});
  Value filters = b.as(expandBatch(left), {*numBatch * m, k, 1, 1});
  Value product = b.create<cnn::Conv2dOp>(
      {maps, filters}, b.ops.getNamedAttr("groups", b.ops.getI64IntegerAttr(*numBatch)),
      {1, 1, 0, 0});
  node.set(NetworkBuilder::wrap(product, result));
}

void onnximport::addMatrixOperators(OperatorTable &table) {
  table["Gemm"] = {importGemm, 2, 3};
  table["MatMul"] = {importMatMul, 2, 2};
}
