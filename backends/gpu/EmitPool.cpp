// Pooling: a thread computes an output of a window; a warp the mean of a plane.
#include "backends/gpu/Emitters.h"

using namespace mlir;
using namespace incc;

/// Taps of a window that are written out one by one, at most.
static constexpr int64_t kMaxUnrolledTaps = 25;

namespace {
struct WindowPool {
  enum class Kind { max, average };

  WindowPool(GpuBuilder &b, Kind kind)
      : b(b), kind(kind), params(b.kernel), in(b.inputMap(0)), kernel(params.list("kernel")),
        strides(params.list("strides")), pads(params.list("pads")),
        dilations(params.list("dilations")) {}

  GpuBuilder &b;
  Kind kind;
  KernelParams params;
  plan::MapType in;
  ArrayRef<int64_t> kernel, strides, pads, dilations;

  Value identity() {
    return b.constant(kind == Kind::max ? -std::numeric_limits<float>::infinity() : 0.0f);
  }

  /// Combines a tap with what there is. Taps outside of the input read the nearest element and
  /// forget it.
  Value addTap(const gpu::Element &e, Index top, Index left, Index tapRow, int64_t tapColumn,
               Value value) {
    auto clamp = [&](Index i, int64_t extent) { return b.max(b.min(i, extent - 1), 0); };
    Index y = b.add(top, b.mul(tapRow, dilations[0])), x = b.add(left, tapColumn * dilations[1]);
    Value inside = b.logicalAnd(b.isBelow(y, in.h()), b.isBelow(x, in.w()));
    Value tap = b.load(b.input(0), b.at(in, e.n, e.c(), clamp(y, in.h()), clamp(x, in.w())));
    tap = b.select(inside, tap, identity());
    return kind == Kind::max ? b.maxf(tap, value) : b.addf(value, tap);
  }

  /// Taps along `axis` that count for the mean, of the window that begins at `start`.
  Index countTaps(Index start, unsigned axis) {
    int64_t extent = axis == 0 ? in.h() : in.w(), dilation = dilations[axis];
    auto tapsBefore = [&](Index limit) {
      Index distance = b.max(b.sub(limit, start), 0);
      return b.min(b.div(b.add(distance, dilation - 1), dilation), kernel[axis]);
    };
    // Padding counts, what rounding up added beyond it does not.
    if (params.flag("count_include_pad"))
      return tapsBefore(extent + pads[2 + axis]);
    return b.sub(tapsBefore(extent), tapsBefore(0));
  }

  Value compute(const gpu::Element &e) {
    Index top = b.sub(b.mul(e.y(), strides[0]), pads[0]);
    Index left = b.sub(b.mul(e.x(), strides[1]), pads[1]);
    auto addRow = [&](Index tapRow, Value value) {
      for (int64_t tapColumn = 0; tapColumn < kernel[1]; ++tapColumn)
        value = addTap(e, top, left, tapRow, tapColumn, value);
      return value;
    };
    Value value = identity();
    if (kernel[0] * kernel[1] <= kMaxUnrolledTaps)
      for (int64_t tapRow = 0; tapRow < kernel[0]; ++tapRow)
        value = addRow(tapRow, value);
    else
      value = b.loop(0, kernel[0], 1, {value}, [&](Index tapRow, GpuBuilder::Values v) {
        return GpuBuilder::Values{addRow(tapRow, v[0])};
      })[0];
    if (kind == Kind::max)
      return value;
    value = b.divf(value, b.toFloat(b.mul(countTaps(top, 0), countTaps(left, 1))));
    if (!b.kernel.getWeights().empty())
      value = b.addf(value, b.load(b.weights(0), e.c()));
    return b.activate(params.act(), value);
  }

  void emit() {
    gpu::forEachElement(b, [&](const gpu::Element &e) { return compute(e); });
  }
};
} // namespace

void gpu::emitMaxPool(GpuBuilder &b) { WindowPool(b, WindowPool::Kind::max).emit(); }
void gpu::emitAvgPool(GpuBuilder &b) { WindowPool(b, WindowPool::Kind::average).emit(); }

void gpu::emitGlobalAvgPool(GpuBuilder &b) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  int64_t pixels = in.h() * in.w(), warps = b.numThreads / kWarpThreads;
  Index thread = b.thread(), lane = b.rem(thread, kWarpThreads);
  Index plane = b.add(b.mul(b.block(), warps), b.div(thread, kWarpThreads));
  b.ifThen(b.isBelow(plane, in.n() * in.c()), [&] {
    Index n = b.div(plane, in.c()), c = b.rem(plane, in.c());
    Index from = b.at(in, n, c, 0, 0);
    Value sum =
        b.loop(lane, pixels, kWarpThreads, {b.constant(0)}, [&](Index i, GpuBuilder::Values v) {
          return GpuBuilder::Values{b.addf(v[0], b.load(b.input(0), b.add(from, i)))};
        })[0];
    sum = b.warpSum(sum);
    b.ifThen(b.isEqual(lane, 0), [&] {
      b.store(b.mulf(sum, b.constant(1.0f / static_cast<float>(pixels))), b.output(0),
              b.at(out, n, c, 0, 0));
    });
  });
  b.finish();
}
