// Resolves the padding of windows.
#include "frontend/onnx/Window.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

Window::Window(Node &node) {
  auto list = [&](StringRef name, auto &to) {
    if (auto values = node.integers(name))
      to.assign(values->begin(), values->end());
  };
  list("kernel_shape", kernel);
  list("strides", strides);
  list("dilations", dilations);
  list("pads", pads);
  autoPad = node.word("auto_pad", {"NOTSET", "SAME_UPPER", "SAME_LOWER", "VALID"});
  if (autoPad != "NOTSET" && llvm::any_of(pads, [](int64_t pad) { return pad != 0; }))
    node.fail("attributes 'auto_pad' and 'pads' exclude each other");
}

bool Window::resolve(Node &node, const Operand &input, ArrayRef<int64_t> extent) {
  size_t rank = input.shape.size() - 2;
  bool isVolume = input.rank() == 5 && extent.empty();
  if (input.rank() != 3 && input.rank() != 4 && !isVolume) {
    node.fail("expected an input of rank 3 or 4, got " + formatShape(input.shape));
    return false;
  }
  if (!extent.empty()) {
    if (!kernel.empty() && ArrayRef<int64_t>(kernel) != extent)
      node.fail("attribute 'kernel_shape' is " + formatShape(kernel) + ", but the filter has " +
                formatShape(extent));
    kernel.assign(extent.begin(), extent.end());
  }
  if (kernel.empty())
    node.fail("attribute 'kernel_shape' is missing");
  if (strides.empty())
    strides.assign(rank, 1);
  if (dilations.empty())
    dilations.assign(rank, 1);
  if (pads.empty() || autoPad != "NOTSET")
    pads.assign(2 * rank, 0);
  // Bounds that keep sums and products from overflowing.
  constexpr int64_t kMost = int64_t(1) << 30;
  auto check = [&](StringRef name, ArrayRef<int64_t> values, size_t count, int64_t least) {
    if (!node.ok())
      return;
    if (values.size() != count)
      return node.fail("attribute '" + name + "': expected " + Twine(count) + " values, got " +
                       Twine(values.size()));
    for (int64_t value : values)
      if (value < least || value > kMost)
        return node.fail("attribute '" + name + "': expected values of at least " + Twine(least) +
                         " and at most 2^30, got " + Twine(value));
  };
  check("kernel_shape", kernel, rank, 1);
  check("strides", strides, rank, 1);
  check("dilations", dilations, rank, 1);
  check("pads", pads, 2 * rank, 0);
  if (!node.ok())
    return false;
  if (autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER")
    for (size_t axis = 0; axis < rank; ++axis) {
      int64_t in = input.shape[2 + axis], out = (in - 1) / strides[axis] + 1;
      int64_t all = (out - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1 - in;
      all = std::max<int64_t>(all, 0);
      int64_t less = all / 2, more = all - less;
      pads[axis] = autoPad == "SAME_UPPER" ? less : more;
      pads[rank + axis] = autoPad == "SAME_UPPER" ? more : less;
    }
  mapShape = onnximport::mapShape(input.shape);
  if (isVolume)
    return resolveVolume(node, input);
  isSequence = rank == 1;
  if (isSequence) {
    kernel.insert(kernel.begin(), 1);
    strides.insert(strides.begin(), 1);
    dilations.insert(dilations.begin(), 1);
    pads = {0, pads[0], 0, pads[1]};
  }
  return true;
}

bool Window::resolveVolume(Node &node, const Operand &input) {
  auto isTrivial = [&](size_t axis) {
    return kernel[axis] == 1 && strides[axis] == 1 && pads[axis] == 0 && pads[3 + axis] == 0;
  };
  const Shape &in = input.shape;
  if (isTrivial(1) && isTrivial(2)) {
    // N x C x D x (H*W)
    mapShape = {in[0], in[1], in[2], in[3] * in[4]};
    resultShape = {in[0], in[1], -1, in[3], in[4]};
    pads = {pads[0], 0, pads[3], 0};
    kernel = {kernel[0], 1};
    strides = {strides[0], 1};
    dilations = {dilations[0], 1};
    return true;
  }
  if (isTrivial(0)) {
    // N x (C*D) x H x W
    mapShape = {in[0], in[1] * in[2], in[3], in[4]};
    resultShape = {in[0], in[1], in[2], -1, -1};
    pads = {pads[1], pads[2], pads[4], pads[5]};
    for (auto *list : {&kernel, &strides, &dilations})
      list->erase(list->begin());
    return true;
  }
  node.fail(
      "windows of three dimensions are not supported: expected an input of rank 3 or 4, got " +
      formatShape(in));
  return false;
}

Value Window::map(NetworkBuilder &builder, const Operand &input) const {
  return builder.as(input, mapShape);
}

Operand Window::wrap(Value result) const {
  if (!result)
    return {};
  Shape shape(cnn::tensorType(result).getShape());
  if (!resultShape.empty()) {
    Shape all = resultShape;
    for (auto [axis, extent] :
         llvm::zip(llvm::make_filter_range(all, [](int64_t e) { return e < 0; }),
                   ArrayRef(shape).drop_front(2)))
      axis = extent;
    return NetworkBuilder::wrap(result, all);
  }
  if (isSequence)
    shape.erase(shape.begin() + 2);
  return NetworkBuilder::wrap(result, shape);
}
