// Convolution on a GPU: a thread sums a few channels at a few pixels of an image in its registers.
// Neighbouring threads have neighbouring pixels; a thread's channels are neighbours in the packed
// filter. Nothing goes by shared memory: Halide would keep the sums in local memory then, and the
// cache serves what threads of a block read in common.
#include "backends/halide/GpuEmitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide_gpu;

namespace {
class DirectConv {
public:
  explicit DirectConv(HalideGpuKernel &k)
      : k(k), shape(k.kernel), config(GpuConvConfig::fromAttr(*k.kernel.getConfig())),
        tiles(shape, config), threadsAcross(config.tilePixels / config.threadPixels),
        tilesPerImage(ceilDiv(tiles.pixelsPerImage, config.tilePixels)) {}

  void emit();

private:
  HalideGpuKernel &k;
  ConvShape shape;
  GpuConvConfig config;
  GpuConvTiles tiles;
  int64_t threadsAcross, tilesPerImage;

  /// Where a thread works.
  struct Place {
    Expr pixel, channelTile, firstChannel, group, n;
  };
  Place placeOf(Expr i, Expr thread, Expr block) const {
    Expr rest = divide(block, tilesPerImage);
    Expr pixel = remainder(block, tilesPerImage) * int(config.tilePixels) +
                 i * int(threadsAcross) + remainder(thread, threadsAcross);
    Expr channelTile = remainder(rest, tiles.channelTiles);
    rest = divide(rest, tiles.channelTiles);
    return {pixel, channelTile, divide(thread, threadsAcross) * int(config.threadChannels),
            remainder(rest, shape.groups), divide(rest, shape.groups)};
  }

  /// The pixel of the input under a tap; zero where there is none.
  Expr tapOf(const Place &at, Expr channel, Expr tapRow, Expr tapColumn) const {
    plan::MapType in = shape.in;
    // Threads beyond the last pixel compute that one.
    Expr pixel = Halide::min(at.pixel, int(tiles.pixelsPerImage) - 1);
    Expr inside;
    auto find = [&](Expr o, int64_t stride, Expr tap, int64_t dilation, int64_t pad, int64_t outs,
                    int64_t taps, int64_t extent) {
      Expr place = o * int(stride) + tap * int(dilation) - int(pad);
      if (pad == 0 && (outs - 1) * stride + (taps - 1) * dilation < extent)
        return place;
      Expr isThere = isBelow(place, extent);
      inside = inside.defined() ? inside && isThere : isThere;
      return Halide::clamp(place, 0, int(extent) - 1);
    };
    Expr y = find(divide(pixel, shape.out.w()), shape.strideH, tapRow, shape.dilationH,
                  shape.padTop, shape.out.h(), shape.kh, in.h());
    Expr x = find(remainder(pixel, shape.out.w()), shape.strideW, tapColumn, shape.dilationW,
                  shape.padLeft, shape.out.w(), shape.kw, in.w());
    Expr value = k.input(0, offsetIn(in, at.n, at.group * int(tiles.inChannels) + channel, y, x));
    return inside.defined() ? Halide::select(inside, value, 0.0f) : value;
  }
};
} // namespace

void DirectConv::emit() {
  // The algorithm.
  auto threadChannels = static_cast<int>(config.threadChannels);
  Var j("j"), i("i"), thread("thread"), block("block"), c("c"), row("row"), column("column");
  Func filter = k.func("filter"), sum = k.func("sum");
  {
    Place at = placeOf(0, thread, block);
    Expr tile = at.group * int(tiles.channelTiles) + at.channelTile;
    Expr rowOfFilter = (tile * int(tiles.inChannels) + c) * int(tiles.taps) +
                       row * int(shape.kw) + column;
    filter(j, c, row, column, thread, block) =
        k.weights(0, rowOfFilter * int(config.tileChannels) + at.firstChannel + j);
  }
  RDom r = k.domain("r", {tiles.inChannels, shape.kw, shape.kh});
  sum(j, i, thread, block) = 0.0f;
  sum(j, i, thread, block) += filter(j, r.x, r.z, r.y, thread, block) *
                              tapOf(placeOf(i, thread, block), r.x, r.z, r.y);

  RDom points = k.points({config.threadChannels, config.threadPixels}, k.numThreads);
  Place at = placeOf(points[1], points[2], points[3]);
  Expr inGroup = at.channelTile * int(config.tileChannels) + at.firstChannel + points[0];
  if (tiles.outChannels % config.tileChannels)
    points.where(isBelow(inGroup, tiles.outChannels));
  if (tiles.pixelsPerImage % config.tilePixels)
    points.where(isBelow(at.pixel, tiles.pixelsPerImage));
  Expr channel = at.group * int(tiles.outChannels) + inGroup;
  Expr value = sum(points[0], points[1], points[2], points[3]);
  auto offset = [&](plan::MapType map) {
    return at.n * int(map.imageStride()) + channel * int(map.planeStride()) + at.pixel;
  };
  if (shape.hasBias)
    value += k.weights(1, channel);
  if (shape.residual)
    value += k.input(1, offset(shape.residual));
  k.store(points, offset(shape.out), activate(k.params.act(), value));

  // The schedule: sums and a step's weights in registers, a few channels written out. Sums are no
  // vectors: LLVM would keep them in pairs of registers, and ptxas spend a tenth of the loop on moves.
  constexpr int kVector = 4;
  int width = std::min(kVector, threadChannels);
  int steps = tiles.inChannels % 4 == 0 ? 4 : tiles.inChannels % 2 == 0 ? 2 : 1;
  // Of first layers all.
  constexpr int64_t kFewChannels = 3;
  if (tiles.inChannels <= kFewChannels)
    steps = static_cast<int>(tiles.inChannels);
  k.perThread(sum);
  sum.bound_extent(j, threadChannels).bound_extent(i, int(config.threadPixels));
  sum.unroll(j).unroll(i);
  RVar outer("outer"), step("step");
  sum.update()
      .split(r.x, outer, step, steps)
      .reorder(j, i, step, outer, r.y, r.z)
      .unroll(j)
      .unroll(i)
      .unroll(step);
  filter.compute_at(sum, step).store_in(Halide::MemoryType::Stack);
  filter.bound_extent(j, threadChannels).vectorize(j, width).unroll(j);
}

void halide_gpu::emitConv2d(HalideGpuKernel &k) { DirectConv(k).emit(); }
