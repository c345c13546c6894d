// GPU kernels of ops that combine the channels of a pixel: softmax and local response normalisation.
#include "backends/halide/GpuEmitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide_gpu;

static constexpr float kLowest = -std::numeric_limits<float>::infinity();

/// A vector of features is a block's: its threads take every kWarpThreads-th channel, and exchange by
/// shared memory what they found.
static void softmaxOfVectors(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap();
  auto threads = static_cast<int>(k.numThreads);
  int64_t perThread = ceilDiv(in.c(), k.numThreads);
  auto load = [&](Expr channel, Expr n) {
    return k.input(0, n * int(in.imageStride()) + channel * int(in.planeStride()));
  };
  // The algorithm.
  Var thread("thread"), n("n");
  /// Combines what all threads found.
  auto join = [&](Func found, bool isMax) {
    Func all = k.func("all");
    RDom t = k.domain("t", {k.numThreads});
    all(n) = isMax ? kLowest : 0.0f;
    all(n) = isMax ? Halide::max(all(n), found(t, n)) : all(n) + found(t, n);
    return all;
  };
  Func part = k.func("part"), found = k.func("found");
  RDom r = k.domain("r", {perThread}), s = k.domain("s", {perThread});
  Expr channel = r * threads + thread;
  r.where(isBelow(channel, in.c()));
  part(thread, n) = kLowest;
  part(thread, n) = Halide::max(part(thread, n), load(channel, n));
  found(thread, n) = part(thread, n);
  // Each stage has the maximum computed where it needs it.
  Func largest = join(found, true), largestOfOut = join(found, true);
  Func partSum = k.func("part_sum"), foundSum = k.func("found_sum");
  channel = s * threads + thread;
  s.where(isBelow(channel, in.c()));
  partSum(thread, n) = 0.0f;
  partSum(thread, n) += Halide::exp(load(channel, n) - largest(n));
  foundSum(thread, n) = partSum(thread, n);
  Func total = join(foundSum, false);
  RDom points = k.points({perThread}, k.numThreads);
  Expr mine = points[0] * threads + points[1], image = points[2];
  points.where(isBelow(mine, out.c()));
  k.store(points, image * int(out.imageStride()) + mine * int(out.planeStride()),
          Halide::exp(load(mine, image) - largestOfOut(image)) * (1.0f / total(image)));

  // The schedule.
  k.perBlock(found, thread);
  k.perBlock(foundSum, thread);
  for (Func func : {found, foundSum})
    func.bound_extent(thread, threads);
  part.compute_at(found, thread).store_in(Halide::MemoryType::Stack);
  for (Func func : {largest, partSum})
    func.compute_at(foundSum, thread).store_in(Halide::MemoryType::Stack);
  k.perThread(largestOfOut);
  k.perThread(total);
}

/// Of maps a thread has a pixel.
static void softmaxOfPixels(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0), out = k.outputMap();
  int64_t plane = in.h() * in.w(), pixels = in.n() * plane;
  // The algorithm.
  auto load = [&](Expr channel, Expr thread, Expr block) {
    Expr pixel = Halide::min(block * int(k.numThreads) + thread, int(pixels) - 1);
    return k.input(0, divide(pixel, plane) * int(in.imageStride()) +
                          channel * int(in.planeStride()) + remainder(pixel, plane));
  };
  Var thread("thread"), block("block");
  Func largest = k.func("largest"), total = k.func("total");
  RDom r = k.domain("r", {in.c()}), s = k.domain("s", {in.c()});
  largest(thread, block) = kLowest;
  largest(thread, block) = Halide::max(largest(thread, block), load(r, thread, block));
  total(thread, block) = 0.0f;
  total(thread, block) += Halide::exp(load(s, thread, block) - largest(thread, block));
  RDom points = k.points({in.c()}, k.numThreads);
  Expr mine = points[2] * int(k.numThreads) + points[1];
  if (pixels % k.numThreads)
    points.where(isBelow(mine, pixels));
  k.store(points,
          divide(mine, plane) * int(out.imageStride()) + points[0] * int(out.planeStride()) +
              remainder(mine, plane),
          Halide::exp(load(points[0], points[1], points[2]) - largest(points[1], points[2])) *
              (1.0f / total(points[1], points[2])));

  // The schedule.
  k.perThread(largest);
  k.perThread(total);
}

void halide_gpu::emitSoftmax(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0);
  return in.h() * in.w() == 1 ? softmaxOfVectors(k) : softmaxOfPixels(k);
}

void halide_gpu::emitLrn(HalideGpuKernel &k) {
  plan::MapType in = k.inputMap(0);
  int64_t size = k.params.integer("size");
  auto below = static_cast<int>((size - 1) / 2);
  auto alpha = static_cast<float>(k.params.number("alpha") / static_cast<double>(size));
  auto beta = static_cast<float>(k.params.number("beta"));
  auto bias = static_cast<float>(k.params.number("k"));
  // The algorithm.
  Var i("i"), thread("thread"), block("block");
  Func sum = k.func("sum");
  RDom window = k.domain("window", {size});
  GpuElement e = elementAt(k, {i, thread, block});
  Expr channel = e.c() + window - below;
  // Channels that are not there: the nearest one is read instead, and forgotten.
  Expr step = Halide::clamp(channel, 0, int(in.c()) - 1) - e.c();
  Expr x = k.input(0, e.in(in) + step * int(in.planeStride()));
  sum(i, thread, block) = 0.0f;
  sum(i, thread, block) += Halide::select(isBelow(channel, in.c()), x * x, 0.0f);
  forEachElement(k, [&](const GpuPlace &place) {
    Expr base = sum(place.i, place.thread, place.block) * alpha + bias;
    return k.input(0, elementAt(k, place).in(in)) * inverseRoot(base, beta);
  });

  // The schedule.
  k.perThread(sum);
  sum.bound_extent(i, int(kElementsPerThread)).unroll(i);
  sum.update().reorder(i, window).unroll(i);
}
