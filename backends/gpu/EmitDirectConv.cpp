// Convolution of groups that are too narrow for tiles, depthwise ones above all: a thread computes
// a few outputs of a group at one pixel. Neighbouring threads read neighbouring pixels, and all of
// a block the same weights.
#include "backends/gpu/Emitters.h"

using namespace mlir;
using namespace incc;

/// Taps of a window that are written out one by one, at most.
static constexpr int64_t kMaxUnrolledTaps = 25;

namespace {
struct DirectConv {
  DirectConv(GpuBuilder &b, const ConvShape &shape, const GpuConvConfig &config)
      : b(b), shape(shape), config(config), tiles(shape, config), params(b.kernel) {}

  GpuBuilder &b;
  const ConvShape &shape;
  const GpuConvConfig &config;
  GpuConvTiles tiles;
  KernelParams params;
  Index n = 0, group = 0, channelTile = 0, top = 0, left = 0;

  /// Adds a tap of the window of channel `c` to the sums. Taps beyond the border read the nearest
  /// pixel and forget it.
  GpuBuilder::Values addTap(Index c, Index tapRow, int64_t tapColumn, GpuBuilder::Values sums) {
    plan::MapType in = shape.in;
    auto clamp = [&](Index i, int64_t extent) { return b.max(b.min(i, extent - 1), 0); };
    Index y = b.add(top, b.mul(tapRow, shape.dilationH));
    Index x = b.add(left, tapColumn * shape.dilationW);
    Value inside = b.logicalAnd(b.isBelow(y, in.h()), b.isBelow(x, in.w()));
    Index channel = b.add(b.mul(group, tiles.inChannels), c);
    Value pixel = b.load(b.input(0), b.at(in, n, channel, clamp(y, in.h()), clamp(x, in.w())));
    pixel = b.select(inside, pixel, b.constant(0));
    Index tile = b.add(b.mul(group, tiles.channelTiles), channelTile);
    Index row = b.sum(b.mul(tile, tiles.inChannels * tiles.taps), b.mul(c, tiles.taps),
                      b.mul(tapRow, shape.kw));
    for (int64_t i = 0; i < config.tileChannels; ++i) {
      Value weight = b.load(b.weights(0), b.mul(row, config.tileChannels),
                            tapColumn * config.tileChannels + i);
      sums[i] = b.fma(pixel, weight, sums[i]);
    }
    return sums;
  }

  GpuBuilder::Values reduce() {
    GpuBuilder::Values zeros(config.tileChannels, b.constant(0));
    auto addRow = [&](Index c, Index tapRow, GpuBuilder::Values sums) {
      for (int64_t tapColumn = 0; tapColumn < shape.kw; ++tapColumn)
        sums = addTap(c, tapRow, tapColumn, sums);
      return sums;
    };
    return b.loop(0, tiles.inChannels, 1, zeros, [&](Index c, GpuBuilder::Values sums) {
      if (tiles.taps > kMaxUnrolledTaps)
        return b.loop(0, shape.kh, 1, sums, [&](Index tapRow, GpuBuilder::Values inner) {
          return addRow(c, tapRow, inner);
        });
      for (int64_t tapRow = 0; tapRow < shape.kh; ++tapRow)
        sums = addRow(c, tapRow, sums);
      return sums;
    });
  }

  void store(GpuBuilder::Values sums, Index y, Index x) {
    for (int64_t i = 0; i < config.tileChannels; ++i) {
      Index channel = b.add(b.mul(channelTile, config.tileChannels), i);
      auto storeOne = [&] {
        Index c = b.add(b.mul(group, tiles.outChannels), channel);
        Value sum = sums[i];
        if (shape.hasBias)
          sum = b.addf(sum, b.load(b.weights(1), c));
        if (shape.residual)
          sum = b.addf(sum, b.load(b.input(1), b.at(shape.residual, n, c, y, x)));
        b.store(b.activate(params.act(), sum), b.output(0), b.at(shape.out, n, c, y, x));
      };
      if (tiles.outChannels % config.tileChannels == 0)
        storeOne();
      else
        b.ifThen(b.isBelow(channel, tiles.outChannels), storeOne);
    }
  }

  void emit() {
    Index rest = b.block();
    int64_t tilesPerImage = ceilDiv(tiles.pixelsPerImage, config.tilePixels);
    Index pixel = b.add(b.mul(b.rem(rest, tilesPerImage), config.tilePixels), b.thread());
    rest = b.div(rest, tilesPerImage);
    channelTile = b.rem(rest, tiles.channelTiles);
    rest = b.div(rest, tiles.channelTiles);
    group = b.rem(rest, shape.groups);
    n = b.div(rest, shape.groups);
    b.ifThen(b.isBelow(pixel, tiles.pixelsPerImage), [&] {
      Index y = b.div(pixel, shape.out.w()), x = b.rem(pixel, shape.out.w());
      top = b.sub(b.mul(y, shape.strideH), shape.padTop);
      left = b.sub(b.mul(x, shape.strideW), shape.padLeft);
      store(reduce(), y, x);
    });
    b.finish();
  }
};
} // namespace

void gpu::emitDirectConv(GpuBuilder &b, const ConvShape &shape, const GpuConvConfig &config) {
  DirectConv(b, shape, config).emit();
}
