// Fully connected layers: bound by the bandwidth of the weights, which are read once. Each block of
// outputs has its own stream of them, several of which are read side by side.
#include "backends/halide/Emitters.h"
#include "ir/LinearPlan.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

namespace {

class Linear {
public:
  explicit Linear(HalideKernel &k)
      : k(k), shape(k.kernel),
        config(LinearConfig::fromAttr(*k.kernel.getConfig())),
        numBlocks(ceilDiv(shape.outputs(), k.lanes)) {}

  /// The last block of outputs may be cut: it is then computed by itself.
  void emit() {
    bool isCut = shape.outputs() % k.lanes;
    panelAxis = k.addAxis({ceilDiv(numBlocks, config.tileBlocks), config.tileBlocks, numBlocks,
                           /*lastDiffers=*/true});
    // A cut block makes the last panel differ also where it is as wide as the others.
    k.axes[panelAxis].lastDiffers |= isCut && k.axes[panelAxis].count > 1;
    k.forEachVariant([&] {
      bool hasCut = isCut && (k.axes[panelAxis].count == 1 || k.isLast(panelAxis));
      int64_t blocks = k.stepOf(panelAxis), whole = blocks - hasCut;
      int64_t images = shape.in.n(), tiled = images / config.tileImages * config.tileImages;
      auto addBlocks = [&](int64_t first, int64_t count, int64_t width) {
        if (tiled)
          addRegion(first, count, width, 0, tiled, config.tileImages);
        if (tiled < images)
          addRegion(first, count, width, tiled, images - tiled, images - tiled);
      };
      if (whole)
        addBlocks(0, whole, k.lanes);
      if (hasCut)
        addBlocks(whole, 1, shape.outputs() % k.lanes);
    });
  }

private:
  HalideKernel &k;
  LinearShape shape;
  LinearConfig config;
  int64_t numBlocks;
  unsigned panelAxis = 0;

  /// Blocks [first, first + blocks) of a panel, the `width` first lanes of each, for `images` images
  /// from `firstImage` on.
  void addRegion(int64_t first, int64_t blocks, int64_t width, int64_t firstImage, int64_t images,
                 int64_t tile) {
    // The algorithm.
    Var c("c"), j("j"), t("t"), n("n");
    int64_t steps = shape.steps(), panel = config.tileBlocks * k.lanes;
    int64_t panels = k.axes[panelAxis].count;
    ImageParam in = k.input(0, {{steps, 1}, {shape.in.n(), shape.in.imageStride()}}, 0);
    ImageParam w = k.weights(0, {{k.lanes, 1},
                                 {steps, k.lanes},
                                 {config.tileBlocks, steps * k.lanes},
                                 {panels, steps * panel}});
    Func sum = k.func("sum"), out = k.func("out");
    Expr start = 0.0f;
    if (shape.hasBias)
      start = k.weights(1, {{k.lanes, 1}, {config.tileBlocks, k.lanes}, {panels, panel}})(c, j, t);
    sum(c, j, t, n) = start;
    RDom r = k.domain("r", {steps});
    sum(c, j, t, n) += w(c, r, j, t) * in(r, n);
    Expr value = sum(c, j, t, n);
    auto regionOf = [&](plan::MapType map) {
      return Dims{{width, 1},
                  {blocks, k.lanes, first},
                  {1, panel, 0, static_cast<int>(panelAxis)},
                  {images, map.imageStride(), firstImage}};
    };
    if (shape.residual)
      value += k.input(1, regionOf(shape.residual), 0)(c, j, t, n);
    out(c, j, t, n) = activate(k.params.act(), value);
    k.output(0, out, regionOf(shape.out), 0);

    // The schedule.
    Var ni("ni");
    out.split(n, n, ni, int(tile), Halide::TailStrategy::RoundUp)
        .reorder(c, j, ni, n, t)
        .vectorize(c)
        .unroll(j)
        .unroll(ni);
    sum.compute_at(out, n).store_in(Halide::MemoryType::Stack);
    sum.reorder(c, j, n).vectorize(c).unroll(j).unroll(n);
    sum.update().reorder(c, j, n, r).vectorize(c).unroll(j).unroll(n);
  }
};

} // namespace

void halide::emitLinear(HalideKernel &k) { Linear(k).emit(); }
