// Pooling on a GPU: a thread computes outputs of a window; a warp the mean of a plane.
#include "backends/halide/GpuEmitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide_gpu;

namespace {
struct WindowPool {
  WindowPool(HalideGpuKernel &k, bool isMax)
      : k(k), isMax(isMax), in(k.inputMap(0)), kernel(k.params.list("kernel")),
        strides(k.params.list("strides")), pads(k.params.list("pads")),
        dilations(k.params.list("dilations")) {}

  HalideGpuKernel &k;
  bool isMax;
  plan::MapType in;
  ArrayRef<int64_t> kernel, strides, pads, dilations;

  /// Where a window begins.
  Expr start(Expr o, unsigned axis) const { return o * int(strides[axis]) - int(pads[axis]); }

  /// Taps along `axis` that count for the mean, of the window that begins at `start`.
  Expr countTaps(Expr start, unsigned axis) const {
    int extent = static_cast<int>(axis == 0 ? in.h() : in.w());
    auto dilation = static_cast<int>(dilations[axis]);
    auto tapsBefore = [&](int limit) {
      return Halide::min(divide(Halide::max(limit - start, 0) + (dilation - 1), dilation),
                         int(kernel[axis]));
    };
    // Padding counts, what rounding up added beyond it does not.
    return k.params.flag("count_include_pad") ? tapsBefore(extent + int(pads[2 + axis]))
                                              : tapsBefore(extent) - tapsBefore(0);
  }

  void emit() {
    // The algorithm.
    Var i("i"), thread("thread"), block("block");
    Func pooled = k.func("pooled");
    RDom r = k.domain("r", {kernel[1], kernel[0]});
    GpuElement e = elementAt(k, {i, thread, block});
    Expr y = start(e.y(), 0) + r.y * int(dilations[0]);
    Expr x = start(e.x(), 1) + r.x * int(dilations[1]);
    Expr inside = isBelow(y, in.h()) && isBelow(x, in.w());
    Expr tap = k.input(0, offsetIn(in, e.n, e.c(), Halide::clamp(y, 0, int(in.h()) - 1),
                                   Halide::clamp(x, 0, int(in.w()) - 1)));
    float identity = isMax ? -std::numeric_limits<float>::infinity() : 0.0f;
    tap = Halide::select(inside, tap, identity);
    pooled(i, thread, block) = identity;
    Expr before = pooled(i, thread, block);
    pooled(i, thread, block) = isMax ? Halide::max(before, tap) : before + tap;
    forEachElement(k, [&](const GpuPlace &place) {
      Expr value = pooled(place.i, place.thread, place.block);
      if (isMax)
        return value;
      GpuElement element = elementAt(k, place);
      value /= Halide::cast<float>(countTaps(start(element.y(), 0), 0) *
                                   countTaps(start(element.x(), 1), 1));
      if (!k.kernel.getWeights().empty())
        value += k.weights(0, element.c());
      return activate(k.params.act(), value);
    });

    // The schedule.
    k.perThread(pooled);
    pooled.bound_extent(i, int(kElementsPerThread)).unroll(i);
    pooled.update().reorder(i, r.x, r.y).unroll(i);
  }
};
} // namespace

void halide_gpu::emitMaxPool(HalideGpuKernel &k) { WindowPool(k, /*isMax=*/true).emit(); }
void halide_gpu::emitAvgPool(HalideGpuKernel &k) { WindowPool(k, /*isMax=*/false).emit(); }

void halide_gpu::emitGlobalAvgPool(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap();
  int64_t pixels = in.h() * in.w(), planes = in.n() * in.c(), warps = k.numThreads / kWarpThreads;
  // The algorithm.
  auto planeOf = [&](Expr warp, Expr block) { return block * int(warps) + warp; };
  Var thread("thread"), warp("warp"), block("block");
  Func part = k.func("part"), shared = k.func("shared"), sum = k.func("sum");
  RDom r = k.domain("r", {ceilDiv(pixels, kWarpThreads)});
  Expr pixel = r * int(kWarpThreads) + remainder(thread, kWarpThreads);
  r.where(isBelow(pixel, pixels));
  Expr plane = Halide::min(planeOf(divide(thread, kWarpThreads), block), int(planes) - 1);
  part(thread, block) = 0.0f;
  part(thread, block) += k.input(0, divide(plane, in.c()) * int(in.imageStride()) +
                                        remainder(plane, in.c()) * int(in.planeStride()) + pixel);
  shared(thread, block) = part(thread, block);
  RDom lanes = k.domain("lanes", {kWarpThreads});
  sum(warp, block) = 0.0f;
  sum(warp, block) += shared(warp * int(kWarpThreads) + lanes, block);
  RDom points = k.points({}, warps);
  Expr mine = planeOf(points[0], points[1]);
  if (planes % warps)
    points.where(isBelow(mine, planes));
  k.store(points,
          divide(mine, in.c()) * int(out.imageStride()) +
              remainder(mine, in.c()) * int(out.planeStride()),
          sum(points[0], points[1]) * (1.0f / static_cast<float>(pixels)));

  // The schedule.
  k.perThread(sum);
  k.perBlock(shared, thread);
  shared.bound_extent(thread, int(k.numThreads));
  part.compute_at(shared, thread).store_in(Halide::MemoryType::Stack);
}
