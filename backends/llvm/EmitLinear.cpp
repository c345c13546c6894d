// Fully connected layers: bound by the bandwidth of the weights, which are read once. Each block of
// outputs has its own stream of them: a core reads several streams half as fast again as one (measured
// on Zen 3: 24 against 16 GB/s). Hardware prefetchers follow them better alone than beside software's
// (on Zen 4: 34 against 24 GB/s).
#include "backends/llvm/Emitters.h"
#include "backends/llvm/MicroKernel.h"
#include "ir/LinearPlan.h"

using namespace mlir;
using namespace incc;

namespace {
struct Linear {
  Linear(KernelBuilder &b)
      : b(b), shape(b.kernel), config(LinearConfig::fromAttr(*b.kernel.getConfig())),
        act(KernelParams(b.kernel).act()), numBlocks(ceilDiv(shape.outputs(), b.lanes)) {}

  KernelBuilder &b;
  LinearShape shape;
  LinearConfig config;
  std::optional<cnn::ActivationAttr> act;
  int64_t numBlocks;

  /// Outputs of blocks [first, first + blocks) for `images` images from `n` on.
  void tile(Index n, int64_t images, Index first, int64_t blocks, bool last) {
    MicroKernel kernel;
    for (int64_t i = 0; i < images; ++i)
      kernel.pixelOffsets.push_back(i * shape.in.imageStride());
    kernel.numBlocks = blocks;
    kernel.parts.push_back({{}, {shape.steps(), 1}, 0});
    kernel.weightsBlockStride = shape.steps() * b.lanes;

    KernelBuilder::Values acc;
    Index firstOutput = b.mul(first, b.lanes);
    for (int64_t i = 0; i < images; ++i)
      for (int64_t j = 0; j < blocks; ++j)
        acc.push_back(shape.hasBias ? b.loadVector(b.weights(1), b.add(firstOutput, j * b.lanes))
                                    : b.splat(0));
    acc = kernel.emit(b, b.input(0), b.mul(n, shape.in.imageStride()), b.weights(0),
                      b.mul(first, shape.steps() * b.lanes), acc);
    for (int64_t i = 0; i < images; ++i)
      for (int64_t j = 0; j < blocks; ++j) {
        // Only the very last block may be cut.
        int64_t count =
            last && j == blocks - 1 ? shape.outputs() - (numBlocks - 1) * b.lanes : b.lanes;
        Value x = acc[i * blocks + j];
        Index image = b.add(n, i), output = b.add(firstOutput, j * b.lanes);
        if (shape.residual)
          x = b.addf(x, b.loadLanes(count, 0, b.input(1),
                                    b.add(b.mul(image, shape.residual.imageStride()), output)));
        b.storeLanes(b.activate(act, x), count, b.output(0),
                     b.add(b.mul(image, shape.out.imageStride()), output));
      }
  }

  void panel(Index first, int64_t blocks, bool last) {
    int64_t images = shape.in.n(), rest = images % config.tileImages;
    b.loop(0, images - rest, config.tileImages,
           [&](Index n) { tile(n, config.tileImages, first, blocks, last); });
    if (rest)
      tile(images - rest, rest, first, blocks, last);
  }

  void emit() {
    int64_t numPanels = ceilDiv(numBlocks, config.tileBlocks);
    int64_t lastBlocks = numBlocks - (numPanels - 1) * config.tileBlocks;
    b.forEachTask([&](Index task) {
      Index first = b.mul(task, config.tileBlocks);
      if (numPanels == 1)
        return panel(0, lastBlocks, true);
      b.ifThenElse(
          b.isEqual(task, numPanels - 1), [&] { panel(first, lastBlocks, true); },
          [&] { panel(first, config.tileBlocks, false); });
    });
    b.finish();
  }
};
} // namespace

void incc::emitLinear(KernelBuilder &b) { Linear(b).emit(); }

/// [block of outputs][input as it lies in memory][output in block]
std::vector<float> incc::packLinear(plan::KernelOp kernel, const Target &target, unsigned index,
                                    ArrayRef<float> values) {
  if (index > 0)
    return packChannels(kernel, target, index, values);
  LinearShape shape(kernel);
  int64_t lanes = target.isa.lanes, steps = shape.steps(), outputs = shape.outputs();
  int64_t block = shape.in.getBlock(), channels = shape.in.c();
  int64_t pixels = shape.in.h() * shape.in.w(), inputs = channels * pixels;
  std::vector<float> packed(shape.packedWeightSize(lanes));
  for (int64_t first = 0; first < outputs; first += lanes) {
    float *panel = packed.data() + first * steps;
    int64_t outputsHere = std::min(lanes, outputs - first);
    // Inputs outermost: writes are in order, and a row of weights is read along its cache lines.
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t p = 0; p < pixels; ++p) {
        float *to = panel + ((c / block * pixels + p) * block + c % block) * lanes;
        const float *from = values.data() + first * inputs + c * pixels + p;
        for (int64_t o = 0; o < outputsHere; ++o)
          to[o] = from[o * inputs];
      }
  }
  return packed;
}
