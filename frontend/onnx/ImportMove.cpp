// Operators that move elements: joining, cutting, padding, repeating.
#include "frontend/onnx/Node.h"

#include <numeric>

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

/// More indices along one axis are no network's.
static constexpr int64_t kMaxIndices = int64_t(1) << 26;

static void importConcat(Node &node) {
  int64_t axis = node.integer("axis", 0);
  if (!node.hasAttribute("axis"))
    node.fail("attribute 'axis' is missing");
  if (!node.ready())
    return;
  SmallVector<Operand> parts;
  for (int i = 0; i < node.numInputs(); ++i)
    parts.push_back(node.input(i));
  ArrayRef<int64_t> first(parts.front().shape);
  std::optional<int64_t> at = node.normalizeAxis(axis, first.size());
  if (!at)
    return;
  for (const Operand &part : parts) {
    bool fits = part.shape.size() == first.size();
    for (size_t i = 0; fits && i < first.size(); ++i)
      fits = static_cast<int64_t>(i) == *at || part.shape[i] == first[i];
    if (!fits)
      return node.fail("can't join tensors of " + formatShape(first) + " and " +
                       formatShape(part.shape) + " along axis " + Twine(*at));
  }
  node.set(node.builder.concat(parts, *at));
}

/// Takes [begin, begin + count) of an axis.
static Operand slice(NetworkBuilder &b, const Operand &x, int64_t axis, int64_t begin,
                     int64_t count) {
  AxisIndices lists(x.rank());
  lists[axis].emplace(count);
  std::iota(lists[axis]->begin(), lists[axis]->end(), begin);
  return b.take(x, lists);
}

static void importSplit(Node &node) {
  int64_t axis = node.integer("axis", 0), parts = node.numOutputs();
  if (node.opset >= 18)
    parts = node.integer("num_outputs", parts);
  else if (node.opset < 13)
    node.integers("split");
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  std::optional<int64_t> at = node.normalizeAxis(axis, x.rank());
  auto sizes = node.integersSince(13, "split", 1);
  if (!at || !node.ok())
    return;
  int64_t extent = x.shape[*at];
  if (parts != node.numOutputs())
    return node.fail("attribute 'num_outputs' is " + Twine(parts) + ", but it has " +
                     Twine(node.numOutputs()) + " outputs");
  if (!sizes) {
    // The last part may be smaller, since opset 18.
    int64_t each = (extent + parts - 1) / parts;
    if ((node.opset < 18 && extent % parts) || each * (parts - 1) > extent)
      return node.fail("can't split " + Twine(extent) + " into " + Twine(parts) + " equal parts");
    sizes.emplace(parts, each);
    sizes->back() = extent - each * (parts - 1);
  }
  int64_t begin = 0;
  bool fits = static_cast<int64_t>(sizes->size()) == parts;
  for (int64_t count : *sizes) {
    fits = fits && count >= 0 && count <= extent - begin;
    if (fits)
      begin += count;
  }
  if (!fits || begin != extent)
    return node.fail("can't split axis " + Twine(*at) + " of " + formatShape(x.shape) +
                     " into parts of " + formatShape(*sizes));
  begin = 0;
  for (int64_t i = 0; i < parts; ++i) {
    node.set(static_cast<int>(i), slice(node.builder, x, *at, begin, (*sizes)[i]));
    begin += (*sizes)[i];
  }
}

static void importSlice(Node &node) {
  bool hasInputs = node.opset >= 10;
  if (!hasInputs)
    for (StringRef name : {"starts", "ends", "axes"})
      node.integers(name);
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto starts = node.integersSince(10, "starts", 1), ends = node.integersSince(10, "ends", 2);
  auto axes = node.integersSince(10, "axes", 3);
  auto steps = hasInputs ? node.integersSince(10, "steps", 4) : std::nullopt;
  if (!node.ok())
    return;
  if (!starts || !ends)
    return node.fail("its starts or ends are missing");
  size_t count = starts->size();
  if (!axes) {
    axes.emplace(count);
    std::iota(axes->begin(), axes->end(), 0);
  }
  if (!steps)
    steps.emplace(count, 1);
  if (ends->size() != count || axes->size() != count || steps->size() != count)
    return node.fail("its starts, ends, axes and steps differ in number");
  AxisIndices lists(x.rank());
  for (size_t i = 0; i < count; ++i) {
    std::optional<int64_t> axis = node.normalizeAxis((*axes)[i], x.rank());
    if (!axis)
      return;
    int64_t extent = x.shape[*axis], step = (*steps)[i];
    if (step == 0 || lists[*axis])
      return node.fail(step == 0 ? Twine("its steps must not be 0")
                                 : "axis " + Twine(*axis) + " is given twice");
    // Counted from the back if negative; what is beyond either end stands for that end.
    auto clamp = [&](int64_t at) {
      at = at < 0 ? at + extent : at;
      return step > 0 ? std::clamp<int64_t>(at, 0, extent)
                      : std::clamp<int64_t>(at, -1, extent - 1);
    };
    int64_t begin = clamp((*starts)[i]), end = clamp((*ends)[i]);
    std::vector<int64_t> &list = lists[*axis].emplace();
    if (step > 0)
      for (int64_t at = begin; at < end; at = step < end - at ? at + step : end)
        list.push_back(at);
    else
      for (int64_t at = begin; at > end; at = step > end - at ? at + step : end)
        list.push_back(at);
  }
  node.set(node.builder.take(x, lists));
}

static void importGather(Node &node) {
  int64_t axis = node.integer("axis", 0);
  if (!node.ready())
    return;
  const Operand &x = node.input(0), &indices = node.input(1);
  std::optional<int64_t> at = node.normalizeAxis(axis, x.rank());
  if (!at)
    return;
  if (!indices.isConstant() || indices.constant.storage() != HostTensor::Storage::i64)
    return node.fail("its indices must be constant integers");
  int64_t extent = x.shape[*at];
  std::vector<int64_t> list = indices.constant.values<int64_t>().vec();
  for (int64_t &index : list) {
    if (index < -extent || index >= extent)
      return node.fail("index " + Twine(index) + " is outside axis " + Twine(*at) + " of " +
                       formatShape(x.shape));
    index = index < 0 ? index + extent : index;
  }
  AxisIndices lists(x.rank());
  lists[*at] = std::move(list);
  Operand taken = node.builder.take(x, lists);
  Shape shape(ArrayRef(x.shape).take_front(*at));
  shape.append(indices.shape);
  shape.append(x.shape.begin() + *at + 1, x.shape.end());
  node.set(node.builder.reshape(taken, shape));
}

static void importTile(Node &node) {
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto repeats = node.constantIntegers(1, "repeats");
  if (!repeats)
    return;
  if (static_cast<int64_t>(repeats->size()) != x.rank())
    return node.fail("expected " + Twine(x.rank()) + " repeats, got " + Twine(repeats->size()));
  AxisIndices lists(x.rank());
  for (auto [axis, count] : llvm::enumerate(*repeats)) {
    int64_t extent = x.shape[axis];
    if (count < 0 || count > kMaxIndices / std::max<int64_t>(extent, 1))
      return node.fail("repeats of " + Twine(count) + " are not supported");
    std::vector<int64_t> &list = lists[axis].emplace();
    for (int64_t i = 0; i < extent * count; ++i)
      list.push_back(i % extent);
  }
  node.set(node.builder.take(x, lists));
}

namespace {
enum class PadMode { constant, reflect, edge, wrap };
} // namespace

/// The index that position `at` of a padded axis reads, -1 for the fill.
static int64_t paddedIndex(PadMode mode, int64_t at, int64_t extent) {
  if (at >= 0 && at < extent)
    return at;
  switch (mode) {
  case PadMode::constant:
    return -1;
  case PadMode::edge:
    return at < 0 ? 0 : extent - 1;
  case PadMode::wrap:
    return ((at % extent) + extent) % extent;
  case PadMode::reflect:
    break;
  }
  // Back and forth, the ends not repeated.
  int64_t period = std::max<int64_t>(2 * (extent - 1), 1);
  int64_t phase = ((at % period) + period) % period;
  return phase < extent ? phase : period - phase;
}

static void importPad(Node &node) {
  NetworkBuilder &b = node.builder;
  std::string word = node.word("mode", {"constant", "reflect", "edge", "wrap"});
  PadMode mode = word == "reflect" ? PadMode::reflect
                 : word == "edge"  ? PadMode::edge
                 : word == "wrap"  ? PadMode::wrap
                                   : PadMode::constant;
  double fill = node.opset < 11 ? node.number("value", 0) : 0;
  if (node.opset < 11)
    node.integers("pads");
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  auto pads = node.integersSince(11, "pads", 1);
  auto axes = node.opset >= 18 ? node.integersSince(18, "axes", 3) : std::nullopt;
  if (!node.ok())
    return;
  if (!pads)
    return node.fail("its pads are missing");
  if (!axes) {
    axes.emplace(x.rank());
    std::iota(axes->begin(), axes->end(), 0);
  }
  if (pads->size() != 2 * axes->size())
    return node.fail("expected " + Twine(2 * axes->size()) + " pads, got " + Twine(pads->size()));
  AxisIndices lists(x.rank());
  for (size_t i = 0; i < axes->size(); ++i) {
    std::optional<int64_t> axis = node.normalizeAxis((*axes)[i], x.rank());
    if (!axis)
      return;
    int64_t before = (*pads)[i], after = (*pads)[axes->size() + i], extent = x.shape[*axis];
    bool fits = std::clamp(before, -kMaxIndices, kMaxIndices) == before &&
                std::clamp(after, -kMaxIndices, kMaxIndices) == after &&
                before + extent + after >= 0;
    if (!fits || lists[*axis])
      return node.fail("pads of " + Twine(before) + " and " + Twine(after) + " on axis " +
                       Twine(*axis) + " of " + formatShape(x.shape) + " are not supported");
    if (mode != PadMode::constant && extent == 0)
      return node.fail("can't pad a tensor of " + formatShape(x.shape) + " from its elements");
    std::vector<int64_t> &list = lists[*axis].emplace();
    for (int64_t at = -before; at < extent + after; ++at)
      list.push_back(paddedIndex(mode, at, extent));
  }
  const Operand &value = node.opset >= 11 ? node.input(2) : Operand();
  if (value && value.numElements() != 1)
    return node.fail("expected a number as constant_value, got a tensor of " +
                     formatShape(value.shape));
  if (value && value.isConstant())
    fill = value.constant.number(0);
  Operand padded = b.take(x, lists, fill);
  if (!value || value.isConstant() || mode != PadMode::constant)
    return node.set(padded);
  // A computed number is added where the padding is.
  Operand whole = b.expand(b.scalar(0), x.shape);
  Operand mask = b.take(whole, lists, 1);
  Operand border = b.binary(BinaryFunction::mul, b.reshape(value, {}), mask);
  node.set(b.binary(BinaryFunction::add, padded, border));
}

void onnximport::addMoveOperators(OperatorTable &table) {
  table["Concat"] = {importConcat, 1, kAnyNumber};
  table["Split"] = {importSplit, 1, 2};
  table["Slice"] = {importSlice, 1, 5};
  table["Gather"] = {importGather, 2, 2};
  table["Tile"] = {importTile, 2, 2};
  table["Pad"] = {importPad, 1, 4};
}
