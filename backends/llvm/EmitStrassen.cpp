// 1x1 convolution by Strassen's algorithm: pixels, input and output channels are halved, once or
// twice, and 7 products of halves take the place of 8.
//
// Neighbouring pixels make a tile, a fraction of the channels apart from each other its channels:
// a row and a column of a tile's transform are its halves at the outer and at the inner level.
#include "backends/llvm/Emitters.h"
#include "backends/llvm/TransformedConv.h"

using namespace mlir;
using namespace incc;

namespace {

/// Which of a tile's halves (of rows or columns of a matrix) the value in row `i` and column `j` of
/// its transform has at both levels: bit 1 of each selects rows, bit 0 columns.
int64_t rowHalf(int64_t i) { return i / 2; }
int64_t columnHalf(int64_t i) { return i % 2; }

class StrassenConv : StrassenTiles, public TransformedConv {
public:
  StrassenConv(KernelBuilder &b, const ConvShape &shape, const ConvConfig &config)
      : StrassenTiles(shape, config, b.lanes),
        TransformedConv(b, shape, config, *this, Strassen(config.levels > 1), Strassen()) {}

private:
  bool isPartial() const { return numPixels % pixelsPerTile != 0; }

  /// The pixel in row `i` and column `j` of a tile, counted over all images.
  Index pixelOf(Index tile, Index i, int64_t j) {
    return b.sum(b.mul(tile, pixelsPerTile), b.mul(b.div(i, 2), 2), Index(rowHalf(j)));
  }

  /// The block of all channels that is block `block` of row `i` and column `j`.
  Index blockOf(Index block, Index i, int64_t j, int64_t blocksPerPart) {
    Index part = b.add(b.mul(b.rem(i, 2), 2), columnHalf(j));
    return b.add(block, b.mul(part, blocksPerPart));
  }

  /// Where a pixel's first block of channels lies.
  Index pixelAt(plan::MapType map, Index pixel) {
    if (map.n() == 1 && !map.hasHalo())
      return b.add(b.mul(pixel, map.getBlock()), map.origin());
    Index row = b.div(pixel, map.w());
    return b.at(map, b.div(row, map.h()), 0, b.rem(row, map.h()), b.rem(pixel, map.w()));
  }

  void transformTile(Index tile, Index t, Index cb) override {
    transformInputs(t, cb, [&](Index i, int64_t j) {
      // The last tile repeats a pixel instead of those that it has not.
      Index pixel = pixelOf(tile, i, j);
      if (isPartial())
        pixel = b.min(pixel, numPixels - 1);
      Index at = b.add(pixelAt(shape.in, pixel),
                       b.mul(blockOf(cb, i, j, inBlocks), shape.in.planeStride()));
      // The next block's pixels lie where no hardware prefetcher expects them.
      if (rowHalf(j) == 0)
        b.prefetch(b.input(0), b.add(at, shape.in.planeStride()));
      return b.loadVector(b.input(0), at);
    });
  }

  void finishTile(Index tile, Index from, Index block) override {
    transformOutputs(from, 0, 1, [&](Index i, ArrayRef<Values> rows) {
      const Values &outputs = rows.front();
      for (int64_t half = 0; half < 2; ++half) {
        Index pixel = pixelOf(tile, i, 2 * half);
        auto store = [&] {
          Index pixelTo = pixelAt(shape.out, pixel), residualAt = 0;
          if (shape.residual)
            residualAt = pixelAt(shape.residual, pixel);
          for (int64_t j = 2 * half; j < 2 * half + 2; ++j) {
            Index kb = blockOf(block, i, j, outBlocks);
            Value bias = shape.hasBias ? b.loadVector(b.weights(1), b.mul(kb, b.lanes)) : Value();
            storeOutput(outputs[j], bias,
                        shape.residual ? b.add(residualAt, b.mul(kb, shape.residual.planeStride()))
                                       : Index(0),
                        b.add(pixelTo, b.mul(kb, shape.out.planeStride())));
          }
        };
        if (isPartial())
          b.ifThen(b.isLess(pixel, numPixels), store);
        else
          store();
      }
    });
  }

  /// The residual's and the output's pixels: they come while products are computed.
  void prefetchOutputs(Index firstBlock, int64_t blocks, Index firstTile, Index numTiles) override {
    forEachBlock(firstBlock, blocks, [&](Index kb) {
      int64_t step = std::max<int64_t>(1, kLineFloats / shape.out.getBlock());
      Index first = b.mul(firstTile, pixelsPerTile);
      Index end = b.min(b.add(first, b.mul(numTiles, pixelsPerTile)), numPixels);
      b.loop(first, end, step, [&](Index pixel) {
        auto fetch = [&](Value array, plan::MapType map) {
          b.prefetch(array, b.add(pixelAt(map, pixel), b.mul(kb, map.planeStride())),
                     /*toL1=*/false);
        };
        if (shape.residual)
          fetch(b.input(1), shape.residual);
        fetch(b.output(0), shape.out);
      });
    });
  }

  /// Runs `body` for each block of output channels of a panel.
  void forEachBlock(Index firstBlock, int64_t blocks, llvm::function_ref<void(Index kb)> body) {
    b.loop(0, 1 << config.levels, 1, [&](Index part) {
      b.loop(0, blocks, 1, [&](Index j) { body(b.sum(b.mul(part, outBlocks), firstBlock, j)); });
    });
  }

  /// The halo beside those rows that begin in the block.
  void finishBlock(Index firstBlock, int64_t blocks, Index firstTile, Index numTiles) override {
    if (!shape.out.hasHalo())
      return;
    int64_t width = shape.out.w(), height = shape.out.h();
    auto rowFrom = [&](Index tile) {
      Index pixel = b.min(b.mul(tile, pixelsPerTile), numPixels);
      return b.div(b.add(pixel, width - 1), width);
    };
    b.loop(rowFrom(firstTile), rowFrom(b.add(firstTile, numTiles)), 1, [&](Index row) {
      Index n = b.div(row, height), y = b.rem(row, height);
      forEachBlock(firstBlock, blocks,
                   [&](Index kb) { b.zeroHalo(b.output(0), shape.out, n, kb, y, b.add(y, 1)); });
    });
  }
};

} // namespace

void incc::emitStrassen(KernelBuilder &b) {
  StrassenConv(b, ConvShape(b.kernel), ConvConfig::fromAttr(*b.kernel.getConfig())).emit();
}

std::vector<float> incc::packStrassen(const ConvShape &shape, const ConvConfig &config,
                                      int64_t lanes, ArrayRef<float> values) {
  StrassenTiles w(shape, config, lanes);
  return packTransformed(w, Strassen(config.levels > 1), Strassen(), config.tileBlocks, lanes,
                         [&](int64_t k, int64_t c, int64_t i, int64_t j) {
                           // The filter's matrix has input channels in rows, outputs in columns.
                           int64_t inPart = 2 * rowHalf(i) + rowHalf(j);
                           int64_t outPart = 2 * columnHalf(i) + columnHalf(j);
                           int64_t in = inPart * w.inChannels + c;
                           return values[(outPart * w.outChannels + k) * shape.in.c() + in];
                         });
}
