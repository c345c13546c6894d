// Fully connected layers on a GPU: a warp's threads each sum a part of one output of several images,
// so that weights are read once for them, as they lie; the parts meet in shared memory.
#include "backends/halide/GpuEmitters.h"
#include "ir/LinearPlan.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide_gpu;

void halide_gpu::emitLinear(HalideGpuKernel &k) {
  LinearShape shape(k.kernel);
  plan::MapType in = shape.in;
  int64_t inputs = in.c() * in.h() * in.w(), warps = k.numThreads / kWarpThreads;
  int64_t outputBlocks = ceilDiv(shape.outputs(), warps);
  int64_t images = std::min(kLinearImages, in.n());
  // Rows of weights, and the inputs of an image, then begin at multiples of 16 bytes.
  constexpr int64_t kFour = 4;
  bool four = inputs % kFour == 0 && in.imageStride() % kFour == 0 && in.planeStride() % kFour == 0;
  int64_t width = four ? kFour : 1;
  if (four)
    k.alignOperand(0);
  // What is computed beyond the last output and image is that of the last, and not stored.
  auto outputOf = [&](Expr warp, Expr block) {
    return remainder(block, outputBlocks) * int(warps) + warp;
  };
  auto imageOf = [&](Expr i, Expr block) {
    return divide(block, outputBlocks) * int(kLinearImages) + i;
  };

  // The algorithm.
  Var lane("lane"), v("v"), n("n"), block("block"), thread("thread"), warp("warp");
  Func part = k.func("part"), shared = k.func("shared"), sum = k.func("sum");
  int64_t step = kWarpThreads * width;
  RDom r = k.domain("r", {ceilDiv(inputs, step)});
  Expr first = r * int(step) + remainder(thread, kWarpThreads) * int(width);
  r.where(isBelow(first, inputs));
  Expr at = first + v;
  Expr output = Halide::min(outputOf(divide(thread, kWarpThreads), block),
                            int(shape.outputs()) - 1);
  Expr image = Halide::min(imageOf(n, block), int(in.n()) - 1);
  part(v, n, thread, block) = 0.0f;
  part(v, n, thread, block) +=
      k.weights(0, output * int(inputs) + at) * k.input(0, image * int(in.imageStride()) + at);
  Expr all = part(0, n, thread, block);
  for (int i = 1; i < width; ++i)
    all += part(i, n, thread, block);
  shared(thread, n, block) = all;
  RDom lanes = k.domain("lanes", {kWarpThreads});
  sum(n, warp, block) = 0.0f;
  sum(n, warp, block) += shared(warp * int(kWarpThreads) + lanes, n, block);

  RDom points = k.points({images}, warps);
  Expr myOutput = outputOf(points[1], points[2]), myImage = imageOf(points[0], points[2]);
  if (shape.outputs() % warps)
    points.where(isBelow(myOutput, shape.outputs()));
  if (in.n() % images)
    points.where(isBelow(myImage, in.n()));
  Expr value = sum(points[0], points[1], points[2]);
  if (shape.hasBias)
    value += k.weights(1, myOutput);
  if (shape.residual)
    value += k.input(1, myImage * int(shape.residual.imageStride()) + myOutput);
  k.store(points, myImage * int(shape.out.imageStride()) + myOutput,
          activate(k.params.act(), value));

  // The schedule.
  auto count = static_cast<int>(images), lanesOfVector = static_cast<int>(width);
  k.perThread(sum);
  sum.bound_extent(n, count).unroll(n);
  sum.update().reorder(n, lanes).unroll(n);
  k.perBlock(shared, thread);
  shared.bound_extent(n, count).bound_extent(thread, int(k.numThreads)).reorder(n, thread).unroll(n);
  part.compute_at(shared, thread).store_in(Halide::MemoryType::Stack);
  part.bound_extent(v, lanesOfVector).bound_extent(n, count);
  part.vectorize(v, lanesOfVector).unroll(n);
  part.update().reorder(v, n, r).vectorize(v, lanesOfVector).unroll(n);
}
