// Pooling. Positions beyond the input are the identity of the reduction; Halide splits loops so that
// only windows at the borders test for them.
#include "backends/halide/Emitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

namespace {

class WindowPool {
public:
  WindowPool(HalideKernel &k, bool isMax)
      : k(k), isMax(isMax), in(k.inputMap(0)), out(k.outputMap(0)), kernel(k.params.list("kernel")),
        strides(k.params.list("strides")), pads(k.params.list("pads")),
        dilations(k.params.list("dilations")),
        countsPadding(!isMax && k.params.flag("count_include_pad")) {}

  void emit() {
    HalideKernel::Dims dims = boxOf(out);
    dims[1] = {out.w(), out.getBlock()};
    dims[2] = {out.h(), out.rowStride()};
    dims[3] = {1, out.planeStride(), 0, static_cast<int>(k.addAxis(out.channelBlocks()))};
    dims[4] = {1, out.imageStride(), 0, static_cast<int>(k.addAxis(out.n()))};
    k.forEachVariant([&] { build(dims); });
  }

private:
  HalideKernel &k;
  bool isMax;
  plan::MapType in, out;
  ArrayRef<int64_t> kernel, strides, pads, dilations;
  bool countsPadding;

  /// How many taps of the window of output `o` along an axis count for the mean.
  Expr counted(Expr o, unsigned axis) const {
    int extent = static_cast<int>(axis == 0 ? in.h() : in.w());
    auto dilation = static_cast<int>(dilations[axis]);
    Expr start = o * int(strides[axis]) - int(pads[axis]);
    // Taps before position `limit`.
    auto tapsBefore = [&](int limit) {
      return Halide::min((Halide::max(limit - start, 0) + (dilation - 1)) / dilation,
                         int(kernel[axis]));
    };
    // Padding counts, what rounding up added beyond it does not.
    return countsPadding ? tapsBefore(extent + int(pads[2 + axis]))
                         : tapsBefore(extent) - tapsBefore(0);
  }

  void build(const HalideKernel::Dims &dims) {
    // The algorithm.
    Var c("c"), x("x"), y("y"), p("p"), n("n");
    float identity = isMax ? -std::numeric_limits<float>::infinity() : 0.0f;
    Func padded = Halide::BoundaryConditions::constant_exterior(
        k.inputBox(0), identity,
        {{Expr(), Expr()}, {0, int(in.w())}, {0, int(in.h())}, {Expr(), Expr()}, {Expr(), Expr()}});
    RDom r = k.domain("r", {kernel[1], kernel[0]});
    Func pooled = k.func("pooled"), result = k.func("out"), shares = k.func("shares");
    Expr tap = padded(c, x * int(strides[1]) - int(pads[1]) + r.x * int(dilations[1]),
                      y * int(strides[0]) - int(pads[0]) + r.y * int(dilations[0]), p, n);
    pooled(c, x, y, p, n) = identity;
    Expr sum = pooled(c, x, y, p, n);
    pooled(c, x, y, p, n) = isMax ? Halide::max(sum, tap) : sum + tap;
    shares(x) = 1.0f / Halide::cast<float>(counted(x, 1));
    Expr value = pooled(c, x, y, p, n);
    if (!isMax) {
      value *= shares(x) * (1.0f / Halide::cast<float>(counted(y, 0)));
      if (!k.kernel.getWeights().empty())
        value += k.weights(0, {{k.lanes, 1}, {out.channelBlocks(), k.lanes}})(c, p);
      value = activate(k.params.act(), value);
    }
    result(c, x, y, p, n) = value;
    k.output(0, result, dims, out.origin());

    // The schedule: several outputs at a time hide the latency of the chain of maxima or sums.
    Var xi("xi");
    auto unroll = static_cast<int>(std::min<int64_t>(4, out.w()));
    result.split(x, x, xi, unroll, Halide::TailStrategy::ShiftInwards)
        .reorder(c, xi, x, y, p, n)
        .vectorize(c)
        .unroll(xi);
    pooled.compute_at(result, x).store_in(Halide::MemoryType::Stack);
    pooled.reorder(c, x).vectorize(c).unroll(x);
    pooled.update().reorder(c, x, r.x, r.y).vectorize(c).unroll(x).unroll(r.x);
    if (!isMax)
      shares.compute_root().store_in(Halide::MemoryType::Stack);
  }
};

} // namespace

PlaneSum::PlaneSum(HalideKernel &k, function_ref<Expr(Expr x, Expr y)> value,
                   const std::vector<Var> &place, int64_t width, int64_t height)
    : lane(place[0]), columns(k.func("columns")), total(k.func("total")),
      rows(k.domain("rows", {height})), across(k.domain("across", {width})) {
  // The algorithm: columns first, so that sums are many and short.
  std::vector<Var> inColumn = place;
  inColumn.insert(inColumn.begin() + 1, x);
  columns(inColumn) = 0.0f;
  columns(inColumn) += value(x, rows);
  std::vector<Expr> ofColumn(inColumn.begin(), inColumn.end());
  ofColumn[1] = across;
  total(place) = 0.0f;
  total(place) += columns(ofColumn);
}

void PlaneSum::schedule(Func consumer, Var at) {
  total.compute_at(consumer, at).store_in(Halide::MemoryType::Stack).vectorize(lane);
  total.update().vectorize(lane);
  columns.compute_at(consumer, at).store_in(Halide::MemoryType::Stack).vectorize(lane);
  columns.update().reorder(lane, x, rows).vectorize(lane);
}

void halide::emitMaxPool(HalideKernel &k) { WindowPool(k, /*isMax=*/true).emit(); }
void halide::emitAvgPool(HalideKernel &k) { WindowPool(k, /*isMax=*/false).emit(); }

void halide::emitGlobalAvgPool(HalideKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap(0);
  HalideKernel::Dims dims = boxOf(out);
  dims[1] = {1, out.getBlock()};
  dims[2] = {1, out.rowStride()};
  dims[3] = {1, out.planeStride(), 0, static_cast<int>(k.addAxis(out.channelBlocks()))};
  dims[4] = {1, out.imageStride(), 0, static_cast<int>(k.addAxis(out.n()))};
  k.forEachVariant([&] {
    Var c("c"), x("x"), y("y"), p("p"), n("n");
    Halide::ImageParam map = k.inputBox(0);
    PlaneSum sum(k, [&](Expr column, Expr row) { return map(c, column, row, p, n); }, {c, p, n},
                 in.w(), in.h());
    Func result = k.func("out");
    result(c, x, y, p, n) = sum.total(c, p, n) * (1.0f / static_cast<float>(in.h() * in.w()));
    k.output(0, result, dims, out.origin());
    result.vectorize(c);
    sum.schedule(result, p);
  });
}
