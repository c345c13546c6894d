// Products of transformed tiles: the transforms, the matrix products, the order of all of them.
#include "backends/llvm/TransformedConv.h"
#include "backends/llvm/Emitters.h"
#include "ir/BilinearLines.h"

using namespace mlir;
using namespace incc;

using Values = KernelBuilder::Values;

namespace {
/// Vectors, for BilinearLines.
struct VectorOps {
  using Value = mlir::Value;
  KernelBuilder &b;

  Value zero() const { return b.splat(0); }
  Value scale(Value x, double weight) const { return b.mulf(x, weightOf(weight)); }
  Value add(Value x, Value y) const { return b.addf(x, y); }
  Value sub(Value x, Value y) const { return b.subf(x, y); }
  Value multiplyAdd(Value x, double weight, Value sum) const {
    return b.fma(x, weightOf(weight), sum);
  }

private:
  Value weightOf(double weight) const { return b.splat(static_cast<float>(weight)); }
};
} // namespace

static Values transformInput(KernelBuilder &b, const Bilinear &w, ArrayRef<Value> line) {
  return Values(BilinearLines<VectorOps>(VectorOps{b}).transformInput(w, line));
}

static Values transformOutput(KernelBuilder &b, const Bilinear &w, ArrayRef<Value> line) {
  return Values(BilinearLines<VectorOps>(VectorOps{b}).transformOutput(w, line));
}

TransformedConv::TransformedConv(KernelBuilder &b, const ConvShape &shape, const ConvConfig &config,
                                 const TileProducts &w, const Bilinear &down,
                                 const Bilinear &across)
    : b(b), shape(shape), config(config), act(KernelParams(b.kernel).act()), w(w), down(down),
      across(across) {}

void TransformedConv::emit() {
  b.forEachTask([&](Index task) {
    Index part = b.rem(task, config.panelTasks), block = b.div(task, config.panelTasks);
    Index firstTile = b.mul(block, w.tilesPerBlock);
    Index numTiles = b.min(b.sub(w.numTiles, firstTile), w.tilesPerBlock);
    b.loop(0, w.inBlocks, 1, [&](Index cb) {
      b.loop(0, numTiles, 1, [&](Index t) { transformTile(b.add(firstTile, t), t, cb); });
    });
    // Panels are split evenly: part p has those from p * panels / parts on.
    auto bound = [&](Index p) { return b.div(b.mul(p, w.numPanels), config.panelTasks); };
    b.loop(bound(part), bound(b.add(part, 1)), 1, [&](Index panel) {
      int64_t last = w.outBlocks - (w.numPanels - 1) * config.tileBlocks;
      auto run = [&](int64_t blocks) {
        Index firstBlock = b.mul(panel, config.tileBlocks);
        prefetchOutputs(firstBlock, blocks, firstTile, numTiles);
        multiply(panel, blocks);
        b.loop(0, blocks, 1, [&](Index j) {
          b.loop(0, numTiles, 1, [&](Index t) {
            finishTile(b.add(firstTile, t), b.mul(b.add(b.mul(t, blocks), j), b.lanes),
                       b.add(firstBlock, j));
          });
        });
        finishBlock(firstBlock, blocks, firstTile, numTiles);
      };
      if (last == config.tileBlocks || w.numPanels == 1)
        return run(last);
      b.ifThenElse(
          b.isEqual(panel, w.numPanels - 1), [&] { run(last); }, [&] { run(config.tileBlocks); });
    });
  });
  b.finish();
}

void TransformedConv::transformInputs(Index t, Index cb,
                                      llvm::function_ref<Value(Index i, int64_t j)> load) {
  Index to = b.mul(b.add(b.mul(cb, w.tilesPerBlock), t), b.lanes);
  auto transformRow = [&](Index i) {
    Values line;
    for (int64_t j = 0; j < across.inputs; ++j)
      line.push_back(load(i, j));
    return transformInput(b, across, line);
  };
  if (down.inputs == 1) {
    for (auto [j, v] : llvm::enumerate(transformRow(0)))
      b.storeVector(v, b.scratch(), b.add(to, static_cast<int64_t>(j) * w.inputStride));
    return;
  }
  b.loop(0, down.inputs, 1, [&](Index i) {
    for (auto [j, v] : llvm::enumerate(transformRow(i)))
      b.storeVector(v, b.scratch(),
                    b.sum(Index(tileAt() + static_cast<int64_t>(j) * b.lanes),
                          b.mul(i, across.products * b.lanes)));
  });
  b.loop(0, across.products, 1, [&](Index j) {
    Values line;
    for (int64_t i = 0; i < down.inputs; ++i)
      line.push_back(b.loadVector(
          b.scratch(), b.sum(Index(tileAt() + i * across.products * b.lanes), b.mul(j, b.lanes))));
    Index column = b.add(to, b.mul(j, w.inputStride));
    for (auto [i, v] : llvm::enumerate(transformInput(b, down, line)))
      b.storeVector(v, b.scratch(),
                    b.add(column, static_cast<int64_t>(i) * across.products * w.inputStride));
  });
}

/// M of a panel: for each product a matrix multiplication of all tiles of the block. Tiles that
/// the last block has not are computed from what the memory holds, and not used.
void TransformedConv::multiply(Index panel, int64_t blocks) {
  EqualTiles split(w.tilesPerBlock, config.tileColumns);
  int64_t width = blocks * b.lanes;
  Index panelAt = b.mul(panel, w.filters * w.inChannels * config.tileBlocks * b.lanes);
  b.loop(0, w.products, 1, [&](Index i) {
    Index filterAt = b.add(panelAt, b.mul(filterOf(i), w.inChannels * width));
    forEachChunk(b, w.inBlocks, config.chunkBlocks, [&](const Chunk &chunk) {
      Index weightsAt = b.add(filterAt, b.mul(chunk.first, b.lanes * width));
      auto tiles = [&](int64_t first, int64_t before, int64_t count, int64_t pixels) {
        b.loop(0, count, 1, [&](Index g) {
          registerTile(i, chunk, b.add(b.mul(g, pixels), first), b.add(g, before), pixels, blocks,
                       weightsAt, split.count);
        });
      };
      tiles(0, 0, split.numWide, split.wide);
      tiles(split.numWide * split.wide, split.numWide, split.count - split.numWide, split.wide - 1);
    });
  });
}

/// The matrix of weights of a product.
Index TransformedConv::filterOf(Index product) {
  if (w.filters == w.products)
    return product;
  Index i = b.min(b.div(product, across.products), down.filters - 1);
  return b.add(b.mul(i, across.filters),
               b.min(b.rem(product, across.products), across.filters - 1));
}

void TransformedConv::registerTile(Index product, const Chunk &chunk, Index t, Index number,
                                   int64_t pixels, int64_t blocks, Index weightsAt,
                                   int64_t tilesPerProduct) {
  MicroKernel kernel;
  kernel.numBlocks = blocks;
  for (int64_t p = 0; p < pixels; ++p)
    kernel.pixelOffsets.push_back(p * b.lanes);
  int64_t partial = chunk.isLast ? w.inChannels % b.lanes : 0;
  int64_t whole = chunk.count - (partial > 0), blockStride = w.tilesPerBlock * b.lanes;
  if (whole)
    kernel.parts.push_back({{{whole, blockStride}}, {b.lanes, 1}});
  if (partial)
    kernel.parts.push_back({{}, {partial, 1}, whole * blockStride});
  // While it multiplies with a chunk's weights it fetches those that follow.
  int64_t lines = ceilDiv(kernel.numSteps() * blocks * b.lanes, kLineFloats);
  kernel.streamLines(b, b.weights(0), b.add(weightsAt, lines * kLineFloats), lines, number,
                     tilesPerProduct);
  Index to = b.sum(Index(productsAt()), b.mul(product, w.outputStride), b.mul(t, blocks * b.lanes));
  Values acc;
  for (int64_t a = 0; a < pixels * blocks; ++a)
    acc.push_back(chunk.isFirst ? b.splat(0) : b.loadVector(b.scratch(), b.add(to, a * b.lanes)));
  Index inputAt =
      b.sum(b.mul(product, w.inputStride), b.mul(chunk.first, blockStride), b.mul(t, b.lanes));
  acc = kernel.emit(b, b.scratch(), inputAt, b.weights(0), weightsAt, acc);
  for (auto [a, v] : llvm::enumerate(acc))
    b.storeVector(v, b.scratch(), b.add(to, static_cast<int64_t>(a) * b.lanes));
}

void TransformedConv::transformOutputs(
    Index from, Index firstRow, int64_t together,
    llvm::function_ref<void(Index row, ArrayRef<Values> rows)> store) {
  auto transformColumn = [&](Index j) {
    Values line;
    for (int64_t i = 0; i < down.products; ++i)
      line.push_back(b.loadVector(b.scratch(),
                                  b.sum(Index(productsAt() + i * across.products * w.outputStride),
                                        from, b.mul(j, w.outputStride))));
    return transformOutput(b, down, line);
  };
  if (down.products == 1) {
    Values line;
    for (int64_t j = 0; j < across.products; ++j)
      line.push_back(transformColumn(j)[0]);
    return store(0, transformOutput(b, across, line));
  }
  b.loop(0, across.products, 1, [&](Index j) {
    for (auto [i, v] : llvm::enumerate(transformColumn(j)))
      b.storeVector(v, b.scratch(),
                    b.sum(Index(tileAt() + static_cast<int64_t>(i) * across.products * b.lanes),
                          b.mul(j, b.lanes)));
  });
  int64_t rowFloats = across.products * b.lanes;
  b.loop(firstRow, down.outputs, together, [&](Index i) {
    SmallVector<Values, 2> rows;
    for (int64_t row = 0; row < together; ++row) {
      Values line;
      for (int64_t j = 0; j < across.products; ++j)
        line.push_back(b.loadVector(
            b.scratch(),
            b.sum(Index(tileAt() + row * rowFloats + j * b.lanes), b.mul(i, rowFloats))));
      rows.push_back(transformOutput(b, across, line));
    }
    store(i, rows);
  });
}

void TransformedConv::storeOutput(Value v, Value bias, Index residualAt, Index to) {
  if (bias)
    v = b.addf(v, bias);
  if (shape.residual)
    v = b.addf(v, b.loadVector(b.input(1), residualAt));
  b.storeVector(b.activate(act, v), b.output(0), to);
}

std::vector<float>
incc::packTransformed(const TileProducts &w, const Bilinear &down, const Bilinear &across,
                      int64_t tileBlocks, int64_t lanes,
                      llvm::function_ref<float(int64_t k, int64_t c, int64_t y, int64_t x)> value) {
  std::vector<float> packed(w.weightFloats);
  int64_t rows = down.filter[0].size(), columns = across.filter[0].size();
  std::vector<float> g(rows * columns), transformed(w.filters);
  for (int64_t k = 0; k < w.outChannels; ++k) {
    int64_t firstBlock = k / lanes / tileBlocks * tileBlocks;
    int64_t width = std::min(tileBlocks, w.outBlocks - firstBlock) * lanes;
    float *to =
        packed.data() + firstBlock * lanes * w.filters * w.inChannels + (k - firstBlock * lanes);
    for (int64_t c = 0; c < w.inChannels; ++c) {
      for (int64_t y = 0; y < rows; ++y)
        for (int64_t x = 0; x < columns; ++x)
          g[y * columns + x] = value(k, c, y, x);
      transformFilter(down, across, g, transformed);
      for (auto [i, factor] : llvm::enumerate(transformed))
        to[(static_cast<int64_t>(i) * w.inChannels + c) * width] = factor;
    }
  }
  return packed;
}
