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
    transformOutputs(from, firstRow, [&](Index row, const Values &outputs) {
      storeRow(place, row, kb, outputs, bias);
    });
    zeroHalo(place, kb);
  }

  /// The first tile of a row of tiles zeroes the halo beside it.
  void zeroHalo(const Place &place, Index kb) {
    if (!shape.out.hasHalo())
      return;
    b.ifThen(b.isEqual(place.across, 0), [&] {
      Index y0 = b.mul(place.down, config.outputRows);
      b.zeroHalo(b.output(0), shape.out, place.n, kb, y0,
                 b.min(b.add(y0, config.outputRows), shape.out.h()));
    });
  }

  /// Stores those outputs of a row of a tile that no other tile has.
  void storeRow(const Place &place, Index row, Index kb, const Values &outputs, Value bias) {
    Index y = b.add(place.y, row);
    Index to = b.at(shape.out, place.n, kb, y, place.x);
    Index residualAt = 0;
    if (shape.residual)
      residualAt = b.at(shape.residual, place.n, kb, y, place.x);
    auto storeFrom = [&](int64_t first) {
      for (int64_t x = first; x < config.outputColumns; ++x)
        storeOutput(outputs[x], bias, b.add(residualAt, x * b.lanes), b.add(to, x * b.lanes));
    };
    int64_t repeated = tilesAcross * config.outputColumns - shape.out.w();
    if (repeated == 0)
      return storeFrom(0);
    b.ifThenElse(
        b.isEqual(place.across, tilesAcross - 1), [&] { storeFrom(repeated); },
        [&] { storeFrom(0); });
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
