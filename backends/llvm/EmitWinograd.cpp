// Winograd convolution: a block of tiles is transformed, multiplied with the transformed filter one
// product of all channels after the other, and transformed back, while it stays in the L2 cache.
//
//   V[i][c][t]    = (B_h^T x B_w^T) applied to tile t of channel c        i: one of the products
//   M[i][t][k]    = sum over c of V[i][c][t] * U[i][c][k]                 a matrix product for each
//   i y[k] of t     = act((A_h^T x A_w^T) applied to M[.][t][k] + bias + residual)
//
// Lavin and Gray 2016 with B, A of the two dimensions chosen apart: 1 x n filters are transformed
// in one dimension only, and a stride splits each into phases. A last tile of a row or column
// begins early enough to end inside the map, so that no input beyond the padding is read; the
// outputs that it repeats are not stored.
#include "backends/llvm/Emitters.h"
#include "backends/llvm/MicroKernel.h"
#include "ir/ConvPlan.h"
#include "ir/Winograd.h"

using namespace mlir;
using namespace incc;

namespace {

using Values = KernelBuilder::Values;

/// Sums of values with constant weights; a chain of fused multiply-adds that starts with a term of
/// weight 1 if there is one.
Value weightedSum(KernelBuilder &b, ArrayRef<double> weights, ArrayRef<Value> values) {
  int64_t first = -1;
  for (auto [i, weight] : llvm::enumerate(weights))
    if (weight != 0 && (first < 0 || (weight == 1 && weights[first] != 1)))
      first = static_cast<int64_t>(i);
  if (first < 0)
    return b.splat(0);
  Value sum = weights[first] == 1
                  ? values[first]
                  : b.mulf(values[first], b.splat(static_cast<float>(weights[first])));
  for (auto [i, weight] : llvm::enumerate(weights)) {
    if (static_cast<int64_t>(i) == first || weight == 0)
      continue;
    if (weight == 1)
      sum = b.addf(sum, values[i]);
    else if (weight == -1)
      sum = b.subf(sum, values[i]);
    else
      sum = b.fma(values[i], b.splat(static_cast<float>(weight)), sum);
  }
  return sum;
}

/// The input transform of a line. Rows of a pair of points are P + Q and P - Q.
Values transformInput(KernelBuilder &b, const Winograd &w, ArrayRef<Value> line) {
  Values out(w.products);
  for (int64_t i = 0; i < w.products; ++i) {
    if (!llvm::is_contained(w.pairs, i)) {
      out[i] = weightedSum(b, w.input[i], line);
      continue;
    }
    SmallVector<double> even, odd;
    for (auto [plus, minus] : llvm::zip_equal(w.input[i], w.input[i + 1])) {
      even.push_back((plus + minus) / 2);
      odd.push_back((plus - minus) / 2);
    }
    Value p = weightedSum(b, even, line), q = weightedSum(b, odd, line);
    out[i] = b.addf(p, q);
    out[i + 1] = b.subf(p, q);
    ++i;
  }
  return out;
}

/// The output transform of a line. Powers of a pair of points differ in the sign of odd ones.
Values transformOutput(KernelBuilder &b, const Winograd &w, ArrayRef<Value> line) {
  Values sums(line), differences(line);
  for (int64_t i : w.pairs) {
    sums[i] = b.addf(line[i], line[i + 1]);
    differences[i] = b.subf(line[i], line[i + 1]);
  }
  Values out;
  for (int64_t k = 0; k < w.outputs; ++k) {
    SmallVector<double> weights(w.output[k].begin(), w.output[k].end());
    for (int64_t i : w.pairs)
      weights[i + 1] = 0;
    out.push_back(weightedSum(b, weights, k % 2 ? differences : sums));
  }
  return out;
}

class WinogradConv {
public:
  explicit WinogradConv(KernelBuilder &b)
      : b(b), shape(b.kernel), config(ConvConfig::fromAttr(*b.kernel.getConfig())),
        act(KernelParams(b.kernel).act()), w(shape, config, b.lanes),
        down(config.outputRows, shape.kh, shape.strideH),
        across(config.outputColumns, shape.kw, shape.strideW) {}

  /// A task is a block of tiles and some of the panels of output channels.
  void emit() {
    b.forEachTask([&](Index task) {
      Index part = b.rem(task, config.panelTasks), block = b.div(task, config.panelTasks);
      Index firstTile = b.mul(block, w.tilesPerBlock);
      Index numTiles = b.min(b.sub(w.numTiles, firstTile), w.tilesPerBlock);
      b.loop(0, w.inBlocks, 1, [&](Index cb) {
        b.loop(0, numTiles, 1,
               [&](Index t) { transformTile(placeOf(b.add(firstTile, t)), t, cb); });
      });
      // Panels are split evenly: part p has those from p * panels / parts on.
      auto bound = [&](Index p) { return b.div(b.mul(p, w.numPanels), config.panelTasks); };
      b.loop(bound(part), bound(b.add(part, 1)), 1, [&](Index panel) {
        int64_t last = w.outBlocks - (w.numPanels - 1) * config.tileBlocks;
        auto run = [&](int64_t blocks) {
          multiply(panel, blocks);
          finish(panel, blocks, firstTile, numTiles);
        };
        if (last == config.tileBlocks)
          return run(last);
        if (w.numPanels == 1)
          return run(last);
        b.ifThenElse(
            b.isEqual(panel, w.numPanels - 1), [&] { run(last); }, [&] { run(config.tileBlocks); });
      });
    });
    b.finish();
  }

private:
  KernelBuilder &b;
  ConvShape shape;
  ConvConfig config;
  std::optional<cnn::ActivationAttr> act;
  WinogradShape w;
  Winograd down, across;

  // Scratch memory: transformed inputs V, products M of a panel, and a tile between dimensions.
  int64_t productsAt() const { return w.inputFloats; }
  int64_t tileAt() const { return w.inputFloats + w.productFloats; }

  struct Place {
    Index n, down, across; // the tile's image and its number down and across
    Index y, x;            // of its first output, stored or not
  };

  Place placeOf(Index tile) {
    Place place{0, 0, 0, 0, 0};
    place.across = b.rem(tile, w.tilesAcross);
    Index rest = b.div(tile, w.tilesAcross);
    place.down = b.rem(rest, w.tilesDown);
    place.n = b.div(rest, w.tilesDown);
    place.y = b.min(b.mul(place.down, config.outputRows), shape.out.h() - config.outputRows);
    place.x =
        b.min(b.mul(place.across, config.outputColumns), shape.out.w() - config.outputColumns);
    return place;
  }

  /// Writes V of tile `t` of the block for one block of channels.
  void transformTile(const Place &place, Index t, Index cb) {
    Index from = b.at(shape.in, place.n, cb, b.sub(b.mul(place.y, shape.strideH), shape.padTop),
                      b.sub(b.mul(place.x, shape.strideW), shape.padLeft));
    Index to = b.mul(b.add(b.mul(cb, w.tilesPerBlock), t), b.lanes);
    auto loadRow = [&](Index row) {
      Values line;
      for (int64_t j = 0; j < across.inputs; ++j)
        line.push_back(b.loadVector(
            b.input(0), b.sum(from, b.mul(row, shape.in.rowStride()), Index(j * b.lanes))));
      return transformInput(b, across, line);
    };
    if (down.inputs == 1) {
      for (auto [j, v] : llvm::enumerate(loadRow(0)))
        b.storeVector(v, b.scratch(), b.add(to, static_cast<int64_t>(j) * w.inputStride));
      return;
    }
    b.loop(0, down.inputs, 1, [&](Index i) {
      for (auto [j, v] : llvm::enumerate(loadRow(i)))
        b.storeVector(v, b.scratch(),
                      b.sum(Index(tileAt() + static_cast<int64_t>(j) * b.lanes),
                            b.mul(i, across.products * b.lanes)));
    });
    b.loop(0, across.products, 1, [&](Index j) {
      Values line;
      for (int64_t i = 0; i < down.inputs; ++i)
        line.push_back(
            b.loadVector(b.scratch(), b.sum(Index(tileAt() + i * across.products * b.lanes),
                                            b.mul(j, b.lanes))));
      Index column = b.add(to, b.mul(j, w.inputStride));
      for (auto [i, v] : llvm::enumerate(transformInput(b, down, line)))
        b.storeVector(v, b.scratch(),
                      b.add(column, static_cast<int64_t>(i) * across.products * w.inputStride));
    });
  }

  /// M of a panel: for each product a matrix multiplication of all tiles of the block. Tiles that
  /// the last block has not are computed from what the memory holds, and not used.
  void multiply(Index panel, int64_t blocks) {
    EqualTiles split(w.tilesPerBlock, config.tileColumns);
    int64_t width = blocks * b.lanes;
    Index panelAt = b.mul(panel, w.filters * w.inChannels * config.tileBlocks * b.lanes);
    b.loop(0, w.products, 1, [&](Index i) {
      Index weightsAt = b.add(panelAt, b.mul(filterOf(i), w.inChannels * width));
      auto tiles = [&](int64_t first, int64_t before, int64_t count, int64_t pixels) {
        b.loop(0, count, 1, [&](Index g) {
          Index t = b.add(b.mul(g, pixels), first);
          registerTile(i, t, b.add(g, before), pixels, blocks, weightsAt, split.count);
        });
      };
      tiles(0, 0, split.numWide, split.wide);
      tiles(split.numWide * split.wide, split.numWide, split.count - split.numWide, split.wide - 1);
    });
  }

  /// The matrix of weights of a product.
  Index filterOf(Index product) {
    if (w.filters == w.products)
      return product;
    Index i = b.min(b.div(product, across.products), down.filters - 1);
    return b.add(b.mul(i, across.filters),
                 b.min(b.rem(product, across.products), across.filters - 1));
  }

  void registerTile(Index i, Index t, Index number, int64_t pixels, int64_t blocks, Index weightsAt,
                    int64_t tilesPerProduct) {
    MicroKernel kernel;
    kernel.numBlocks = blocks;
    for (int64_t p = 0; p < pixels; ++p)
      kernel.pixelOffsets.push_back(p * b.lanes);
    int64_t whole = w.inChannels / b.lanes, rest = w.inChannels % b.lanes;
    int64_t blockStride = w.tilesPerBlock * b.lanes;
    if (whole)
      kernel.parts.push_back({{{whole, blockStride}}, {b.lanes, 1}});
    if (rest)
      kernel.parts.push_back({{}, {rest, 1}, whole * blockStride});
    // While it multiplies with one product's weights it fetches the next one's.
    int64_t lines = ceilDiv(w.inChannels * blocks * b.lanes, kLineFloats);
    kernel.streamLines(b, b.weights(0), b.add(weightsAt, lines * kLineFloats), lines, number,
                       tilesPerProduct);
    Values acc(pixels * blocks, b.splat(0));
    Index inputAt = b.add(b.mul(i, w.inputStride), b.mul(t, b.lanes));
    acc = kernel.emit(b, b.scratch(), inputAt, b.weights(0), weightsAt, acc);
    Index to = b.sum(Index(productsAt()), b.mul(i, w.outputStride), b.mul(t, blocks * b.lanes));
    for (int64_t p = 0; p < pixels; ++p)
      for (int64_t j = 0; j < blocks; ++j)
        b.storeVector(acc[p * blocks + j], b.scratch(), b.add(to, (p * blocks + j) * b.lanes));
  }

  /// The outputs of a panel: transforms M back and applies the epilogue.
  void finish(Index panel, int64_t blocks, Index firstTile, Index numTiles) {
    Index firstBlock = b.mul(panel, config.tileBlocks);
    b.loop(0, blocks, 1, [&](Index j) {
      Index kb = b.add(firstBlock, j);
      Value bias = shape.hasBias ? b.loadVector(b.weights(1), b.mul(kb, b.lanes)) : Value();
      b.loop(0, numTiles, 1, [&](Index t) {
        Place place = placeOf(b.add(firstTile, t));
        outputTile(place, b.mul(b.add(b.mul(t, blocks), j), b.lanes), kb, bias);
        zeroHalo(place, kb);
      });
    });
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

  void outputTile(const Place &place, Index from, Index kb, Value bias) {
    auto loadColumn = [&](Index j) {
      Values line;
      for (int64_t i = 0; i < down.products; ++i)
        line.push_back(b.loadVector(
            b.scratch(), b.sum(Index(productsAt() + i * across.products * w.outputStride), from,
                               b.mul(j, w.outputStride))));
      return transformOutput(b, down, line);
    };
    Index firstRow = b.sub(b.mul(place.down, config.outputRows), place.y);
    if (down.products == 1) {
      Values line;
      for (int64_t j = 0; j < across.products; ++j)
        line.push_back(loadColumn(j)[0]);
      return storeRow(place, 0, kb, transformOutput(b, across, line), bias);
    }
    b.loop(0, across.products, 1, [&](Index j) {
      for (auto [i, v] : llvm::enumerate(loadColumn(j)))
        b.storeVector(v, b.scratch(),
                      b.sum(Index(tileAt() + static_cast<int64_t>(i) * across.products * b.lanes),
                            b.mul(j, b.lanes)));
    });
    b.loop(firstRow, config.outputRows, 1, [&](Index i) {
      Values line;
      for (int64_t j = 0; j < across.products; ++j)
        line.push_back(b.loadVector(b.scratch(), b.sum(Index(tileAt() + j * b.lanes),
                                                       b.mul(i, across.products * b.lanes))));
      storeRow(place, i, kb, transformOutput(b, across, line), bias);
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
      for (int64_t x = first; x < config.outputColumns; ++x) {
        Value v = outputs[x];
        if (bias)
          v = b.addf(v, bias);
        if (shape.residual)
          v = b.addf(v, b.loadVector(b.input(1), b.add(residualAt, x * b.lanes)));
        b.storeVector(b.activate(act, v), b.output(0), b.add(to, x * b.lanes));
      }
    };
    int64_t repeated = w.tilesAcross * config.outputColumns - shape.out.w();
    if (repeated == 0)
      return storeFrom(0);
    b.ifThenElse(
        b.isEqual(place.across, w.tilesAcross - 1), [&] { storeFrom(repeated); },
        [&] { storeFrom(0); });
  }
};

} // namespace

void incc::emitWinograd(KernelBuilder &b) { WinogradConv(b).emit(); }

/// [panel][filter][input channel][output in panel], transformed in double precision.
std::vector<float> incc::packWinograd(plan::KernelOp kernel, const Target &target,
                                      ArrayRef<float> values) {
  ConvShape shape(kernel);
  ConvConfig config = ConvConfig::fromAttr(*kernel.getConfig());
  int64_t lanes = target.isa.lanes, ins = shape.in.c(), taps = shape.kh * shape.kw;
  WinogradShape w(shape, config, lanes);
  Winograd down(config.outputRows, shape.kh, shape.strideH);
  Winograd across(config.outputColumns, shape.kw, shape.strideW);
  std::vector<float> packed(w.weightFloats);
  std::vector<double> half(shape.kh * across.filters);
  for (int64_t k = 0; k < shape.out.c(); ++k) {
    int64_t panel = k / lanes / config.tileBlocks, firstBlock = panel * config.tileBlocks;
    int64_t width = std::min(config.tileBlocks, w.outBlocks - firstBlock) * lanes;
    float *to = packed.data() + firstBlock * lanes * w.filters * ins + (k - firstBlock * lanes);
    for (int64_t c = 0; c < ins; ++c) {
      const float *g = values.data() + (k * ins + c) * taps;
      for (int64_t y = 0; y < shape.kh; ++y)
        for (int64_t j = 0; j < across.filters; ++j) {
          double sum = 0;
          for (int64_t x = 0; x < shape.kw; ++x)
            sum += across.filter[j][x] * g[y * shape.kw + x];
          half[y * across.filters + j] = sum;
        }
      for (int64_t i = 0; i < down.filters; ++i)
        for (int64_t j = 0; j < across.filters; ++j) {
          double sum = 0;
          for (int64_t y = 0; y < shape.kh; ++y)
            sum += down.filter[i][y] * half[y * across.filters + j];
          to[((i * across.filters + j) * ins + c) * width] = static_cast<float>(sum);
        }
    }
  }
  return packed;
}
