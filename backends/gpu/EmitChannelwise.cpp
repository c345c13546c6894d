// Ops that combine the channels of a pixel: softmax and local response normalisation.
#include "backends/gpu/Emitters.h"

using namespace mlir;
using namespace incc;

/// e^(x - largest), of a channel of pixel `pixel` of image n.
static Value exponential(GpuBuilder &b, Index at, Value largest) {
  return b.exp(b.subf(b.load(b.input(0), at), largest));
}

/// Three passes over the channels: maximum, sum of exponentials, quotients. A thread takes channels
/// `first`, `first` + step, ...; `combine` joins what the threads of a pixel found.
static void softmaxOfPixel(GpuBuilder &b, Index n, Index pixel, Index first, int64_t step,
                           function_ref<Value(Value)> joinMax, function_ref<Value(Value)> joinSum) {
  plan::MapType in = b.inputMap(0), out = b.outputMap(0);
  auto at = [&](plan::MapType map, Index c) {
    return b.sum(b.mul(n, map.imageStride()), b.mul(c, map.planeStride()), pixel);
  };
  Value lowest = b.constant(-std::numeric_limits<float>::infinity());
  Value largest = b.loop(first, in.c(), step, {lowest}, [&](Index c, GpuBuilder::Values v) {
    return GpuBuilder::Values{b.maxf(b.load(b.input(0), at(in, c)), v[0])};
  })[0];
  largest = joinMax(largest);
  Value sum = b.loop(first, in.c(), step, {b.constant(0)}, [&](Index c, GpuBuilder::Values v) {
    return GpuBuilder::Values{b.addf(v[0], exponential(b, at(in, c), largest))};
  })[0];
  Value scale = b.divf(b.constant(1), joinSum(sum));
  b.loop(first, in.c(), step, [&](Index c) {
    b.store(b.mulf(exponential(b, at(in, c), largest), scale), b.output(0), at(out, c));
  });
}

/// Vectors of features: a warp for each image. Maps: a thread for each pixel.
void gpu::emitSoftmax(GpuBuilder &b) {
  plan::MapType in = b.inputMap(0);
  int64_t pixels = in.h() * in.w();
  if (pixels == 1) {
    Index thread = b.thread();
    Index n = b.add(b.mul(b.block(), b.numThreads / kWarpThreads), b.div(thread, kWarpThreads));
    b.ifThen(b.isBelow(n, in.n()), [&] {
      softmaxOfPixel(
          b, n, 0, b.rem(thread, kWarpThreads), kWarpThreads, [&](Value v) { return b.warpMax(v); },
          [&](Value v) { return b.warpSum(v); });
    });
    return b.finish();
  }
  Index number = b.add(b.mul(b.block(), b.numThreads), b.thread());
  b.ifThen(b.isBelow(number, in.n() * pixels), [&] {
    auto same = [](Value v) { return v; };
    softmaxOfPixel(b, b.div(number, pixels), b.rem(number, pixels), 0, 1, same, same);
  });
  b.finish();
}

void gpu::emitLrn(GpuBuilder &b) {
  KernelParams params(b.kernel);
  plan::MapType in = b.inputMap(0);
  int64_t size = params.integer("size"), below = (size - 1) / 2;
  auto alpha = static_cast<float>(params.number("alpha") / static_cast<double>(size));
  auto beta = static_cast<float>(params.number("beta")), k = static_cast<float>(params.number("k"));
  forEachElement(b, [&](const Element &e) {
    Index here = e.in(in), c = e.c();
    Value sum = b.constant(0);
    for (int64_t i = -below; i < size - below; ++i) {
      // Channels that are not there: this one is read instead, and forgotten.
      Value isThere = b.isBelow(b.add(c, i), in.c());
      Value x =
          b.load(b.input(0), b.add(here, b.select(isThere, Index(i * in.planeStride()), Index(0))));
      sum = b.select(isThere, b.fma(x, x, sum), sum);
    }
    Value base = b.fma(sum, b.constant(alpha), b.constant(k));
    // base^-beta; the usual 3/4 needs only square roots.
    Value power;
    if (beta == 0.75f) {
      Value root = b.sqrtf(base);
      power = b.divf(b.constant(1), b.mulf(root, b.sqrtf(root)));
    } else {
      power = b.exp(b.mulf(b.constant(-beta), b.log(base)));
    }
    return b.mulf(b.load(b.input(0), here), power);
  });
}
