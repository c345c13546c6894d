// Resizing of maps: each axis by itself, nearest by indices, linear and cubic by a matrix.
#include "frontend/onnx/Node.h"

#include <cmath>
#include <numeric>

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

namespace {
struct Resizing {
  std::string mode = "nearest", coordinates = "asymmetric", nearest = "floor";
  double cubicCoefficient = -0.75;
  bool excludesOutside = false, antialiases = false;
};

/// The position in the input that element `at` of the result stands for.
double sourcePosition(const Resizing &how, int64_t at, int64_t in, int64_t out, double scale) {
  // What the scale asks for, of which `out` is the whole part.
  double exactOut = scale * static_cast<double>(in), x = static_cast<double>(at);
  if (how.coordinates == "align_corners")
    return exactOut == 1 ? 0 : x * static_cast<double>(in - 1) / (exactOut - 1);
  if (how.coordinates == "asymmetric")
    return x / scale;
  if (how.coordinates == "tf_half_pixel_for_nn")
    return (x + 0.5) / scale;
  if (how.coordinates == "pytorch_half_pixel")
    return exactOut == 1 ? -0.5 : (x + 0.5) / scale - 0.5;
  double halfPixel = (x + 0.5) / scale - 0.5;
  if (how.coordinates == "half_pixel_symmetric")
    return static_cast<double>(in) / 2 * (1 - static_cast<double>(out) / exactOut) + halfPixel;
  return halfPixel;
}

int64_t nearestIndex(const Resizing &how, double position) {
  if (how.nearest == "floor")
    return static_cast<int64_t>(std::floor(position));
  if (how.nearest == "ceil")
    return static_cast<int64_t>(std::ceil(position));
  if (how.nearest == "round_prefer_ceil")
    return static_cast<int64_t>(std::floor(position + 0.5));
  return static_cast<int64_t>(std::ceil(position - 0.5));
}

/// Weights of the elements around a position whose fractional part is `t`: the one at or before it
/// and the next; for cubic also one more on each side (Keys 1981).
SmallVector<double, 4> interpolationWeights(const Resizing &how, double t) {
  if (how.mode == "linear")
    return {1 - t, t};
  double a = how.cubicCoefficient;
  auto far = [&](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  auto near = [&](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  return {far(1 + t), near(t), near(1 - t), far(2 - t)};
}

/// The matrix, out x in, that interpolates along one axis.
std::vector<float> interpolationMatrix(const Resizing &how, int64_t in, int64_t out, double scale) {
  std::vector<float> matrix(in * out);
  for (int64_t at = 0; at < out; ++at) {
    double position = sourcePosition(how, at, in, out, scale);
    auto first = static_cast<int64_t>(std::floor(position));
    SmallVector<double, 4> weights =
        interpolationWeights(how, position - static_cast<double>(first));
    first -= static_cast<int64_t>(weights.size()) / 2 - 1;
    double inside = 0;
    for (auto [i, weight] : llvm::enumerate(weights)) {
      int64_t index = first + static_cast<int64_t>(i);
      bool isOutside = index < 0 || index >= in;
      if (isOutside && how.excludesOutside)
        continue;
      inside += weight;
      matrix[at * in + std::clamp<int64_t>(index, 0, in - 1)] += static_cast<float>(weight);
    }
    if (how.excludesOutside)
      for (int64_t i = 0; i < in; ++i)
        matrix[at * in + i] = static_cast<float>(matrix[at * in + i] / inside);
  }
  return matrix;
}

/// matrix * x along `axis`.
Operand applyMatrix(NetworkBuilder &b, const Operand &x, int64_t axis, std::vector<float> matrix,
                    int64_t out) {
  int64_t in = x.shape[axis], outer = 1, inner = 1;
  for (int64_t extent : ArrayRef(x.shape).take_front(axis))
    outer *= extent;
  for (int64_t extent : ArrayRef(x.shape).drop_front(axis + 1))
    inner *= extent;
  Operand weights = b.constant(HostTensor(onnx::TensorProto::FLOAT, std::move(matrix)), {out, in});
  Shape result(x.shape);
  result[axis] = out;
  if (inner == 1)
    return b.reshape(b.linear(b.reshape(x, {outer, in}), weights, {}), result);
  return b.wrap(
      b.create<cnn::Conv2dOp>({b.as(x, {outer, in, 1, inner}), b.as(weights, {out, in, 1, 1})}, {},
                              {1, 1, 0, 0}),
      result);
}
} // namespace

/// Resizes `x` by `scales` to `sizes`, one of each per axis.
static void resize(Node &node, const Resizing &how, const Operand &x, ArrayRef<double> scales,
                   ArrayRef<int64_t> sizes) {
  NetworkBuilder &b = node.builder;
  constexpr int64_t kMaxExtent = int64_t(1) << 24, kMaxMatrix = int64_t(1) << 26;
  if (!checkedElements(sizes) || x.numElements() == 0 ||
      llvm::any_of(sizes, [](int64_t size) { return size < 1 || size > kMaxExtent; }))
    return node.fail("can't resize a tensor of " + formatShape(x.shape) + " to " +
                     formatShape(sizes));
  Operand result = x;
  AxisIndices lists(x.rank());
  for (int64_t axis = 0; axis < x.rank(); ++axis) {
    int64_t in = x.shape[axis], out = sizes[axis];
    if (in == out && scales[axis] == 1)
      continue;
    if (how.mode == "nearest") {
      std::vector<int64_t> &list = lists[axis].emplace();
      for (int64_t at = 0; at < out; ++at)
        list.push_back(std::clamp<int64_t>(
            nearestIndex(how, sourcePosition(how, at, in, out, scales[axis])), 0, in - 1));
      continue;
    }
    if (in * out > kMaxMatrix)
      return node.fail("interpolation of " + Twine(in) + " to " + Twine(out) +
                       " elements of an axis is not supported");
    if (how.antialiases && scales[axis] < 1)
      return node.fail("attribute 'antialias' is 1 where the result is smaller; supported: 0");
    result = applyMatrix(b, result, axis, interpolationMatrix(how, in, out, scales[axis]), out);
  }
  node.set(b.take(result, lists));
}

static std::optional<SmallVector<double>> constantNumbers(Node &node, int i, StringRef what) {
  const Operand &x = node.input(i);
  if (!x.isConstant()) {
    node.fail("its " + what + " must be constant");
    return std::nullopt;
  }
  SmallVector<double> numbers;
  for (int64_t at = 0; at < x.numElements(); ++at)
    numbers.push_back(x.constant.number(at));
  return numbers;
}

/// Sizes that scales lead to; reports those that are not positive.
static std::optional<SmallVector<int64_t>> scaledSizes(Node &node, ArrayRef<int64_t> shape,
                                                       ArrayRef<double> scales) {
  SmallVector<int64_t> sizes;
  for (auto [extent, scale] : llvm::zip(shape, scales)) {
    double size = std::floor(static_cast<double>(extent) * scale);
    if (!(scale > 0) || !(size <= static_cast<double>(kMaxElements))) {
      node.fail("scale " + formatNumber(scale) + " of an axis of " + Twine(extent) +
                " is not supported");
      return std::nullopt;
    }
    sizes.push_back(static_cast<int64_t>(size));
  }
  return sizes;
}

static void importUpsample(Node &node) {
  Resizing how;
  how.mode = node.word("mode", {"nearest", "linear", "bilinear"});
  if (how.mode == "bilinear")
    how.mode = "linear";
  auto given = node.opset < 9 ? node.numbers("scales") : std::nullopt;
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  SmallVector<double> scales;
  if (given)
    scales.assign(given->begin(), given->end());
  else if (node.hasInput(1))
    scales = constantNumbers(node, 1, "scales").value_or(SmallVector<double>());
  if (!node.ok())
    return;
  if (static_cast<int64_t>(scales.size()) != x.rank())
    return node.fail("expected " + Twine(x.rank()) + " scales, got " + Twine(scales.size()));
  if (auto sizes = scaledSizes(node, x.shape, scales))
    resize(node, how, x, scales, *sizes);
}

static void importResize(Node &node) {
  Resizing how;
  how.mode = node.word("mode", {"nearest", "linear", "cubic"});
  std::string policy = "stretch";
  if (node.opset >= 11) {
    how.coordinates = node.word("coordinate_transformation_mode",
                                {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel",
                                 "align_corners", "asymmetric", "tf_half_pixel_for_nn"});
    how.nearest =
        node.word("nearest_mode", {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"});
    how.cubicCoefficient = node.number("cubic_coeff_a", -0.75);
    how.excludesOutside = node.integer("exclude_outside", 0) != 0;
    node.ignore("extrapolation_value"); // Of tf_crop_and_resize alone.
  }
  std::optional<SmallVector<int64_t>> axes;
  if (node.opset >= 18) {
    how.antialiases = node.integer("antialias", 0) != 0;
    policy = node.word("keep_aspect_ratio_policy", {"stretch", "not_larger", "not_smaller"});
    axes = node.integers("axes");
  }
  if (!node.ready())
    return;
  const Operand &x = node.input(0);
  int scalesAt = node.opset < 11 ? 1 : 2;
  bool hasScales = node.hasInput(scalesAt) && node.input(scalesAt).numElements() != 0;
  if (!axes) {
    axes.emplace(x.rank());
    std::iota(axes->begin(), axes->end(), 0);
  }
  SmallVector<double> scales(x.rank(), 1);
  SmallVector<int64_t> sizes(x.shape.begin(), x.shape.end());
  auto place = [&](auto &all, const auto &values, StringRef what) {
    if (values.size() != axes->size())
      return node.fail("expected " + Twine(axes->size()) + " " + what + ", got " +
                       Twine(values.size()));
    for (auto [axis, value] : llvm::zip_equal(*axes, values))
      if (std::optional<int64_t> at = node.normalizeAxis(axis, x.rank()))
        all[*at] = value;
  };
  if (hasScales) {
    if (auto values = constantNumbers(node, scalesAt, "scales"))
      place(scales, *values, "scales");
    if (!node.ok())
      return;
    auto scaled = scaledSizes(node, x.shape, scales);
    if (!scaled)
      return;
    sizes = *scaled;
  } else {
    if (!node.hasInput(3))
      return node.fail("its scales and sizes are missing");
    if (auto values = node.constantIntegers(3, "sizes"))
      place(sizes, *values, "sizes");
    if (!node.ok())
      return;
    for (int64_t axis = 0; axis < x.rank(); ++axis)
      scales[axis] = static_cast<double>(sizes[axis]) / static_cast<double>(x.shape[axis]);
    if (policy != "stretch") {
      // One scale for all axes that are resized.
      std::optional<double> common;
      for (int64_t axis : *axes) {
        double scale = scales[axis < 0 ? axis + x.rank() : axis];
        common = !common                  ? scale
                 : policy == "not_larger" ? std::min(*common, scale)
                                          : std::max(*common, scale);
      }
      for (int64_t axis : *axes) {
        int64_t at = axis < 0 ? axis + x.rank() : axis;
        scales[at] = *common;
        sizes[at] = static_cast<int64_t>(static_cast<double>(x.shape[at]) * *common + 0.5);
      }
    }
  }
  resize(node, how, x, scales, sizes);
}

void onnximport::addResizeOperators(OperatorTable &table) {
  table["Upsample"] = {importUpsample, 1, 2, 7, 9};
  table["Resize"] = {importResize, 1, 4, 10};
}
