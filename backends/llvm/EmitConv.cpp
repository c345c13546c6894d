// Direct convolution on blocked channels, with bias, residual and activation applied in registers.
#include "backends/llvm/Emitters.h"
#include "backends/llvm/MicroKernel.h"
#include "ir/ConvPlan.h"

using namespace mlir;
using namespace incc;

/// The packed filter: weights, or what a kernel packed while the network runs.
static Value filterOf(KernelBuilder &b) {
  return b.kernel.getWeights().empty() ? b.input(1) : b.weights(0);
}

namespace {

/// Output blocks are taken in tiles of `config.tileBlocks`; each group may end in a narrower one.
struct DirectConv {
  DirectConv(KernelBuilder &b)
      : b(b), shape(b.kernel), config(ConvConfig::fromAttr(*b.kernel.getConfig())),
        act(KernelParams(b.kernel).act()) {
    groups = packedGroups(shape, config.algorithm);
    blocksPerGroup = ceilDiv(shape.out.c() / groups, b.lanes);
    tilesPerGroup = ceilDiv(blocksPerGroup, config.tileBlocks);
    stepsPerOutput = shape.in.c() / groups * shape.kh * shape.kw;
    filter = shape.scale ? b.scratch() : filterOf(b);
    // The next weights are multiplied before they are used.
    config.prefetchWeights &= !shape.scale;
  }

  KernelBuilder &b;
  ConvShape shape;
  ConvConfig config;
  std::optional<cnn::ActivationAttr> act;
  int64_t groups, blocksPerGroup, tilesPerGroup, stepsPerOutput;
  /// What the weights are read from.
  Value filter;

  int64_t inPixel() const { return shape.strideW * shape.in.getBlock(); }
  int64_t inRow() const { return shape.strideH * shape.in.rowStride(); }

  int64_t inBlocks() const { return ceilDiv(shape.in.c() / groups, shape.in.getBlock()); }

  /// The reduction over the channels of a chunk and the taps. Packed weights come in this order.
  void addReduction(MicroKernel &kernel, const Chunk &chunk) const {
    int64_t block = shape.in.getBlock(), channels = shape.in.c() / groups;
    int64_t tapRow = shape.dilationH * shape.in.rowStride(), tapColumn = shape.dilationW * block;
    int64_t plane = shape.in.planeStride();
    if (block == 1) {
      // Planar: a plane per channel. Taps of a column are unrolled, not those of a row: there
      // neighbouring pixels share inputs, which LLVM would keep in registers that it does not have.
      kernel.parts.push_back(
          {{{chunk.count, plane}, {shape.kw, tapColumn}}, {shape.kh, tapRow}, 0});
      return;
    }
    bool hasPartial = chunk.isLast && channels % block;
    int64_t whole = chunk.count - hasPartial;
    if (shape.kh == 1 && shape.kw == 1)
      kernel.parts.push_back({{{whole, plane}}, {block, 1}, 0});
    else
      kernel.parts.push_back(
          {{{whole, plane}, {shape.kh, tapRow}, {shape.kw, tapColumn}}, {block, 1}, 0});
    if (hasPartial)
      kernel.parts.push_back({{{shape.kh, tapRow}, {shape.kw, tapColumn}},
                              {channels % block, 1},
                              whole * plane});
  }

  struct Place {
    Index n, block, row, column; // of the output; `block` counts over all groups
    Index input, weights;        // offsets in floats
    Index tile;                  // counts the tiles that the task computes with these weights
  };

  /// Tiles that a task computes with the weights of a chunk, at most.
  int64_t tilesPerTask() const {
    return shape.isFlat() ? ceilDiv(std::min(shape.columns(), config.taskRows), config.tileColumns)
                          : ceilDiv(shape.out.w(), config.tileColumns) *
                                ceilDiv(std::min(shape.out.h(), config.taskRows), config.tileRows);
  }

  /// While a task computes with the weights of one chunk it fetches those of the next, which
  /// follow them in memory, a part with each tile.
  void streamNextWeights(MicroKernel &kernel, const Place &place) {
    int64_t chunkLines = ceilDiv(kernel.numSteps() * kernel.numBlocks * b.lanes, kLineFloats);
    kernel.streamLines(b, filter, b.add(place.weights, chunkLines * kLineFloats), chunkLines,
                       place.tile, tilesPerTask());
  }

  /// A 1x1 convolution touches each channel plane for a few pixels at a time: more streams than
  /// hardware prefetchers follow. Ask for the next tile's pixels.
  void streamNextInput(MicroKernel &kernel, int64_t columns) {
    int64_t first = columns * inPixel(), end = 2 * columns * inPixel();
    for (int64_t at = first; at < end; at += std::max(kLineFloats, inPixel()))
      kernel.inputAhead.push_back(at);
  }

  /// Computes a tile of `rows` x `columns` pixels and `blocks` output blocks.
  void tile(const Place &place, const Chunk &chunk, int64_t rows, int64_t columns,
            int64_t blocks) {
    MicroKernel kernel;
    for (int64_t r = 0; r < rows; ++r)
      for (int64_t c = 0; c < columns; ++c)
        kernel.pixelOffsets.push_back(r * inRow() + c * inPixel());
    kernel.numBlocks = blocks;
    addReduction(kernel, chunk);
    if (config.prefetchWeights)
      streamNextWeights(kernel, place);
    if (config.prefetchInput)
      streamNextInput(kernel, columns);

    auto offset = [&](plan::MapType map, Index origin, int64_t r, int64_t c, int64_t j) {
      return b.add(origin, r * map.rowStride() + c * map.getBlock() + j * map.planeStride());
    };
    auto forEach = [&](llvm::function_ref<void(int64_t r, int64_t c, int64_t j)> body) {
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t c = 0; c < columns; ++c)
          for (int64_t j = 0; j < blocks; ++j)
            body(r, c, j);
    };
    Index outAt = b.at(shape.out, place.n, place.block, place.row, place.column);
    KernelBuilder::Values acc, bias;
    if (chunk.isFirst)
      for (int64_t j = 0; j < blocks; ++j)
        bias.push_back(shape.hasBias
                           ? b.loadVector(b.weights(1), b.mul(b.add(place.block, j), b.lanes))
                           : b.splat(0));
    forEach([&](int64_t r, int64_t c, int64_t j) {
      acc.push_back(chunk.isFirst
                        ? bias[j]
                        : b.loadVector(b.output(0), offset(shape.out, outAt, r, c, j)));
    });
    acc = kernel.emit(b, b.input(0), place.input, filter, place.weights, acc);

    Index residualAt = 0;
    if (shape.residual)
      residualAt = b.at(shape.residual, place.n, place.block, place.row, place.column);
    auto accOf = [&](int64_t r, int64_t c, int64_t j) -> Value & {
      return acc[(r * columns + c) * blocks + j];
    };
    if (chunk.isLast && shape.residual)
      forEach([&](int64_t r, int64_t c, int64_t j) {
        Value residual = b.loadVector(b.input(1), offset(shape.residual, residualAt, r, c, j));
        accOf(r, c, j) = b.addf(accOf(r, c, j), residual);
      });
    bool activatesLater = isLongChain(act);
    forEach([&](int64_t r, int64_t c, int64_t j) {
      Value &x = accOf(r, c, j);
      b.storeVector(chunk.isLast && !activatesLater ? b.activate(act, x) : x, b.output(0),
                    offset(shape.out, outAt, r, c, j));
    });
    if (chunk.isLast && activatesLater)
      b.loop(0, blocks, 1, [&](Index j) {
        Index block = b.add(outAt, b.mul(j, shape.out.planeStride()));
        for (int64_t r = 0; r < rows; ++r)
          b.activateInMemory(act, b.output(0), b.add(block, r * shape.out.rowStride()), columns);
      });
  }

  /// Columns [begin, end) of `rows` rows, in tiles of near-equal width.
  void row(const Place &place, const Chunk &chunk, int64_t rows, int64_t blocks,
           int64_t total) {
    EqualTiles split(total, config.tileColumns);
    auto tiles = [&](int64_t first, int64_t before, int64_t count, int64_t width) {
      b.loop(0, count, 1, [&](Index i) {
        Place at = place;
        at.tile = b.sum(place.tile, i, Index(before));
        Index x = b.add(b.mul(i, width), first);
        at.column = b.add(place.column, x);
        at.input = b.add(place.input, b.mul(x, inPixel()));
        tile(at, chunk, rows, width, blocks);
      });
    };
    tiles(0, 0, split.numWide, split.wide);
    tiles(split.numWide * split.wide, split.numWide, split.count - split.numWide, split.wide - 1);
  }

  /// The weights of a panel, each times the factor of its input channel of image `n`, into scratch
  /// memory. Only 1x1 convolutions without groups have such factors.
  void scaleWeights(Index n, Index from, int64_t blocks) {
    plan::MapType scale = shape.scale;
    Index image = scale.n() == 1 ? Index(0) : b.mul(n, scale.imageStride());
    b.loop(0, shape.in.c(), 1, [&](Index c) {
      // The factors of one pixel follow each other, in whatever blocks.
      Value factor = b.loadBroadcast(b.input(b.kernel.getInputs().size() - 1), b.add(image, c));
      for (int64_t j = 0; j < blocks; ++j) {
        Index at = b.add(b.mul(c, blocks * b.lanes), j * b.lanes);
        b.storeVector(b.mulf(b.loadVector(b.weights(0), b.add(from, at)), factor), filter, at);
      }
    });
  }

  /// Output blocks of tile `g` of its group, `blocks` wide, for rows [y0, y1) of image `n`.
  void panel(Index n, Index group, Index g, int64_t blocks, Index y0, Index y1) {
    Place place{n, b.add(b.mul(group, blocksPerGroup), b.mul(g, config.tileBlocks)),
                0, 0, 0, 0, 0};
    place.weights = b.mul(place.block, stepsPerOutput * b.lanes);
    if (shape.scale) {
      scaleWeights(n, place.weights, blocks);
      place.weights = 0;
    }
    // The first tap of output (0, 0) lies above and left of the image by the padding.
    int64_t corner = shape.in.origin() - shape.padTop * shape.in.rowStride() -
                     shape.padLeft * shape.in.getBlock();
    Index image = b.add(b.mul(n, shape.in.imageStride()),
                        b.mul(group, shape.in.c() / groups / shape.in.getBlock() *
                                         shape.in.planeStride()));
    image = b.add(image, corner);
    // Sums of several chunks meet in the output.
    forEachChunk(b, inBlocks(), config.chunkBlocks, [&](const Chunk &chunk) {
      Place at = place;
      int64_t block = shape.in.getBlock();
      at.weights = b.add(place.weights, b.mul(chunk.first, block * shape.kh * shape.kw * blocks * b.lanes));
      at.input = b.add(image, b.mul(chunk.first, shape.in.planeStride()));
      if (shape.isFlat())
        flatColumns(at, chunk, blocks, y0, y1);
      else
        tileRows(at, chunk, blocks, y0, y1);
    });
    b.loop(0, blocks, 1,
           [&](Index j) { b.zeroHalo(b.output(0), shape.out, n, b.add(place.block, j), y0, y1); });
  }

  /// Rows [y0, y1) in whole tiles of rows; a last one of fewer where the height is not a multiple.
  void tileRows(const Place &place, const Chunk &chunk, int64_t blocks, Index y0, Index y1) {
    int64_t tilesPerRow = ceilDiv(shape.out.w(), config.tileColumns);
    auto rowsFrom = [&](Index y, int64_t rows) {
      Place at = place;
      at.tile = b.mul(b.div(b.sub(y, y0), config.tileRows), tilesPerRow);
      at.row = y;
      at.input = b.add(place.input, b.mul(y, inRow()));
      row(at, chunk, rows, blocks, shape.out.w());
    };
    int64_t rows = config.tileRows, rest = shape.out.h() % rows;
    if (rows == 1)
      return b.loop(y0, y1, 1, [&](Index y) { rowsFrom(y, 1); });
    Index wholeEnd = b.min(y1, shape.out.h() - rest);
    b.loop(y0, wholeEnd, rows, [&](Index y) { rowsFrom(y, rows); });
    if (rest)
      b.ifThen(b.isEqual(y1, shape.out.h()), [&] { rowsFrom(shape.out.h() - rest, rest); });
  }

  /// Flat: pixels [x0, x1) of the image as one row. Tasks start at multiples of `taskRows`, itself
  /// a multiple of the tile; only the last may be shorter.
  void flatColumns(const Place &place, const Chunk &chunk, int64_t blocks, Index x0, Index x1) {
    int64_t total = shape.columns(), rest = total % config.taskRows;
    auto columns = [&](int64_t count) {
      Place at = place;
      at.column = x0;
      at.input = b.add(place.input, b.mul(x0, inPixel()));
      row(at, chunk, 1, blocks, count);
    };
    if (!rest || config.taskRows > total)
      return columns(std::min(total, config.taskRows));
    b.ifThenElse(b.isEqual(b.sub(x1, x0), config.taskRows), [&] { columns(config.taskRows); },
                 [&] { columns(rest); });
  }

  void emit() {
    int64_t extent = shape.isFlat() ? shape.columns() : shape.out.h();
    int64_t numRowTasks = ceilDiv(extent, config.taskRows);
    int64_t numTiles = groups * tilesPerGroup;
    b.forEachTask([&](Index task) {
      Index n = 0, rowTask = 0, channelTile = 0;
      if (config.rowsOutermost) {
        channelTile = b.rem(task, numTiles);
        Index rest = b.div(task, numTiles);
        rowTask = b.rem(rest, numRowTasks);
        n = b.div(rest, numRowTasks);
      } else {
        rowTask = b.rem(task, numRowTasks);
        Index rest = b.div(task, numRowTasks);
        n = b.rem(rest, shape.out.n());
        channelTile = b.div(rest, shape.out.n());
      }
      Index group = b.div(channelTile, tilesPerGroup), g = b.rem(channelTile, tilesPerGroup);
      Index y0 = b.mul(rowTask, config.taskRows);
      Index y1 = b.min(b.add(y0, config.taskRows), extent);
      int64_t lastBlocks = blocksPerGroup - (tilesPerGroup - 1) * config.tileBlocks;
      if (lastBlocks == config.tileBlocks)
        return panel(n, group, g, config.tileBlocks, y0, y1);
      if (tilesPerGroup == 1)
        return panel(n, group, g, lastBlocks, y0, y1);
      b.ifThenElse(
          b.isEqual(g, tilesPerGroup - 1), [&] { panel(n, group, g, lastBlocks, y0, y1); },
          [&] { panel(n, group, g, config.tileBlocks, y0, y1); });
    });
    b.finish();
  }
};

/// Groups narrower than a block: lane k of an output block takes the inputs of its own group, by
/// permuting the lanes of the input block; depthwise needs no permutation.
struct LaneConv {
  LaneConv(KernelBuilder &b)
      : b(b), shape(b.kernel), config(ConvConfig::fromAttr(*b.kernel.getConfig())),
        act(KernelParams(b.kernel).act()), width(shape.inChannelsPerGroup()) {}

  KernelBuilder &b;
  ConvShape shape;
  ConvConfig config;
  std::optional<cnn::ActivationAttr> act;
  int64_t width;

  /// The input's rows below those of a tile, whose first pixel is at `inAt`: the next row of
  /// outputs will be the first to read them.
  void fetchNextRows(Index inAt, int64_t columns) {
    int64_t rowsRead = (shape.kh - 1) * shape.dilationH + 1;
    for (int64_t r = rowsRead; r < rowsRead + shape.strideH; ++r)
      for (int64_t at = 0; at < columns * shape.strideW * shape.in.getBlock(); at += kLineFloats)
        b.prefetch(b.input(0), b.add(inAt, r * shape.in.rowStride() + at));
  }

  /// Pixels [x, x + columns) of one row.
  void tile(Index n, Index cb, Index y, Index x, int64_t columns) {
    plan::MapType in = shape.in, out = shape.out;
    Value bias = shape.hasBias ? b.loadVector(b.weights(1), b.mul(cb, b.lanes)) : b.splat(0);
    KernelBuilder::Values acc(columns, bias);
    int64_t corner = in.origin() - shape.padTop * in.rowStride() - shape.padLeft * in.getBlock();
    Index inAt = b.sum(b.mul(n, in.imageStride()), b.mul(cb, in.planeStride()),
                       b.mul(y, shape.strideH * in.rowStride()),
                       b.mul(x, shape.strideW * in.getBlock()), Index(corner));
    if (config.prefetchInput)
      fetchNextRows(inAt, columns);
    int64_t taps = shape.kh * shape.kw;
    Index weightsAt = b.mul(cb, taps * width * b.lanes);
    acc = b.loop(0, shape.kh, 1, acc, [&](Index i, KernelBuilder::Values values) {
      Index rowAt = b.add(inAt, b.mul(i, shape.dilationH * in.rowStride()));
      Index tapAt = b.add(weightsAt, b.mul(i, shape.kw * width * b.lanes));
      for (int64_t k = 0; k < width; ++k) {
        KernelBuilder::Values filter;
        for (int64_t j = 0; j < shape.kw; ++j)
          filter.push_back(b.loadVector(filterOf(b), b.add(tapAt, (j * width + k) * b.lanes)));
        SmallVector<int64_t> permutation;
        for (int64_t lane = 0; lane < b.lanes; ++lane)
          permutation.push_back(lane / width * width + k);
        // Each input is loaded and permuted once for all the outputs of which it is a tap.
        int64_t inputs = (columns - 1) * shape.strideW + (shape.kw - 1) * shape.dilationW + 1;
        for (int64_t q = 0; q < inputs; ++q) {
          Value v;
          for (int64_t j = 0; j < shape.kw; ++j) {
            int64_t first = q - j * shape.dilationW, p = first / shape.strideW;
            if (first < 0 || first % shape.strideW || p >= columns)
              continue;
            if (!v) {
              v = b.loadVector(b.input(0), b.add(rowAt, q * in.getBlock()));
              if (width > 1)
                v = b.shuffle(v, v, permutation);
            }
            values[p] = b.fma(v, filter[j], values[p]);
          }
        }
      }
      return values;
    });
    Index outAt = b.at(out, n, cb, y, x);
    if (shape.residual)
      for (int64_t p = 0; p < columns; ++p)
        acc[p] = b.addf(acc[p], b.loadVector(b.input(1), b.at(shape.residual, n, cb, y, b.add(x, p))));
    bool activatesLater = isLongChain(act);
    for (int64_t p = 0; p < columns; ++p)
      b.storeVector(activatesLater ? acc[p] : b.activate(act, acc[p]), b.output(0),
                    b.add(outAt, p * out.getBlock()));
  }

  void row(Index n, Index cb, Index y) {
    EqualTiles split(shape.out.w(), config.tileColumns);
    b.loop(0, split.numWide, 1, [&](Index i) { tile(n, cb, y, b.mul(i, split.wide), split.wide); });
    b.loop(0, split.count - split.numWide, 1, [&](Index i) {
      Index x = b.add(b.mul(i, split.wide - 1), split.numWide * split.wide);
      tile(n, cb, y, x, split.wide - 1);
    });
    if (isLongChain(act))
      b.activateInMemory(act, b.output(0), b.at(shape.out, n, cb, y, 0), shape.out.w());
  }

  /// A whole plane, and its mean into the second output (fuse-global-pool).
  void planeAndMean(Index n, Index cb) {
    plan::MapType out = shape.out;
    // A row is added while it is in L1; one of a plane that stays there as a whole later, when its
    // values have left the store buffer.
    bool addsLater = 4.0 * out.planeStride() <= b.target.cpu.l1Bytes;
    if (addsLater)
      b.loop(0, out.h(), 1, [&](Index y) { row(n, cb, y); });
    KernelBuilder::Values sums =
        b.loop(0, out.h(), 1, emptySums(b), [&](Index y, KernelBuilder::Values v) {
          if (!addsLater)
            row(n, cb, y);
          return addRow(b, b.output(0), out, b.at(out, n, cb, y, 0), v);
        });
    storeMean(b, out, sums, b.output(1), b.at(b.outputMap(1), n, cb, 0, 0));
  }

  void emit() {
    int64_t blocks = shape.out.channelBlocks(), height = shape.out.h();
    int64_t numRowTasks = ceilDiv(height, config.taskRows);
    b.forEachTask([&](Index task) {
      Index rowTask = b.rem(task, numRowTasks), plane = b.div(task, numRowTasks);
      Index cb = b.rem(plane, blocks), n = b.div(plane, blocks);
      Index y0 = b.mul(rowTask, config.taskRows), y1 = b.min(b.add(y0, config.taskRows), height);
      if (b.kernel.getOutputs().size() > 1)
        planeAndMean(n, cb);
      else
        b.loop(y0, y1, 1, [&](Index y) { row(n, cb, y); });
      b.zeroHalo(b.output(0), shape.out, n, cb, y0, y1);
    });
    b.finish();
  }
};

} // namespace

void incc::emitConv2d(KernelBuilder &b) {
  switch (ConvConfig::fromAttr(*b.kernel.getConfig()).algorithm) {
  case ConvAlgorithm::lanes:
    return LaneConv(b).emit();
  case ConvAlgorithm::winograd:
    return emitWinograd(b);
  case ConvAlgorithm::strassen:
    return emitStrassen(b);
  case ConvAlgorithm::direct:
  case ConvAlgorithm::expanded:
    return DirectConv(b).emit();
  }
}

/// [group][tile of blocks][channel block][kh][kw][channel in block][output in tile]; of planar inputs
/// [..][channel][kw][kh][output in tile].
static std::vector<float> packDirect(const ConvShape &shape, const ConvConfig &config,
                                     int64_t lanes, ArrayRef<float> values) {
  int64_t groups = packedGroups(shape, config.algorithm);
  int64_t outs = shape.out.c() / groups, ins = shape.in.c() / groups;
  int64_t sourceOuts = shape.outChannelsPerGroup(), sourceIns = shape.inChannelsPerGroup();
  int64_t taps = shape.kh * shape.kw, block = shape.in.getBlock();
  int64_t blocks = ceilDiv(outs, lanes);
  std::vector<float> packed(packedFilterSize(shape, config.algorithm, lanes));
  for (int64_t g = 0; g < groups; ++g)
    for (int64_t o = 0; o < outs; ++o) {
      int64_t firstBlock = o / lanes / config.tileBlocks * config.tileBlocks;
      int64_t width = std::min(config.tileBlocks, blocks - firstBlock) * lanes;
      float *panel = packed.data() + (g * blocks + firstBlock) * lanes * ins * taps;
      float *to = panel + (o - firstBlock * lanes);
      int64_t k = g * outs + o; // output channel of the network
      for (int64_t c = 0; c < ins; ++c) {
        // With expanded groups an input of another group has no weight: zero.
        int64_t channel = g * ins + c;
        if (channel / sourceIns != k / sourceOuts)
          continue;
        const float *from = values.data() + (k * sourceIns + channel % sourceIns) * taps;
        int64_t whole = c / block * block, inBlock = std::min(block, ins - whole);
        for (int64_t tap = 0; tap < taps; ++tap) {
          int64_t place = block == 1 ? tap % shape.kw * shape.kh + tap / shape.kw : tap;
          to[(whole * taps + place * inBlock + c % block) * width] = from[tap];
        }
      }
    }
  return packed;
}

/// [block][kh][kw][input in group][lane]
static std::vector<float> packLanes(const ConvShape &shape, int64_t lanes,
                                    ArrayRef<float> values) {
  int64_t taps = shape.kh * shape.kw, width = shape.inChannelsPerGroup();
  std::vector<float> packed(packedFilterSize(shape, ConvAlgorithm::lanes, lanes));
  for (int64_t k = 0; k < shape.out.c(); ++k)
    for (int64_t c = 0; c < width; ++c)
      for (int64_t tap = 0; tap < taps; ++tap)
        packed[((k / lanes * taps + tap) * width + c) * lanes + k % lanes] =
            values[(k * width + c) * taps + tap];
  return packed;
}

std::vector<float> incc::packConv2d(plan::KernelOp kernel, const Target &target, unsigned index,
                                    ArrayRef<float> values) {
  if (index > 0)
    return packChannels(kernel, target, index, values);
  ConvShape shape(kernel);
  ConvConfig config = ConvConfig::fromAttr(*kernel.getConfig());
  if (config.algorithm == ConvAlgorithm::lanes)
    return packLanes(shape, target.isa.lanes, values);
  if (config.algorithm == ConvAlgorithm::winograd)
    return packWinograd(shape, config, target.isa.lanes, values);
  if (config.algorithm == ConvAlgorithm::strassen)
    return packStrassen(shape, config, target.isa.lanes, values);
  return packDirect(shape, config, target.isa.lanes, values);
}

std::vector<float> incc::packChannels(plan::KernelOp kernel, const Target &target, unsigned index,
                                      ArrayRef<float> values) {
  std::vector<float> packed(values.begin(), values.end());
  packed.resize(ceilDiv(values.size(), target.isa.lanes) * target.isa.lanes);
  return packed;
}
