// Fully connected layers: a warp computes one output of several images, so that weights, which are
// all that counts here, are read once for them, as they lie.
#include "backends/gpu/Emitters.h"
#include "ir/LinearPlan.h"

using namespace mlir;
using namespace incc;

static constexpr int64_t kFour = 4;

namespace {
struct Linear {
  Linear(GpuBuilder &b) : b(b), shape(b.kernel), params(b.kernel) {
    Index thread = b.thread();
    lane = b.rem(thread, kWarpThreads);
    int64_t warps = b.numThreads / kWarpThreads, outputBlocks = ceilDiv(shape.outputs(), warps);
    output = b.add(b.mul(b.rem(b.block(), outputBlocks), warps), b.div(thread, kWarpThreads));
    firstImage = b.mul(b.div(b.block(), outputBlocks), kLinearImages);
    images = std::min(kLinearImages, shape.in.n());
    inputs = shape.in.c() * shape.in.h() * shape.in.w();
  }

  GpuBuilder &b;
  LinearShape shape;
  KernelParams params;
  Index lane = 0, output = 0, firstImage = 0;
  int64_t images, inputs;

  /// The last images of a block may be more than there are: these are computed again, and not
  /// stored.
  Index image(int64_t i) { return b.min(b.add(firstImage, i), shape.in.n() - 1); }

  /// Adds the products of elements [i, i + width) of the inputs and a row of weights.
  GpuBuilder::Values addProducts(Index i, int64_t width, GpuBuilder::Values sums) {
    auto load = [&](Value array, Index at) {
      return width == kFour ? b.loadFour(array, at) : b.load(array, at);
    };
    Value weights = load(b.weights(0), b.add(b.mul(output, inputs), i));
    for (int64_t n = 0; n < images; ++n) {
      Value x = load(b.input(0), b.add(b.mul(image(n), shape.in.imageStride()), i));
      sums[n] = b.fma(x, weights, sums[n]);
    }
    return sums;
  }

  void store(int64_t n, Value sum) {
    if (shape.hasBias)
      sum = b.addf(sum, b.load(b.weights(1), output));
    Index i = image(n);
    if (shape.residual)
      sum = b.addf(sum, b.load(b.input(1), b.add(b.mul(i, shape.residual.imageStride()), output)));
    Value isMine = b.isEqual(lane, 0);
    if (shape.in.n() % kLinearImages)
      isMine = b.logicalAnd(isMine, b.isLess(b.add(firstImage, n), shape.in.n()));
    b.ifThen(isMine, [&] {
      b.store(b.activate(params.act(), sum), b.output(0),
              b.add(b.mul(i, shape.out.imageStride()), output));
    });
  }

  void emit() {
    // Rows of weights, and the inputs of an image, then begin at multiples of 16 bytes.
    bool four = inputs % kFour == 0 && shape.in.imageStride() % kFour == 0 &&
                shape.in.planeStride() % kFour == 0;
    int64_t width = four ? kFour : 1, step = kWarpThreads * width;
    b.ifThen(b.isBelow(output, shape.outputs()), [&] {
      GpuBuilder::Values sums(images, b.zeros(four));
      sums = b.loop(b.mul(lane, width), inputs, step, sums,
                    [&](Index i, GpuBuilder::Values v) { return addProducts(i, width, v); });
      for (int64_t n = 0; n < images; ++n) {
        Value sum = sums[n];
        if (four)
          sum = b.addf(b.addf(b.extract(sum, 0), b.extract(sum, 1)),
                       b.addf(b.extract(sum, 2), b.extract(sum, 3)));
        store(n, b.warpSum(sum));
      }
    });
    b.finish();
  }
};
} // namespace

void gpu::emitLinear(GpuBuilder &b) { Linear(b).emit(); }
