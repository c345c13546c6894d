// Constants, shapes and data movement.
#include "frontend/onnx/NetworkBuilder.h"
#include "frontend/onnx/onnx.pb.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"

#include <numeric>

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

/// What may be computed on constants in all: 1 GiB.
static constexpr int64_t kMaxFoldedBytes = int64_t(1) << 30;

int64_t Operand::numElements() const {
  return constant ? constant.numElements()
                  : std::accumulate(shape.begin(), shape.end(), int64_t(1), std::multiplies<>());
}

std::string onnximport::formatShape(ArrayRef<int64_t> shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleave(shape, os, "x");
  return text;
}

std::string onnximport::formatNumber(double number) {
  std::string text;
  llvm::raw_string_ostream(text) << llvm::format("%g", number);
  return text;
}

/// Where the axes of a shape of rank up to 4 lie in its map.
static ArrayRef<int64_t> mapAxes(int64_t rank) {
  static constexpr int64_t kVector[] = {1}, kSequence[] = {0, 1, 3}, kMap[] = {0, 1, 2, 3};
  return rank == 1 ? ArrayRef(kVector) : rank == 3 ? ArrayRef(kSequence) : ArrayRef(kMap, rank);
}

Shape onnximport::mapShape(ArrayRef<int64_t> shape) {
  Shape map = {1, 1, 1, 1};
  if (shape.size() > 4) {
    map = {shape[0], shape[1], 1, shape.back()};
    for (int64_t extent : shape.drop_front(2).drop_back())
      map[2] *= extent;
    return map;
  }
  for (auto [axis, extent] : llvm::zip_equal(mapAxes(shape.size()), shape))
    map[axis] = extent;
  return map;
}

std::optional<Shape> onnximport::broadcastShapes(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  if (a.size() < b.size())
    std::swap(a, b);
  Shape result(a);
  for (size_t i = 0; i < b.size(); ++i) {
    int64_t &extent = result[a.size() - b.size() + i];
    if (extent != b[i] && extent != 1 && b[i] != 1)
      return std::nullopt;
    if (extent == 1)
      extent = b[i];
  }
  return result;
}

Operand NetworkBuilder::fail(const Twine &message) {
  emitError(loc) << message;
  return {};
}

Operand NetworkBuilder::constant(HostTensor tensor, ArrayRef<int64_t> shape) const {
  Operand result;
  result.shape.assign(shape.begin(), shape.end());
  result.constant = std::move(tensor);
  return result;
}

Operand NetworkBuilder::checked(llvm::Expected<HostTensor> tensor, ArrayRef<int64_t> shape) {
  if (!tensor)
    return fail(llvm::toString(tensor.takeError()));
  return constant(std::move(*tensor), shape);
}

Operand NetworkBuilder::scalar(double value) const {
  return constant(
      HostTensor(onnx::TensorProto::FLOAT, std::vector<float>{static_cast<float>(value)}), {});
}

Operand NetworkBuilder::integers(ArrayRef<int64_t> values) const {
  return constant(HostTensor(onnx::TensorProto::INT64, values.vec()),
                  {static_cast<int64_t>(values.size())});
}

Operand NetworkBuilder::wrap(Value value, ArrayRef<int64_t> shape) {
  Operand result;
  if (value)
    result.shape.assign(shape.begin(), shape.end());
  result.value = value;
  return result;
}

bool NetworkBuilder::chargeFolded(const HostTensor &like, int64_t elements) {
  foldedBytes += elements * (like.storage() == HostTensor::Storage::f32 ? 4 : 8);
  if (foldedBytes <= kMaxFoldedBytes)
    return true;
  fail("constant arithmetic takes more than 1 GiB in all");
  return false;
}

Value NetworkBuilder::checkResult(Operation *op) {
  if (!op)
    return nullptr; // Reported by the op.
  Value result = op->getResult(0);
  ArrayRef<int64_t> shape = cnn::tensorType(result).getShape();
  if (checkedElements(shape))
    return result;
  fail("a result of " + formatShape(shape) + " has more than " + Twine(kMaxElements) + " elements");
  return nullptr;
}

Value NetworkBuilder::constantValue(const Operand &x, ArrayRef<int64_t> shape) {
  if (!x.constant.isFloat32()) {
    fail("expected float operands where the network computes, got a constant of " +
         typeName(x.constant.type()));
    return nullptr;
  }
  if (x.numElements() == 0) {
    fail("a constant of " + formatShape(x.shape) + " has no elements");
    return nullptr;
  }
  Value &value = constants[{x.constant.address(), shape.vec()}];
  if (value)
    return value;
  ArrayRef<float> values = x.constant.values<float>();
  constexpr size_t kMaxLiteral = 64;
  Location constantLoc = loc;
  if (!x.constant.name.empty())
    constantLoc = NameLoc::get(ops.getStringAttr(x.constant.name),
                               isa<NameLoc>(loc) ? cast<NameLoc>(loc).getChildLoc() : loc);
  ElementsAttr attr = values.size() <= kMaxLiteral
                          ? cnn::makeConstantAttr(ops.getContext(), shape, values.vec())
                          : cnn::makeMappedConstantAttr(
                                ops.getContext(), shape, values,
                                std::const_pointer_cast<void>(x.constant.owner()), x.constant.name);
  kept.push_back(x.constant.owner());
  return value = ops.create<cnn::ConstantOp>(constantLoc, attr);
}

Value NetworkBuilder::reshapeValue(Value value, ArrayRef<int64_t> shape) {
  if (cnn::tensorType(value).getShape() == shape)
    return value;
  if (auto inner = value.getDefiningOp<cnn::ReshapeOp>())
    return reshapeValue(inner.getInput(), shape);
  Value &result = reshapes[{value.getAsOpaquePointer(), shape.vec()}];
  if (result)
    return result;
  RankedTensorType from = cnn::tensorType(value);
  auto type = RankedTensorType::get(shape, ops.getF32Type());
  if (shape.size() == 2 && from.getRank() > 2 && shape[0] == from.getDimSize(0))
    return result = create<cnn::FlattenOp>(value);
  return result = ops.create<cnn::ReshapeOp>(loc, type, value);
}

Value NetworkBuilder::as(const Operand &x, ArrayRef<int64_t> shape) {
  if (!x)
    return nullptr;
  return x.isConstant() ? constantValue(x, shape) : reshapeValue(x.value, shape);
}

Value NetworkBuilder::asLayer(const Operand &x) {
  if (x.value) {
    int64_t rank = cnn::tensorType(x.value).getRank();
    if (rank == 4 || rank == 2)
      return x.value;
  }
  return x ? asMap(x) : nullptr;
}

Operand NetworkBuilder::reshape(const Operand &x, ArrayRef<int64_t> shape) {
  Operand result = x;
  if (x)
    result.shape.assign(shape.begin(), shape.end());
  return result;
}

/// `permutation` on axes of which no two stay neighbours: up to 4 in one op; of more, two
/// neighbouring blocks change places at a time.
Operand NetworkBuilder::transposeGroups(const Operand &x, ArrayRef<int64_t> permutation) {
  Shape result;
  for (int64_t axis : permutation)
    result.push_back(x.shape[axis]);
  auto permute = [&](const Operand &input, const Shape &map, ArrayRef<int64_t> order) {
    return create<cnn::TransposeOp>(as(input, map), list("permutation", order));
  };
  if (x.rank() <= 4) {
    SmallVector<int64_t> order = {0, 1, 2, 3};
    ArrayRef<int64_t> axes = mapAxes(x.rank());
    for (auto [i, axis] : llvm::enumerate(permutation))
      order[axes[i]] = axes[axis];
    return wrap(permute(x, mapShape(x.shape), order), result);
  }
  SmallVector<int64_t> current(x.rank());
  std::iota(current.begin(), current.end(), 0);
  auto extents = [&](size_t begin, size_t end) {
    int64_t product = 1;
    for (size_t i = begin; i < end; ++i)
      product *= x.shape[current[i]];
    return product;
  };
  Operand moved = x;
  for (size_t i = 0; i < current.size(); ++i) {
    size_t j = llvm::find(current, permutation[i]) - current.begin();
    if (j == i)
      continue;
    size_t end = j + 1;
    while (end < current.size() && current[end] == permutation[i + end - j])
      ++end;
    Shape blocks = {extents(0, i), extents(i, j), extents(j, end), extents(end, current.size())};
    moved = wrap(permute(moved, blocks, {0, 2, 1, 3}), x.shape);
    if (!moved)
      return {};
    std::rotate(current.begin() + i, current.begin() + j, current.begin() + end);
  }
  return reshape(moved, result);
}

Operand NetworkBuilder::transpose(const Operand &x, ArrayRef<int64_t> permutation) {
  if (!x)
    return {};
  Shape result;
  for (int64_t axis : permutation)
    result.push_back(x.shape[axis]);
  // Axes that stay neighbours move as one, those of extent 1 not at all.
  SmallVector<int64_t> order;
  SmallVector<int64_t> extents(x.shape.begin(), x.shape.end());
  for (int64_t axis : permutation) {
    if (extents[axis] == 1)
      continue;
    int64_t previous = order.empty() ? -1 : order.back();
    bool isNeighbour = previous >= 0 && previous < axis &&
                       llvm::all_of(llvm::seq(previous + 1, axis),
                                    [&](int64_t between) { return x.shape[between] == 1; });
    if (!isNeighbour) {
      order.push_back(axis);
      continue;
    }
    extents[axis] *= extents[previous];
    order.back() = axis;
  }
  SmallVector<int64_t> sorted(order);
  llvm::sort(sorted);
  if (order == sorted)
    return reshape(x, result);
  if (x.isConstant()) {
    if (!chargeFolded(x.constant, x.numElements()))
      return {};
    HostTensor moved = transposeHost(x.constant, x.shape, permutation);
    moved.name = x.constant.name;
    return constant(std::move(moved), result);
  }
  if (x.rank() <= 4)
    return reshape(transposeGroups(x, permutation), result);
  Shape groups;
  SmallVector<int64_t> groupPermutation;
  for (int64_t axis : sorted)
    groups.push_back(extents[axis]);
  for (int64_t axis : order)
    groupPermutation.push_back(llvm::find(sorted, axis) - sorted.begin());
  return reshape(transposeGroups(reshape(x, groups), groupPermutation), result);
}

static bool isRange(ArrayRef<int64_t> list) {
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i] < 0 || list[i] != list[0] + static_cast<int64_t>(i))
      return false;
  return true;
}

/// Takes along the axes of `map`, a shape of rank 4; null lists leave theirs as they are.
Operand NetworkBuilder::takeMap(const Operand &x, ArrayRef<int64_t> map,
                                ArrayRef<const std::vector<int64_t> *> lists,
                                ArrayRef<int64_t> result, double fill) {
  Value input = as(x, map);
  bool isSlice = lists[1] && isRange(*lists[1]) && !lists[0] && !lists[2] && !lists[3];
  if (isSlice)
    return wrap(create<cnn::SliceOp>(
                    input, {ops.getNamedAttr("offset", ops.getI64IntegerAttr(lists[1]->front())),
                            ops.getNamedAttr("count", ops.getI64IntegerAttr(lists[1]->size()))}),
                result);
  SmallVector<NamedAttribute> attrs;
  static constexpr StringRef kNames[] = {"n", "c", "h", "w"};
  for (int axis : {0, 1, 2, 3})
    if (lists[axis])
      attrs.push_back(list(kNames[axis], *lists[axis]));
  attrs.push_back(ops.getNamedAttr("fill", ops.getF32FloatAttr(static_cast<float>(fill))));
  return wrap(create<cnn::TakeOp>(input, attrs), result);
}

Operand NetworkBuilder::take(const Operand &x, const AxisIndices &indices, double fill) {
  if (!x)
    return {};
  AxisIndices lists = indices;
  Shape result(x.shape);
  int64_t numTaken = 0;
  for (auto [axis, list] : llvm::enumerate(lists)) {
    if (!list)
      continue;
    result[axis] = static_cast<int64_t>(list->size());
    if (result[axis] == x.shape[axis] && isRange(*list))
      list.reset();
    numTaken += list.has_value();
  }
  if (numTaken == 0)
    return x;
  std::optional<int64_t> count = checkedElements(result);
  if (!count)
    return fail("a result of " + formatShape(result) + " has more than " + Twine(kMaxElements) +
                " elements");
  if (x.isConstant() || *count == 0) {
    if (!x.isConstant())
      return constant(HostTensor(onnx::TensorProto::FLOAT, std::vector<float>()), result);
    if (!chargeFolded(x.constant, *count))
      return {};
    Shape strides = stridesOf(x.shape);
    AxisOffsets offsets(x.rank());
    for (auto [axis, list] : llvm::enumerate(lists))
      for (int64_t i = 0; i < result[axis]; ++i) {
        int64_t index = list ? (*list)[i] : i;
        offsets[axis].push_back(index < 0 ? -1 : index * strides[axis]);
      }
    return constant(gatherOffsets(x.constant, offsets, fill), result);
  }
  if (x.rank() <= 4) {
    const std::vector<int64_t> *map[4] = {};
    for (auto [axis, list] : llvm::zip_equal(mapAxes(x.rank()), lists))
      map[axis] = list ? &*list : nullptr;
    return takeMap(x, mapShape(x.shape), map, result, fill);
  }
  // One axis after the other: outer x axis x 1 x inner.
  Operand taken = x;
  for (auto [axis, list] : llvm::enumerate(lists)) {
    if (!list || !taken)
      continue;
    ArrayRef<int64_t> shape(taken.shape);
    Shape map = {1, shape[axis], 1, 1}, next(shape);
    for (int64_t extent : shape.take_front(axis))
      map[0] *= extent;
    for (int64_t extent : shape.drop_front(axis + 1))
      map[3] *= extent;
    next[axis] = static_cast<int64_t>(list->size());
    taken = takeMap(taken, map, {nullptr, &*list, nullptr, nullptr}, next, fill);
  }
  return taken;
}

Operand NetworkBuilder::expand(const Operand &x, ArrayRef<int64_t> shape) {
  if (!x)
    return {};
  Shape padded(shape.size() - x.shape.size(), 1);
  padded.append(x.shape.begin(), x.shape.end());
  if (!checkedElements(shape))
    return fail("a result of " + formatShape(shape) + " has more than " + Twine(kMaxElements) +
                " elements");
  AxisIndices lists(shape.size());
  for (size_t axis = 0; axis < shape.size(); ++axis)
    if (padded[axis] != shape[axis])
      lists[axis] = std::vector<int64_t>(shape[axis], 0);
  return take(reshape(x, padded), lists);
}

Operand NetworkBuilder::concat(ArrayRef<Operand> parts, int64_t axis) {
  SmallVector<Operand> used;
  for (const Operand &part : parts) {
    if (!part)
      return {};
    if (part.numElements() != 0)
      used.push_back(part);
  }
  Shape result(parts.front().shape);
  result[axis] = 0;
  for (const Operand &part : parts)
    result[axis] += part.shape[axis];
  if (used.empty())
    return reshape(parts.front(), result);
  if (used.size() == 1)
    return used.front();
  if (!checkedElements(result))
    return fail("a result of " + formatShape(result) + " has more than " + Twine(kMaxElements) +
                " elements");
  if (llvm::all_of(used, [](const Operand &part) { return part.isConstant(); })) {
    std::vector<HostTensor> tensors;
    std::vector<Shape> shapes;
    int64_t count = 0;
    for (const Operand &part : used) {
      tensors.push_back(part.constant);
      shapes.push_back(part.shape);
      count += part.numElements();
      if (part.constant.type() != used.front().constant.type())
        return fail("operands are of different types: " + typeName(used.front().constant.type()) +
                    " and " + typeName(part.constant.type()));
    }
    return chargeFolded(used.front().constant, count)
               ? constant(concatHost(tensors, shapes, axis), result)
               : Operand();
  }
  SmallVector<Value> values;
  for (const Operand &part : used) {
    ArrayRef<int64_t> shape(part.shape);
    // Channels of maps, or outer x axis x 1 x inner.
    bool isChannels = axis == 1 && (shape.size() >= 2 && shape.size() <= 4);
    Shape map = isChannels ? mapShape(shape) : Shape{1, shape[axis], 1, 1};
    if (!isChannels) {
      for (int64_t extent : shape.take_front(axis))
        map[0] *= extent;
      for (int64_t extent : shape.drop_front(axis + 1))
        map[3] *= extent;
    }
    values.push_back(as(part, map));
  }
  return wrap(create<cnn::ConcatOp>(values), result);
}
