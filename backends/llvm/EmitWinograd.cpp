// Winograd convolution (Lavin and Gray 2016) with the transforms of the two dimensions chosen
// apart: 1 x n filters are transformed in one dimension only, and a stride splits each into phases.
// A last tile of a row or column begins early enough to end inside the map, so that no input beyond
// the padding is read; the outputs that it repeats are not stored.
#include "backends/llvm/Emitters.h"
#include "backends/llvm/TransformedConv.h"

using namespace mlir;
using namespace incc;

namespace {

class WinogradConv : WinogradTiles, public TransformedConv {
public:
  WinogradConv(KernelBuilder &b, const ConvShape &shape, const ConvConfig &config)
      : WinogradTiles(shape, config, b.lanes),
        TransformedConv(b, shape, config, *this,
                        Winograd(config.outputRows, shape.kh, shape.strideH),
                        Winograd(config.outputColumns, shape.kw, shape.strideW)) {}

private:
  /// Rows and columns of the outputs that one is stored of.
  const int64_t window = shape.isPooled() ? 2 : 1;

  struct Place {
    Index n, down, across; // the tile's image and its number down and across
    Index y, x;            // of its first output, stored or not
  };

  Place placeOf(Index tile) {
    Place place{0, 0, 0, 0, 0};
    place.across = b.rem(tile, tilesAcross);
    Index rest = b.div(tile, tilesAcross);
    place.down = b.rem(rest, tilesDown);
    place.n = b.div(rest, tilesDown);
    place.y = b.min(b.mul(place.down, config.outputRows), shape.out.h() - config.outputRows);
    place.x =
        b.min(b.mul(place.across, config.outputColumns), shape.out.w() - config.outputColumns);
    return place;
  }

  void transformTile(Index tile, Index t, Index cb) override {
    Place place = placeOf(tile);
    Index from = b.at(shape.in, place.n, cb, b.sub(b.mul(place.y, shape.strideH), shape.padTop),
                      b.sub(b.mul(place.x, shape.strideW), shape.padLeft));
    transformInputs(t, cb, [&](Index i, int64_t j) {
      return b.loadVector(b.input(0),
                          b.sum(from, b.mul(i, shape.in.rowStride()), Index(j * b.lanes)));
    });
  }

  void finishTile(Index tile, Index from, Index kb) override {
    Place place = placeOf(tile);
    Value bias = shape.hasBias ? b.loadVector(b.weights(1), b.mul(kb, b.lanes)) : Value();
    Index firstRow = b.sub(b.mul(place.down, config.outputRows), place.y);
    transformOutputs(from, firstRow, window, [&](Index row, ArrayRef<Values> rows) {
      storeRow(place, row, kb, rows, bias);
    });
    zeroHalo(place, kb);
  }

  /// The first tile of a row of tiles zeroes the halo beside it.
  void zeroHalo(const Place &place, Index kb) {
    if (!shape.stored.hasHalo())
      return;
    b.ifThen(b.isEqual(place.across, 0), [&] {
      int64_t rows = config.outputRows / window;
      Index y0 = b.mul(place.down, rows);
      b.zeroHalo(b.output(0), shape.stored, place.n, kb, y0,
                 b.min(b.add(y0, rows), shape.stored.h()));
    });
  }

  /// Stores those outputs of a row of a tile, or of the rows of a row of windows, that no other tile
  /// has. What follows the maximum is monotonic: fuse-max-pool sees to it.
  void storeRow(const Place &place, Index row, Index kb, ArrayRef<Values> rows, Value bias) {
    Index y = b.add(place.y, row);
    Index to = b.at(shape.stored, place.n, kb, b.div(y, window), b.div(place.x, window));
    Index residualAt = 0;
    if (shape.residual)
      residualAt = b.at(shape.residual, place.n, kb, y, place.x);
    auto storeFrom = [&](int64_t first) {
      for (int64_t x = first; x < config.outputColumns; x += window)
        storeOutput(largest(rows, x), bias, b.add(residualAt, x * b.lanes),
                    b.add(to, x / window * b.lanes));
    };
    int64_t repeated = tilesAcross * config.outputColumns - shape.out.w();
    if (repeated == 0)
      return storeFrom(0);
    b.ifThenElse(
        b.isEqual(place.across, tilesAcross - 1), [&] { storeFrom(repeated); },
        [&] { storeFrom(0); });
  }

  /// Of the window whose first column is `x`.
  Value largest(ArrayRef<Values> rows, int64_t x) {
    Value v;
    for (const Values &row : rows)
      for (Value output : ArrayRef<Value>(row).slice(x, window))
        v = v ? b.maxf(v, output) : output;
    return v;
  }
};

} // namespace

void incc::emitWinograd(KernelBuilder &b) {
  WinogradConv(b, ConvShape(b.kernel), ConvConfig::fromAttr(*b.kernel.getConfig())).emit();
}

std::vector<float> incc::packWinograd(const ConvShape &shape, const ConvConfig &config,
                                      int64_t lanes, ArrayRef<float> values) {
  return packTransformed(WinogradTiles(shape, config, lanes),
                         Winograd(config.outputRows, shape.kh, shape.strideH),
                         Winograd(config.outputColumns, shape.kw, shape.strideW), config.tileBlocks,
                         lanes, [&](int64_t k, int64_t c, int64_t y, int64_t x) {
                           return values[((k * shape.in.c() + c) * shape.kh + y) * shape.kw + x];
                         });
}
