// Winograd convolution (Lavin and Gray 2016): transforms and products of a block of tiles, in the
// order and the scratch memory of the LLVM backend (TransformedConv.h there). A task transforms its
// tiles; then for each panel of output channels it multiplies, and transforms the products back.
#include "backends/halide/Emitters.h"
#include "ir/BilinearLines.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

namespace {

/// Halide's expressions, for BilinearLines.
struct ExprOps {
  using Value = Expr;
  Expr zero() const { return 0.0f; }
  Expr scale(Expr x, double weight) const { return x * static_cast<float>(weight); }
  Expr add(Expr x, Expr y) const { return x + y; }
  Expr sub(Expr x, Expr y) const { return x - y; }
  Expr multiplyAdd(Expr x, double weight, Expr sum) const { return scale(x, weight) + sum; }
};

/// Of a line's values the one that `i` counts: loops along `i` are unrolled.
Expr pick(Expr i, const BilinearLines<ExprOps>::Line &line) {
  return Halide::mux(i, std::vector<Expr>(line.begin(), line.end()));
}

class WinogradConv : WinogradTiles {
public:
  WinogradConv(HalideKernel &k, const ConvShape &shape, const ConvConfig &config)
      : WinogradTiles(shape, config, k.lanes), k(k), shape(shape), config(config),
        down(config.outputRows, shape.kh, shape.strideH),
        across(config.outputColumns, shape.kw, shape.strideW),
        chunks(equalChunks(shape.in.c(), k.lanes, config.chunkBlocks)) {}

  void emit() {
    TaskAxis panels{numPanels, config.tileBlocks, outBlocks, /*lastDiffers=*/true};
    panels.walks = config.panelTasks;
    panelAxis = k.addAxis(panels);
    blockAxis = k.addAxis({numBlocks, tilesPerBlock, numTiles});
    k.addPrologue([&] { transformInputs(); });
    k.forEachVariant([&] { multiply(k.stepOf(panelAxis)); });
    k.forEachVariant([&] { transformOutputs(k.stepOf(panelAxis)); });
  }

private:
  HalideKernel &k;
  ConvShape shape;
  ConvConfig config;
  Winograd down, across;
  int64_t chunks;
  BilinearLines<ExprOps> lines{ExprOps()};
  unsigned panelAxis = 0, blockAxis = 0;
  /// Rows and columns of the outputs that one is stored of.
  const int window = shape.isPooled() ? 2 : 1;

  /// Lane, tile, block of input or output channels, column and row of products, of tiles' pixels.
  const Var c{"c"}, t{"t"}, cb{"cb"}, j{"j"}, q{"q"}, p{"p"}, y{"y"}, x{"x"}, n{"n"};

  /// The dimensions of a block's tiles and of their products in scratch memory; there the first tile
  /// of a block is the first of the memory, whatever its number.
  HalideDim tilesOf(int64_t stride) const {
    return {tilesPerBlock, stride, 0, static_cast<int>(blockAxis), tilesPerBlock,
            /*extentVaries=*/true};
  }
  HalideOrigin blockAt(int64_t first, int64_t stride) const {
    return {first, {{blockAxis, -tilesPerBlock * stride}}};
  }
  void addProducts(Dims &dims, int64_t stride) const {
    dims.push_back({across.products, stride});
    dims.push_back({down.products, across.products * stride});
  }

  /// The transformed inputs; with tiles by their number in the map, or in the block.
  Dims inputDims(HalideDim tiles) const {
    Dims dims = {{k.lanes, 1}, tiles, {inBlocks, tilesPerBlock * k.lanes}};
    addProducts(dims, inputStride);
    return dims;
  }

  /// The products of a panel of `blocks`, likewise.
  Dims productDims(int64_t blocks, HalideDim tiles) const {
    Dims dims = {{k.lanes, 1}, {blocks, k.lanes}, tiles};
    addProducts(dims, outputStride);
    return dims;
  }

  HalideOrigin panelAt(int64_t perOutput) const {
    return {0, {{panelAxis, config.tileBlocks * k.lanes * perOutput}}};
  }

  // Where tile `t` lies: the last ones of rows and columns begin early enough to end in the map.
  static Expr firstOf(Expr number, int64_t step, int64_t extent) {
    Expr first = number * int(step);
    return extent % step ? Halide::min(first, int(extent - step)) : first;
  }
  Expr tileColumn(Expr tile) const { return tile % int(tilesAcross); }
  Expr tileRow(Expr tile) const { return tile / int(tilesAcross) % int(tilesDown); }
  Expr image(Expr tile) const {
    return shape.out.n() == 1 ? Expr(0) : tile / int(tilesAcross * tilesDown);
  }
  Expr firstColumn(Expr tile) const {
    return firstOf(tileColumn(tile), config.outputColumns, shape.out.w());
  }
  Expr firstRow(Expr tile) const {
    return firstOf(tileRow(tile), config.outputRows, shape.out.h());
  }

  /// Rows of a tile, then its columns.
  void transformInputs() {
    // The algorithm.
    ImageParam in = k.inputBox(0);
    auto pixel = [&](Expr row, int64_t column) {
      return in(c,
                firstColumn(t) * int(shape.strideW) - int(shape.padLeft) + int(column),
                firstRow(t) * int(shape.strideH) - int(shape.padTop) + row, cb, image(t));
    };
    Func rows = k.func("rows"), transformed = k.func("transformed");
    BilinearLines<ExprOps>::Line line;
    for (int64_t i = 0; i < across.inputs; ++i)
      line.push_back(pixel(y, i));
    rows(c, q, y, t, cb) = pick(q, lines.transformInput(across, line));
    line.clear();
    for (int64_t i = 0; i < down.inputs; ++i)
      line.push_back(rows(c, q, int(i), t, cb));
    transformed(c, t, cb, q, p) = pick(p, lines.transformInput(down, line));
    k.scratch(transformed, inputDims(tilesOf(k.lanes)), blockAt(0, k.lanes));

    // The schedule.
    transformed.reorder(c, p, q, t, cb).vectorize(c).unroll(p);
    if (down.inputs == 1) {
      transformed.unroll(q);
    } else if (across.inputs > 1) {
      rows.compute_at(transformed, t).store_in(Halide::MemoryType::Stack);
      rows.reorder(c, q, y).vectorize(c).unroll(q);
    }
  }

  /// For each product a matrix multiplication of all tiles of the block. Tiles that the last block
  /// has not are computed from what the memory holds, and not used.
  void multiply(int64_t blocks) {
    EqualTiles split(tilesPerBlock, config.tileColumns);
    SmallVector<Products, 2> parts;
    parts.push_back(multiplyTiles(blocks, 0, split.numWide, split.wide));
    if (split.count > split.numWide)
      parts.push_back(multiplyTiles(blocks, split.numWide, split.count - split.numWide,
                                    split.wide - 1));
    // A product's, or a chunk's, weights are for all tiles.
    if (parts.size() > 1 && chunks > 1)
      parts[1].func.update().compute_with(parts[0].func.update(), parts[0].chunk[0]);
    else if (parts.size() > 1)
      parts[1].func.compute_with(parts[0].func, q);
  }

  struct Products {
    Func func;
    /// Of input channels; undefined where there is one.
    RDom chunk;
  };

  /// `count` register tiles of `width` tiles, after `before` others.
  Products multiplyTiles(int64_t blocks, int64_t before, int64_t count, int64_t width) {
    // The algorithm.
    int64_t panelWidth = blocks * k.lanes, filterFloats = inChannels * panelWidth;
    EqualTiles split(tilesPerBlock, config.tileColumns);
    int64_t first = before ? split.numWide * split.wide : 0;
    ImageParam in = k.scratchInput(inputDims({tilesPerBlock, k.lanes}), 0);
    ImageParam w = k.weights(0,
                             {{panelWidth, 1},
                              {inChannels, panelWidth},
                              {across.filters, filterFloats},
                              {down.filters, across.filters * filterFloats}},
                             panelAt(filters * inChannels));
    Products products{k.func("products"), {}};
    Func sum = k.func("sum");
    Var chunk("chunk");
    sum(c, t, j, chunk, q, p) = 0.0f;
    SmallVector<RDom, 2> domains;
    int64_t wholeBlocks = inChannels / k.lanes, partial = inChannels % k.lanes;
    auto accumulate = [&](int64_t firstBlock, int64_t channels, int64_t count) {
      RDom r = k.domain("r", {channels, count});
      Expr block = chunk * int(count) + r[1] + int(firstBlock);
      sum(c, t, j, chunk, q, p) +=
          w(c + j * int(k.lanes), block * int(k.lanes) + r[0],
            Halide::min(q, int(across.filters - 1)), Halide::min(p, int(down.filters - 1))) *
          in(r[0], t + int(first), block, q, p);
      domains.push_back(r);
    };
    if (wholeBlocks)
      accumulate(0, k.lanes, wholeBlocks / chunks);
    if (partial)
      accumulate(wholeBlocks, partial, 1);
    Func out = products.func;
    if (chunks > 1) {
      products.chunk = k.domain("chunks", {chunks});
      RVar i = products.chunk[0];
      out(c, j, t, q, p) = Halide::undef<float>();
      out(c, j, t, q, p) = Halide::select(i == 0, 0.0f, out(c, j, t, q, p)) + sum(c, t, j, i, q, p);
    } else {
      out(c, j, t, q, p) = sum(c, t, j, 0, q, p);
    }
    k.scratch(out, productDims(blocks, {count * width, blocks * k.lanes}),
              inputFloats + first * blocks * k.lanes);

    // The schedule: a register tile of sums.
    Var to("to"), ti("ti");
    Stage stage = chunks > 1 ? Stage(out.update()) : Stage(out);
    stage.split(t, to, ti, int(width), Halide::TailStrategy::RoundUp);
    if (chunks > 1)
      stage.reorder(c, j, ti, to, products.chunk[0], q, p);
    else
      stage.reorder(c, j, ti, to, q, p);
    stage.vectorize(c).unroll(j).unroll(ti);
    sum.compute_at(out, to).store_in(Halide::MemoryType::Stack);
    sum.reorder(c, j, t).vectorize(c).unroll(j).unroll(t);
    for (auto [i, r] : llvm::enumerate(domains)) {
      Stage update = sum.update(static_cast<int>(i));
      if (blocks > width)
        update.reorder(c, t, j, r[0], r[1]);
      else
        update.reorder(c, j, t, r[0], r[1]);
      update.vectorize(c).unroll(j).unroll(t);
      constexpr int kUnroll = 4;
      int64_t channels = i == 0 && wholeBlocks ? k.lanes : partial;
      if (channels % kUnroll == 0)
        update.unroll(r[0], kUnroll);
      else
        update.unroll(r[0]);
    }
    streamNextWeights(sum, out, domains.front(), w.name(), filterFloats, products.chunk, before,
                      split.count, wholeBlocks ? wholeBlocks / chunks : 1);
    return products;
  }

  /// While it multiplies with a chunk's weights it fetches those that follow.
  void streamNextWeights(Func sum, Func out, RDom r, const std::string &filter,
                         int64_t filterFloats, RDom chunk, int64_t tilesBefore, int64_t numTiles,
                         int64_t runs) {
    PrefetchStream stream;
    stream.array = filter;
    stream.loops = {{sum.name() + ".s1." + r[1].name(), 1},
                    {out.name() + (chunks > 1 ? ".s1." : ".s0.") + "t.to", runs}};
    stream.firstRun = runs * tilesBefore;
    stream.firstFloat = filterFloats / chunks;
    stream.chunks = {{".q", filterFloats}, {".p", across.filters * filterFloats}};
    if (chunk.defined())
      stream.chunks.push_back({"." + chunk[0].name(), stream.firstFloat});
    stream.linesPerRun = ceilDiv(ceilDiv(stream.firstFloat, kLineFloats), runs * numTiles);
    // More would wait for each other, and a part of them disturbs the hardware's prefetchers.
    constexpr int64_t kMaxLinesPerRun = 16;
    if (stream.linesPerRun <= kMaxLinesPerRun)
      k.prefetch(std::move(stream));
  }

  /// Columns of a tile, then its rows; stores those outputs that no other tile has.
  void transformOutputs(int64_t blocks) {
    // The algorithm.
    int64_t tileStride = blocks * k.lanes;
    ImageParam in = k.scratchInput(productDims(blocks, tilesOf(tileStride)),
                                   blockAt(inputFloats, tileStride));
    Func columns = k.func("columns"), pixels = k.func("pixels"), stored = k.func("stored"),
         out = k.func("out");
    BilinearLines<ExprOps>::Line line;
    for (int64_t i = 0; i < down.products; ++i)
      line.push_back(in(c, j, t, q, int(i)));
    columns(c, q, y, t, j) = pick(y, lines.transformOutput(down, line));
    line.clear();
    for (int64_t i = 0; i < across.products; ++i)
      line.push_back(columns(c, int(i), y, t, j));
    pixels(c, x, y, t, j) = pick(x, lines.transformOutput(across, line));
    // What follows the maximum is monotonic: fuse-max-pool sees to it.
    Expr value = pixels(c, x * window, y * window, t, j);
    for (int i = 1; i < window * window; ++i)
      value = Halide::max(value,
                          pixels(c, x * window + i % window, y * window + i / window, t, j));
    if (shape.hasBias)
      value += k.weights(1, {{k.lanes, 1}, {blocks, k.lanes}}, panelAt(1))(c, j);
    if (shape.residual)
      value += k.input(1, panelOf(shape.residual, blocks), panelOrigin(shape.residual))(
          c, firstColumn(t) + x, firstRow(t) + y, j, image(t));
    stored(c, x, y, t, j) = activate(k.params.act(), value);
    // Not a loop over the map, whose rows tiles cross: over the block's tiles.
    RDom r({{0, int(across.outputs / window)},
            {0, int(down.outputs / window)},
            {in.dim(2).min(), in.dim(2).extent()},
            {0, int(blocks)}},
           k.uniqueName("tiles"));
    out(c, x, y, j, n) = Halide::undef<float>();
    Expr column = firstColumn(r[2]) / window + r[0], row = firstRow(r[2]) / window + r[1];
    if (shape.out.w() % across.outputs)
      r.where(column >= tileColumn(r[2]) * int(across.outputs / window));
    if (shape.out.h() % down.outputs)
      r.where(row >= tileRow(r[2]) * int(down.outputs / window));
    out(c, column, row, r[3], image(r[2])) = stored(c, r[0], r[1], r[2], r[3]);
    k.output(0, out, panelOf(shape.stored, blocks), panelOrigin(shape.stored));
    k.zeroHaloOf({blockAxis, tilesAcross, tilesDown, down.outputs / window});

    // The schedule.
    out.update().reorder(c, r[0], r[1], r[2], r[3]).vectorize(c).unroll(r[0]);
    stored.compute_at(out, r[1]).store_in(Halide::MemoryType::Stack);
    stored.reorder(c, x, y).vectorize(c).unroll(x);
    if (window > 1) {
      pixels.compute_at(out, r[1]).store_in(Halide::MemoryType::Stack);
      pixels.reorder(c, x, y).vectorize(c).unroll(x).unroll(y);
    }
    if (across.products > 1 && down.products > 1) {
      columns.compute_at(out, r[2]).store_in(Halide::MemoryType::Stack);
      columns.reorder(c, y, q).vectorize(c).unroll(y);
    }
  }

  Dims panelOf(plan::MapType map, int64_t blocks) const {
    return {{k.lanes, 1},
            {map.w(), map.getBlock()},
            {map.h(), map.rowStride()},
            {blocks, map.planeStride()},
            {map.n(), map.imageStride()}};
  }
  HalideOrigin panelOrigin(plan::MapType map) const {
    return {map.origin(), {{panelAxis, config.tileBlocks * map.planeStride()}}};
  }
};

} // namespace

void halide::emitWinograd(HalideKernel &k) {
  WinogradConv(k, ConvShape(k.kernel), ConvConfig::fromAttr(*k.kernel.getConfig())).emit();
}
