// Writes pooling as ONNX. Where engines disagree, the nodes avoid the question.
#include "frontend/onnx/Exporter.h"
#include <limits>

using namespace mlir;
using namespace incc;

namespace {
/// A window pool's geometry along both axes.
struct Windows {
  template <typename OpT>
  explicit Windows(OpT op)
      : in(cnn::tensorType(op.getInput()).getShape().drop_front(2)),
        out(cnn::tensorType(op.getOutput()).getShape().drop_front(2)), kernel(op.getKernel()),
        strides(op.getStrides()), dilations(op.getDilations()), pads(op.getPads()),
        padsWithOverhang(pads) {
    for (int axis : {0, 1}) {
      int64_t padded = pads[axis] + in[axis] + pads[2 + axis];
      int64_t needed =
          (out[axis] - 1) * strides[axis] + (kernel[axis] - 1) * dilations[axis] + 1;
      padsWithOverhang[2 + axis] += std::max<int64_t>(0, needed - padded);
    }
  }

  bool hasOverhang() const { return padsWithOverhang != pads; }
  bool isDilated() const { return dilations[0] != 1 || dilations[1] != 1; }
  /// ONNX Runtime wants padding smaller than the kernel, dilated or not.
  bool hasWidePadding() const {
    return llvm::any_of(ArrayRef<int>{0, 1, 2, 3},
                        [&](int i) { return padsWithOverhang[i] >= kernel[i % 2]; });
  }

  ArrayRef<int64_t> in, out, kernel, strides, dilations;
  /// Top, left, bottom, right; the second with what `ceil_mode` adds at the bottom and right: rows
  /// and columns that the last windows need beyond the padded input. It is written as padding,
  /// because engines differ in how they round up.
  SmallVector<int64_t> pads, padsWithOverhang;
};
} // namespace

std::string Exporter::pad(Operation *layer, const std::string &input, ArrayRef<int64_t> before,
                          ArrayRef<int64_t> after, double value) {
  SmallVector<int64_t> all(before);
  all.append(after.begin(), after.end());
  Strings inputs = {input, writer.addInts("pads", all)};
  if (value != 0)
    inputs.push_back(scalar("border", value));
  return node("Pad", layer, inputs);
}

void Exporter::write(cnn::MaxPoolOp op) {
  Windows windows(op);
  std::string input = name(op.getInput());
  SmallVector<int64_t> pads = windows.padsWithOverhang;
  if (windows.hasWidePadding()) {
    input = pad(op, input, {0, 0, pads[0], pads[1]}, {0, 0, pads[2], pads[3]},
                -std::numeric_limits<double>::infinity());
    pads = {0, 0, 0, 0};
  }
  NodeAttributes attributes = writer.addNode("MaxPool", op, {input}, resultName(op))
                                  .set("kernel_shape", windows.kernel)
                                  .set("strides", windows.strides)
                                  .set("pads", pads);
  if (windows.isDilated())
    attributes.set("dilations", windows.dilations);
}

/// The reciprocal of the number of elements that count in each window.
static std::vector<float> reciprocalCounts(const Windows &windows, bool countPad) {
  SmallVector<int64_t> counts[2];
  for (int axis : {0, 1}) {
    int64_t begin = countPad ? -windows.pads[axis] : 0;
    int64_t end = windows.in[axis] + (countPad ? windows.pads[2 + axis] : 0);
    for (int64_t i = 0; i < windows.out[axis]; ++i) {
      int64_t count = 0;
      for (int64_t tap = 0; tap < windows.kernel[axis]; ++tap) {
        int64_t at = i * windows.strides[axis] - windows.pads[axis] + tap * windows.dilations[axis];
        count += at >= begin && at < end;
      }
      counts[axis].push_back(count);
    }
  }
  std::vector<float> result;
  for (int64_t rows : counts[0])
    for (int64_t columns : counts[1])
      result.push_back(1.0f / static_cast<float>(std::max<int64_t>(rows * columns, 1)));
  return result;
}

/// AveragePool where its meaning is beyond doubt; dilated ones, which opset 19 brought, and those
/// of wide padding as sums by a depthwise convolution with ones, divided by the windows' counts.
void Exporter::write(cnn::AvgPoolOp op) {
  Windows windows(op);
  std::string input = name(op.getInput()), result;
  SmallVector<int64_t> pads = windows.padsWithOverhang;
  bool countPad = op.getCountIncludePad();
  if (windows.isDilated() || windows.hasWidePadding()) {
    int64_t channels = cnn::tensorType(op.getInput()).getDimSize(1);
    ArrayRef<int64_t> kernel = windows.kernel;
    std::vector<float> ones(channels * kernel[0] * kernel[1], 1.0f);
    std::string sums;
    writer
        .addNode("Conv", op,
                 {input, writer.addFloats("ones", {channels, 1, kernel[0], kernel[1]}, ones)},
                 &sums)
        .set("kernel_shape", kernel)
        .set("strides", windows.strides)
        .set("pads", pads)
        .set("dilations", windows.dilations)
        .set("group", channels);
    result = node("Mul", op,
                  {sums, writer.addFloats("counts", {1, 1, windows.out[0], windows.out[1]},
                                          reciprocalCounts(windows, countPad))});
  } else {
    if (countPad && windows.hasOverhang()) {
      // Zeros that count come first, as data; the overhang is padding that does not count.
      ArrayRef<int64_t> zeros = windows.pads;
      input = pad(op, input, {0, 0, zeros[0], zeros[1]}, {0, 0, zeros[2], zeros[3]}, 0);
      for (int side : {0, 1, 2, 3})
        pads[side] -= zeros[side];
      countPad = false;
    }
    writer.addNode("AveragePool", op, {input}, &result)
        .set("kernel_shape", windows.kernel)
        .set("strides", windows.strides)
        .set("pads", pads)
        .set("count_include_pad", countPad);
  }
  if (Value bias = op.getBias()) {
    SmallVector<int64_t> shape = {1, cnn::tensorType(bias).getDimSize(0), 1, 1};
    result = node("Add", op,
                  {result, node("Reshape", op, {name(bias), writer.addInts("shape", shape)})});
  }
  finish(op, result, nullptr, op.getAct());
}

void Exporter::write(cnn::GlobalAvgPoolOp op) {
  writer.addNode("GlobalAveragePool", op, {name(op.getInput())}, resultName(op));
}

/// Equal windows as AveragePool. ONNX has no unequal ones: mean over rows and over columns are
/// products with matrices, rows[OH,H] x in[H,W] x columns[W,OW].
void Exporter::write(cnn::AdaptiveAvgPoolOp op) {
  ArrayRef<int64_t> in = cnn::tensorType(op.getInput()).getShape().drop_front(2);
  ArrayRef<int64_t> to = op.getOutputSize();
  if (in[0] % to[0] == 0 && in[1] % to[1] == 0) {
    SmallVector<int64_t> window = {in[0] / to[0], in[1] / to[1]};
    writer.addNode("AveragePool", op, {name(op.getInput())}, resultName(op))
        .set("kernel_shape", window)
        .set("strides", window);
    return;
  }
  std::vector<float> rows(to[0] * in[0]), columns(in[1] * to[1]);
  for (int axis : {0, 1})
    for (int64_t i = 0; i < to[axis]; ++i) {
      int64_t begin = i * in[axis] / to[axis];
      int64_t end = ((i + 1) * in[axis] + to[axis] - 1) / to[axis];
      for (int64_t j = begin; j < end; ++j)
        (axis ? columns[j * to[1] + i] : rows[i * in[0] + j]) =
            1.0f / static_cast<float>(end - begin);
    }
  std::string means = node("MatMul", op,
                           {writer.addFloats("rows", {to[0], in[0]}, rows), name(op.getInput())});
  writer.addNode("MatMul", op, {means, writer.addFloats("columns", {in[1], to[1]}, columns)},
                 resultName(op));
}
