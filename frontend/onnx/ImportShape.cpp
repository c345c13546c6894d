// Operators that change a tensor's shape and nothing else.
#include "frontend/onnx/Node.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

static void importReshape(Node &node) {
  bool allowZero = node.integer("allowzero", 0) != 0;
  if (!node.ready())
    return;
  auto wanted = node.constantIntegers(1, "shape");
  if (!wanted)
    return;
  const Operand &x = node.input(0);
  auto mismatch = [&] {
    node.fail("can't give a tensor of " + formatShape(x.shape) + " the shape " +
              formatShape(*wanted));
  };
  Shape shape(wanted->begin(), wanted->end());
  int64_t rest = -1;
  for (auto [axis, extent] : llvm::enumerate(shape)) {
    if (extent == 0 && !allowZero) {
      if (axis >= x.shape.size())
        return mismatch();
      extent = x.shape[axis];
    }
    if (extent != -1)
      continue;
    if (rest >= 0)
      return mismatch();
    rest = static_cast<int64_t>(axis);
    extent = 1;
  }
  std::optional<int64_t> count = checkedElements(shape);
  if (rest >= 0 && count && *count > 0 && x.numElements() % *count == 0) {
    shape[rest] = x.numElements() / *count;
    count = x.numElements();
  }
  if (count != x.numElements())
    return mismatch();
  node.set(node.builder.reshape(x, shape));
}

static void importFlatten(Node &node) {
  int64_t axis = node.integer("axis", 1);
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  if (axis < -x.rank() || axis > x.rank())
    return node.fail("axis " + Twine(axis) + " is outside a tensor of rank " + Twine(x.rank()));
  Shape shape = {1, 1};
  for (auto [i, extent] : llvm::enumerate(x.shape))
    shape[static_cast<int64_t>(i) < (axis < 0 ? axis + x.rank() : axis) ? 0 : 1] *= extent;
  node.set(node.builder.reshape(x, shape));
}

/// The given axes as a set of `rank`; empty after an error.
static std::optional<SmallVector<bool>> axisSet(Node &node, ArrayRef<int64_t> axes, int64_t rank) {
  SmallVector<bool> set(rank, false);
  for (int64_t axis : axes) {
    std::optional<int64_t> at = node.normalizeAxis(axis, rank);
    if (!at)
      return std::nullopt;
    if (set[*at]) {
      node.fail("axis " + Twine(axis) + " is given twice");
      return std::nullopt;
    }
    set[*at] = true;
  }
  return set;
}

static void importSqueeze(Node &node) {
  if (node.opset < 13)
    node.integers("axes");
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto axes = node.integersSince(13, "axes", 1);
  if (!node.ok())
    return;
  auto dropped = axisSet(node, axes.value_or(SmallVector<int64_t>()), x.rank());
  if (!dropped)
    return;
  Shape shape;
  for (auto [axis, extent] : llvm::enumerate(x.shape)) {
    if (axes && (*dropped)[axis] && extent != 1)
      return node.fail("axis " + Twine(axis) + " of " + formatShape(x.shape) + " is not 1");
    bool isDropped = axes ? (*dropped)[axis] : extent == 1;
    if (!isDropped)
      shape.push_back(extent);
  }
  node.set(node.builder.reshape(x, shape));
}

static void importUnsqueeze(Node &node) {
  if (node.opset < 13)
    node.integers("axes");
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto axes = node.integersSince(13, "axes", 1);
  if (!axes) {
    if (node.ok())
      node.fail("its axes are missing");
    return;
  }
  auto added = axisSet(node, *axes, x.rank() + static_cast<int64_t>(axes->size()));
  if (!added)
    return;
  Shape shape;
  const int64_t *next = x.shape.begin();
  for (bool isAdded : *added)
    shape.push_back(isAdded ? 1 : *next++);
  node.set(node.builder.reshape(x, shape));
}

static void importTranspose(Node &node) {
  auto permutation = node.integers("perm");
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  if (!permutation) {
    permutation.emplace();
    for (int64_t axis = x.rank(); axis-- > 0;)
      permutation->push_back(axis);
  }
  for (int64_t &axis : *permutation) {
    std::optional<int64_t> at = node.normalizeAxis(axis, x.rank());
    if (!at)
      return;
    axis = *at;
  }
  SmallVector<int64_t> sorted(*permutation);
  llvm::sort(sorted);
  for (int64_t axis = 0; axis < static_cast<int64_t>(sorted.size()); ++axis)
    if (sorted[axis] != axis || static_cast<int64_t>(sorted.size()) != x.rank())
      return node.fail("attribute 'perm': expected each of " + Twine(x.rank()) + " axes once");
  node.set(node.builder.transpose(x, *permutation));
}

static void importExpand(Node &node) {
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto wanted = node.constantIntegers(1, "shape");
  if (!wanted)
    return;
  std::optional<Shape> shape = broadcastShapes(x.shape, *wanted);
  if (!shape || !checkedElements(*shape))
    return node.fail("can't expand a tensor of " + formatShape(x.shape) + " to " +
                     formatShape(*wanted));
  node.set(node.builder.expand(x, *shape));
}

static int64_t checkedBlock(Node &node) {
  int64_t block = node.integer("blocksize", 0);
  if (block < 1 || block > (1 << 15))
    node.fail("attribute 'blocksize': expected a number of 1 or more, got " + Twine(block));
  return block;
}

/// Channels become blocks of positions. DCR: the block's rows and columns come before the channels.
static void importDepthToSpace(Node &node) {
  int64_t block = checkedBlock(node);
  bool isDcr = node.word("mode", {"DCR", "CRD"}) == "DCR";
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  if (x.rank() != 4 || x.shape[1] % (block * block))
    return node.fail("expected maps of a multiple of " + Twine(block * block) + " channels, got " +
                     formatShape(x.shape));
  NetworkBuilder &b = node.builder;
  int64_t n = x.shape[0], c = x.shape[1] / (block * block), h = x.shape[2], w = x.shape[3];
  Operand blocks = isDcr
                       ? b.transpose(b.reshape(x, {n, block, block, c, h, w}), {0, 3, 4, 1, 5, 2})
                       : b.transpose(b.reshape(x, {n, c, block, block, h, w}), {0, 1, 4, 2, 5, 3});
  node.set(b.reshape(blocks, {n, c, h * block, w * block}));
}

static void importSpaceToDepth(Node &node) {
  int64_t block = checkedBlock(node);
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  if (x.rank() != 4 || x.shape[2] % block || x.shape[3] % block)
    return node.fail("expected maps whose rows and columns are multiples of " + Twine(block) +
                     ", got " + formatShape(x.shape));
  NetworkBuilder &b = node.builder;
  int64_t n = x.shape[0], c = x.shape[1], h = x.shape[2] / block, w = x.shape[3] / block;
  Operand blocks = b.transpose(b.reshape(x, {n, c, h, block, w, block}), {0, 3, 5, 1, 2, 4});
  node.set(b.reshape(blocks, {n, c * block * block, h, w}));
}

void onnximport::addShapeOperators(OperatorTable &table) {
  table["Reshape"] = {importReshape, 2, 2};
  table["Flatten"] = {importFlatten, 1, 1};
  table["Squeeze"] = {importSqueeze, 1, 2};
  table["Unsqueeze"] = {importUnsqueeze, 1, 2};
  table["Transpose"] = {importTranspose, 1, 1};
  table["Expand"] = {importExpand, 2, 2, 8};
  table["DepthToSpace"] = {importDepthToSpace, 1, 1};
  table["SpaceToDepth"] = {importSpaceToDepth, 1, 1};
}
