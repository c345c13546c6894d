// Direct convolution on blocked channels, with bias, residual and activation applied to a tile of
// sums in registers.
#include "backends/halide/Emitters.h"

using namespace mlir;
using namespace incc;
using namespace incc::halide;

namespace {

/// What all direct convolutions read. A filter that is known only when the network runs comes as
/// the second input, packed.
struct ConvOperands {
  explicit ConvOperands(HalideKernel &k)
      : k(k), shape(k.kernel), config(ConvConfig::fromAttr(*k.kernel.getConfig())),
        hasPackedInput(k.kernel.getWeights().empty()) {}

  HalideKernel &k;
  ConvShape shape;
  ConvConfig config;
  bool hasPackedInput;

  ImageParam filter(const Dims &dims, const HalideOrigin &origin = 0) {
    return hasPackedInput ? k.input(1, dims, origin) : k.weights(0, dims, origin);
  }

  /// Row and column of the input under output (y, x) and tap (i, j).
  Expr row(Expr y, Expr i) const {
    return y * int(shape.strideH) + i * int(shape.dilationH) - int(shape.padTop);
  }
  Expr column(Expr x, Expr j) const {
    return x * int(shape.strideW) + j * int(shape.dilationW) - int(shape.padLeft);
  }
};

/// Columns or rows of the output from `first` on: `count` tiles of `width` pixels.
struct Span {
  int64_t first, count, width;
  int64_t extent() const { return count * width; }
};

/// `extent` pixels in tiles of near-equal width.
SmallVector<Span> equalSpans(int64_t extent, int64_t most) {
  EqualTiles split(extent, most);
  SmallVector<Span> spans = {{0, split.numWide, split.wide}};
  if (split.count > split.numWide)
    spans.push_back({spans[0].extent(), split.count - split.numWide, split.wide - 1});
  return spans;
}

/// `extent` pixels in tiles of one width, and what is left in one.
SmallVector<Span> spansAndRest(int64_t extent, int64_t width) {
  SmallVector<Span> spans;
  if (extent >= width)
    spans.push_back({0, extent / width, width});
  if (extent % width)
    spans.push_back({extent / width * width, 1, extent % width});
  return spans;
}

/// Maps are boxes of (lane, x, y, block): what a task has of one image, a tile of output blocks and
/// the inputs of its group.
class DirectConv : ConvOperands {
public:
  explicit DirectConv(HalideKernel &k)
      : ConvOperands(k), groups(packedGroups(shape, config.algorithm)), ins(shape.in.c() / groups),
        blocksPerGroup(ceilDiv(shape.out.c() / groups, k.lanes)),
        tilesPerGroup(ceilDiv(blocksPerGroup, config.tileBlocks)), taps(shape.kh * shape.kw) {}

  void emit() {
    addAxes();
    k.forEachVariant([&] {
      int64_t blocks = k.stepOf(tileAxis);
      scaledPanels.clear();
      std::vector<Region> regions;
      for (const Span &rows : rowSpans())
        for (const Span &columns : columnSpans())
          regions.push_back(addRegion(blocks, rows, columns));
      // A chunk's weights are for all regions.
      for (Region &region : llvm::drop_begin(regions))
        if (region.chunks.defined())
          region.out.update(0).compute_with(regions.front().out.update(0), region.chunks[0]);
    });
  }

private:
  int64_t groups, ins, blocksPerGroup, tilesPerGroup, taps;
  std::optional<RDom> chunkDomain;
  /// Of each part, where inputs have factors: the task's weights times these, in scratch memory.
  std::vector<Func> scaledPanels;
  /// Axes of tasks: tiles of output blocks, groups, rows (pixels where flat), images.
  unsigned tileAxis = 0, groupAxis = 0, pixelAxis = 0, imageAxis = 0;

  const Var c{"c"}, x{"x"}, y{"y"}, j{"j"}, q{"q"}, xo{"xo"};

  bool isFlat() const { return shape.isFlat(); }
  /// Rows are counted by the task unless tiles have several.
  bool rowsVary() const { return !isFlat() && config.tileRows == 1; }

  void addAxes() {
    int64_t extent = isFlat() ? shape.columns() : shape.out.h();
    TaskAxis tiles{tilesPerGroup, config.tileBlocks, blocksPerGroup, true};
    TaskAxis pixels{ceilDiv(extent, config.taskRows), config.taskRows, extent, !rowsVary()};
    auto addChannels = [&] {
      tileAxis = k.addAxis(tiles);
      groupAxis = k.addAxis(groups);
    };
    if (config.rowsOutermost)
      addChannels();
    pixelAxis = k.addAxis(pixels);
    imageAxis = k.addAxis(shape.out.n());
    if (!config.rowsOutermost)
      addChannels();
  }

  SmallVector<Span> rowSpans() const {
    if (isFlat())
      return {{0, 1, 1}};
    if (rowsVary())
      return {{0, std::min(config.taskRows, shape.out.h()), 1}};
    return spansAndRest(k.stepOf(pixelAxis), config.tileRows);
  }

  SmallVector<Span> columnSpans() const {
    return equalSpans(isFlat() ? k.stepOf(pixelAxis) : shape.out.w(), config.tileColumns);
  }

  /// The part of an output map that a region writes, or of a residual that it reads.
  Dims regionOf(plan::MapType map, int64_t blocks, const Span &rows, const Span &columns) const {
    int noAxis = -1, axis = static_cast<int>(pixelAxis);
    return {{k.lanes, 1},
            {columns.extent(), map.getBlock(), columns.first, isFlat() ? axis : noAxis,
             config.taskRows},
            {rows.extent(), map.rowStride(), rows.first, isFlat() ? noAxis : axis, config.taskRows,
             rowsVary()},
            {blocks, map.planeStride()}};
  }

  /// Where a task's tile of output blocks begins in such a map.
  HalideOrigin tileOf(plan::MapType map) const {
    return {map.origin(),
            {{tileAxis, config.tileBlocks * map.planeStride()},
             {groupAxis, blocksPerGroup * map.planeStride()},
             {imageAxis, map.imageStride()}}};
  }

  /// Where it begins in packed weights, of which an output channel has `perOutput`.
  HalideOrigin panelOf(int64_t perOutput, int64_t first = 0) const {
    return {first,
            {{tileAxis, config.tileBlocks * k.lanes * perOutput},
             {groupAxis, blocksPerGroup * k.lanes * perOutput}}};
  }

  /// The inputs of the task's group.
  ImageParam groupInput() {
    plan::MapType map = shape.in;
    Dims dims = boxOf(map);
    dims.pop_back();
    return k.input(
        0, dims,
        {map.origin(),
         {{groupAxis, ins / map.getBlock() * map.planeStride()}, {imageAxis, map.imageStride()}}});
  }

  /// Whole blocks of input channels, or the channels of the last block where it is cut. A panel
  /// of weights has dimensions (output in tile, input in block, column, row, block).
  struct Part {
    int64_t firstBlock, blocks, channels;
  };

  SmallVector<Part> parts() const {
    int64_t block = shape.in.getBlock(), whole = ins / block;
    SmallVector<Part> parts;
    if (whole)
      parts.push_back({0, whole, block});
    if (ins % block)
      parts.push_back({whole, 1, ins % block});
    return parts;
  }

  Dims filterDims(const Part &part, int64_t blocks) const {
    int64_t width = blocks * k.lanes, perTap = part.channels * width;
    // Planes are packed column by column.
    bool isPlanar = shape.in.getBlock() == 1;
    return {{width, 1},
            {part.channels, width},
            {shape.kw, isPlanar ? shape.kh * perTap : perTap},
            {shape.kh, isPlanar ? perTap : shape.kw * perTap},
            {part.blocks, taps * perTap}};
  }

  /// A panel's weights of part `i` times the factors of its input channels (fuse-channel-scale): only
  /// 1x1 convolutions without groups have such.
  Func scaledPanel(size_t i, const Part &part, ImageParam panel, int64_t width) {
    if (i < scaledPanels.size())
      return scaledPanels[i];
    int64_t block = shape.in.getBlock(), imageStride = shape.scale.imageStride();
    ImageParam factors = k.input(k.kernel.getInputs().size() - 1, {{ins, 1}},
                                 {0, {{imageAxis, shape.scale.n() == 1 ? 0 : imageStride}}});
    Var o("o"), inBlock("in_block"), b("b");
    Func scaled = k.func("scaled");
    scaled(o, inBlock, b) = panel(o, inBlock, 0, 0, b) *
                            factors((b + int(part.firstBlock)) * int(block) + inBlock);
    scaled.vectorize(o, int(k.lanes));
    k.scratch(scaled, {{width, 1}, {part.channels, width}, {part.blocks, part.channels * width}},
              part.firstBlock * block * width);
    scaledPanels.push_back(scaled);
    return scaled;
  }

  /// A rectangle of tiles of one shape: their sums, over a chunk of input channels, and the output.
  struct Region {
    int64_t blocks;
    Span rows, columns;
    Func sum, out;
    /// What waits in memory for a long activation, which then has the registers to itself.
    std::optional<Func> tile;
    SmallVector<RDom, 2> domains;
    RDom chunks;
  };

  int64_t numChunks() const { return equalChunks(ins, shape.in.getBlock(), config.chunkBlocks); }

  Region addRegion(int64_t blocks, const Span &rows, const Span &columns) {
    Region region{blocks, rows, columns, k.func("sum"), k.func("out"), {}, {}, {}};
    describe(region);
    k.output(0, region.out, regionOf(shape.out, blocks, rows, columns), tileOf(shape.out));
    schedule(region);
    return region;
  }

  static int64_t tilesOf(ArrayRef<Span> spans) {
    int64_t tiles = 0;
    for (const Span &span : spans)
      tiles += span.count;
    return tiles;
  }

  /// While a task computes with the weights of a chunk it fetches those that follow them in memory,
  /// a part with each tile.
  void streamNextWeights(const Region &region, const std::string &filter) {
    constexpr int64_t kMaxLinesPerRun = 8;
    SmallVector<Span> rows = rowSpans(), columns = columnSpans();
    const RDom &r = region.domains.front();
    PrefetchStream stream;
    stream.array = filter;
    std::string sum = region.sum.name() + ".s1.";
    std::string out = region.out.name() + (region.chunks.defined() ? ".s1." : ".s0.");
    int64_t runs = 1;
    for (int d : {1, 2, 3}) {
      stream.loops.push_back({sum + r[d].name(), runs});
      runs *= d == 1 ? shape.kw : d == 2 ? shape.kh : parts().front().blocks / numChunks();
    }
    int64_t tilesPerRow = tilesOf(columns), before = 0;
    for (const Span &span : rows)
      before += span.first < region.rows.first ? span.count * tilesPerRow : 0;
    for (const Span &span : columns)
      before += span.first < region.columns.first ? span.count : 0;
    stream.loops.push_back({out + "x.xo", runs});
    stream.loops.push_back({out + "y.yo", runs * tilesPerRow});
    stream.firstRun = runs * before;
    stream.firstFloat = region.blocks * k.lanes * ins * taps / numChunks();
    if (region.chunks.defined())
      stream.chunks.push_back({"." + region.chunks[0].name(), stream.firstFloat});
    stream.linesPerRun = std::min(
        ceilDiv(ceilDiv(stream.firstFloat, kLineFloats), runs * tilesOf(rows) * tilesPerRow),
        kMaxLinesPerRun);
    k.prefetch(std::move(stream));
  }

  /// The algorithm. Of several chunks the output holds the sum so far.
  void describe(Region &region) {
    int64_t chunks = numChunks();
    if (chunks > 1) {
      if (!chunkDomain)
        chunkDomain = k.domain("chunks", {chunks});
      region.chunks = *chunkDomain;
    }
    Expr start = 0.0f;
    if (shape.hasBias)
      start = k.weights(1, {{k.lanes, 1}, {region.blocks, k.lanes}}, panelOf(1))(c, j);
    region.sum(c, x, y, j, q) = chunks > 1 ? Expr(0.0f) : start;
    ImageParam in = groupInput();
    int64_t block = shape.in.getBlock(), width = region.blocks * k.lanes;
    SmallVector<Part> allParts = parts();
    for (const Part &part : allParts) {
      ImageParam w = filter(filterDims(part, region.blocks),
                            panelOf(ins * taps, part.firstBlock * block * taps * width));
      RDom r = k.domain("r", {part.channels, shape.kw, shape.kh, part.blocks / chunks});
      Expr inBlock = q * int(part.blocks / chunks) + r[3];
      Expr plane = inBlock + int(part.firstBlock);
      Expr output = c + j * int(k.lanes);
      Expr weight = w(output, r[0], r[1], r[2], inBlock);
      if (shape.scale)
        weight = scaledPanel(&part - allParts.begin(), part, w, width)(output, r[0], inBlock);
      region.sum(c, x, y, j, q) += weight * in(r[0], column(x, r[1]), row(y, r[2]), plane);
      region.domains.push_back(r);
      // The next weights are multiplied before they are used.
      if (config.prefetchWeights && !shape.scale && &part == &allParts.front())
        streamNextWeights(region, w.name());
    }
    Expr value = region.sum(c, x, y, j, 0);
    if (chunks > 1) {
      region.out(c, x, y, j) = start;
      region.out(c, x, y, j) += region.sum(c, x, y, j, region.chunks);
      value = region.out(c, x, y, j);
    }
    if (shape.residual)
      value += k.input(1, regionOf(shape.residual, region.blocks, region.rows, region.columns),
                       tileOf(shape.residual))(c, x, y, j);
    if (isLongChain(k.params.act()) && chunks == 1) {
      region.tile = k.func("tile");
      (*region.tile)(c, x, y, j) = value;
      value = (*region.tile)(c, x, y, j);
    }
    region.out(c, x, y, j) = activate(k.params.act(), value);
  }

  /// The schedule: a tile of sums stays in registers, a chunk's weights in L1 from tile to tile.
  void schedule(Region &region) {
    if (!region.chunks.defined()) {
      scheduleTiles(region, region.out);
    } else {
      scheduleTiles(region, region.out.update(0));
      Stage(region.out).vectorize(c);
      region.out.update(1).vectorize(c);
    }
    if (region.tile) {
      region.tile->compute_at(region.out, xo).store_in(Halide::MemoryType::Stack);
      region.tile->reorder(c, j, x, y).vectorize(c).unroll(j).unroll(x).unroll(y);
    }
    region.sum.compute_at(region.out, xo).store_in(Halide::MemoryType::Stack);
    region.sum.reorder(c, j, x, y).vectorize(c).unroll(j).unroll(x).unroll(y);
    for (auto [i, r] : llvm::enumerate(region.domains)) {
      auto update = region.sum.update(static_cast<int>(i));
      // The fewer operands wait in registers for the more: weights, or inputs in all lanes.
      if (region.blocks > region.rows.width * region.columns.width)
        update.reorder(c, x, y, j, r[0], r[1], r[2], r[3]);
      else
        update.reorder(c, j, x, y, r[0], r[1], r[2], r[3]);
      update.vectorize(c).unroll(j).unroll(x).unroll(y);
      unrollReduction(update, r, parts()[i]);
    }
  }

  void scheduleTiles(const Region &region, Stage stage) {
    Var xi("xi"), yi("yi"), yo("yo");
    stage.split(x, xo, xi, int(region.columns.width), Halide::TailStrategy::RoundUp)
        .split(y, yo, yi, int(region.rows.width), Halide::TailStrategy::RoundUp);
    if (region.chunks.defined())
      stage.reorder(c, j, xi, yi, xo, yo, region.chunks[0]);
    else
      stage.reorder(c, j, xi, yi, xo, yo);
    stage.vectorize(c);
    if (!region.tile)
      stage.unroll(j).unroll(xi).unroll(yi);
  }

  /// A few steps of the innermost loop that has more than one, so that its own work is small.
  void unrollReduction(Stage update, RDom r, const Part &part) {
    constexpr int kUnroll = 4;
    if (part.channels % kUnroll == 0)
      update.unroll(r[0], kUnroll);
    else if (part.channels > 1)
      update.unroll(r[0]);
    else if (shape.kh > 1)
      update.unroll(r[2]);
  }
};

/// Groups narrower than a block: a lane of the output takes the inputs of its group, which are the
/// same block's; depthwise its own one.
class LaneConv : ConvOperands {
public:
  explicit LaneConv(HalideKernel &k) : ConvOperands(k), width(shape.inChannelsPerGroup()) {}

  void emit() {
    plan::MapType map = shape.out;
    rowAxis = k.addAxis({ceilDiv(map.h(), config.taskRows), config.taskRows, map.h()});
    planeAxis = k.addAxis(map.channelBlocks());
    imageAxis = k.addAxis(map.n());
    k.forEachVariant([&] {
      SmallVector<Func> parts;
      SmallVector<Span> spans = equalSpans(map.w(), config.tileColumns);
      for (const Span &columns : spans)
        parts.push_back(addRegion(columns));
      if (k.kernel.getOutputs().size() > 1)
        addMean(parts, spans);
    });
  }

private:
  int64_t width;
  unsigned rowAxis = 0, planeAxis = 0, imageAxis = 0;
  const Var c{"c"}, x{"x"}, y{"y"}, b{"b"}, n{"n"};

  Dims regionOf(plan::MapType map, const Span &columns) const {
    return {{k.lanes, 1},
            {columns.extent(), map.getBlock(), columns.first},
            {std::min(config.taskRows, map.h()), map.rowStride(), 0, static_cast<int>(rowAxis),
             config.taskRows, config.taskRows < map.h()},
            {1, map.planeStride(), 0, static_cast<int>(planeAxis)},
            {1, map.imageStride(), 0, static_cast<int>(imageAxis)}};
  }

  /// The mean of a plane into the second output (fuse-global-pool): a task is a whole plane then.
  void addMean(ArrayRef<Func> parts, ArrayRef<Span> spans) {
    plan::MapType map = k.outputMap(1);
    Func mean = k.func("mean");
    Expr total = 0.0f;
    std::vector<PlaneSum> sums;
    for (auto [part, columns] : llvm::zip_equal(parts, spans)) {
      int first = static_cast<int>(columns.first);
      sums.emplace_back(
          k, [&, &part = part](Expr x, Expr y) { return part(c, x + first, y, b, n); },
          std::vector<Var>{c, b, n}, columns.extent(), shape.out.h());
      total += sums.back().total(c, b, n);
    }
    mean(c, x, y, b, n) = total * (1.0f / static_cast<float>(shape.out.h() * shape.out.w()));
    k.output(1, mean,
             {{k.lanes, 1},
              {1, map.getBlock()},
              {1, map.rowStride()},
              {1, map.planeStride(), 0, static_cast<int>(planeAxis)},
              {1, map.imageStride(), 0, static_cast<int>(imageAxis)}},
             map.origin());
    mean.vectorize(c);
    for (PlaneSum &sum : sums)
      sum.schedule(mean, b);
  }

  Func addRegion(const Span &columns) {
    // The algorithm.
    int lanes = static_cast<int>(k.lanes);
    ImageParam in = k.inputBox(0);
    int64_t taps = shape.kh * shape.kw;
    ImageParam w = filter({{k.lanes, 1},
                           {width, k.lanes},
                           {shape.kw, width * k.lanes},
                           {shape.kh, shape.kw * width * k.lanes},
                           {shape.out.channelBlocks(), taps * width * k.lanes}});
    Func sum = k.func("sum"), out = k.func("out");
    Expr start = 0.0f;
    if (shape.hasBias)
      start = k.weights(1, {{k.lanes, 1}, {shape.out.channelBlocks(), k.lanes}})(c, b);
    sum(c, x, y, b, n) = start;
    RDom r = k.domain("r", {width, shape.kw, shape.kh});
    Expr lane = width == 1 ? Expr(c) : c / int(width) * int(width) + r[0];
    sum(c, x, y, b, n) += w(c, r[0], r[1], r[2], b) * in(lane, column(x, r[1]), row(y, r[2]), b, n);
    Expr value = sum(c, x, y, b, n);
    if (shape.residual)
      value +=
          k.input(1, regionOf(shape.residual, columns), shape.residual.origin())(c, x, y, b, n);
    bool activatesLater = isLongChain(k.params.act());
    Func tile = k.func("tile");
    if (activatesLater) {
      tile(c, x, y, b, n) = value;
      value = tile(c, x, y, b, n);
    }
    out(c, x, y, b, n) = activate(k.params.act(), value);
    k.output(0, out, regionOf(shape.out, columns), shape.out.origin());

    // The schedule: as many pixels of a row as there are registers for.
    Var xi("xi");
    out.split(x, x, xi, int(columns.width), Halide::TailStrategy::RoundUp)
        .reorder(c, xi, x, y, b, n)
        .vectorize(c, lanes, Halide::TailStrategy::RoundUp);
    if (activatesLater) {
      tile.compute_at(out, x).store_in(Halide::MemoryType::Stack);
      tile.reorder(c, x).vectorize(c).unroll(x);
    } else {
      out.unroll(xi);
    }
    sum.compute_at(out, x).store_in(Halide::MemoryType::Stack);
    sum.reorder(c, x).vectorize(c).unroll(x);
    sum.update().reorder(c, x, r[0], r[1], r[2]).vectorize(c).unroll(x).unroll(r[0]).unroll(r[1]);
    return out;
  }
};

} // namespace

int64_t halide::equalChunks(int64_t channels, int64_t block, int64_t most) {
  int64_t blocks = channels / block, chunk = most;
  if (channels % block || chunk >= blocks)
    return 1;
  while (blocks % chunk)
    --chunk;
  return 2 * chunk > most ? blocks / chunk : 1;
}

void halide::emitConv2d(HalideKernel &k) {
  ConvConfig config = ConvConfig::fromAttr(*k.kernel.getConfig());
  if (config.algorithm == ConvAlgorithm::winograd)
    return emitWinograd(k);
  if (config.algorithm == ConvAlgorithm::lanes)
    return LaneConv(k).emit();
  DirectConv(k).emit();
}
