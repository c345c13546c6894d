// Convolution as a product of matrices (implicit GEMM): filters x (channels and taps) times
// (channels and taps) x pixels. Both come to shared memory by copies in the background, the pixels
// gathered from where the taps fall, zeros for the padding; sums stay in registers until bias,
// residual and activation are applied and they are stored. Threads multiply by themselves, or warps
// on tensor cores.
#include "backends/gpu/Emitters.h"
#include "backends/gpu/TensorCores.h"
#include "backends/llvm/KernelBuilder.h"

using namespace mlir;
using namespace incc;

/// Floats of the widest load.
static constexpr int64_t kFour = 4;

namespace {

/// How a block's threads share its tile. Where they multiply by themselves, a warp is 4 rows (of
/// channels) x 8 columns (of pixels) of threads: each load of four floats from shared memory then
/// touches 64 or 128 bytes. A thread's part of the tile is in groups of 4 x 4, which lie apart, so
/// that neighbours load neighbours.
struct GemmConv {
  GemmConv(GpuBuilder &b, const ConvShape &shape, const GpuConvConfig &config)
      : b(b), shape(shape), config(config), tiles(shape, config), params(b.kernel),
        channelGroups(config.threadChannels / kFour), pixelGroups(config.threadPixels / kFour) {
    thread = b.thread();
    if (config.usesTensorCores())
      tensorTile.emplace(b, config, thread);
    findPlace();
    // Blocks that follow each other share pixels.
    Index rest = b.block();
    split = b.rem(rest, config.splits);
    rest = b.div(rest, config.splits);
    firstChannel = b.mul(b.rem(rest, tiles.channelTiles), config.tileChannels);
    filterTile = b.rem(rest, tiles.channelTiles);
    rest = b.div(rest, tiles.channelTiles);
    firstPixel = b.mul(b.rem(rest, tiles.pixelTiles), config.tilePixels);
    group = b.div(rest, tiles.pixelTiles);
    filterTile = b.add(b.mul(group, tiles.channelTiles), filterTile);
  }

  GpuBuilder &b;
  const ConvShape &shape;
  const GpuConvConfig &config;
  GpuConvTiles tiles;
  KernelParams params;
  /// Groups of four channels and pixels of a thread.
  int64_t channelGroups, pixelGroups;
  Index thread = 0, myChannel = 0, myPixel = 0;
  std::optional<TensorTile> tensorTile;
  Index split = 0, group = 0, filterTile = 0, firstChannel = 0, firstPixel = 0;

  /// From a thread's first channel to another, and from its first group of four pixels.
  int64_t channelOffset(int64_t i) const {
    return tensorTile ? TensorTile::channelOffset(i)
                      : i / kFour * (config.tileChannels / channelGroups) + i % kFour;
  }
  int64_t pixelOffset(int64_t group) const {
    return tensorTile ? TensorTile::pixelOffset(group)
                      : group * (config.tilePixels / pixelGroups);
  }

  /// The pixel that a thread copies, in all rows that it copies of.
  struct Source {
    /// Column of the tile, first row.
    Index column = 0, row = 0;
    /// Where the window begins: offset in the input (which may be negative), row and column. The
    /// offset is that of the channel of the first row where taps are outermost.
    Index base = 0, top = 0, left = 0;
    Value inMap;
    /// The rows and columns of the window that lie in the map, as the table's entries have them.
    Index taps = 0;
  } source;

  /// True if a row of pixels is a row of the input, with nothing between the images but other
  /// channels: four of them are copied at once. For tensor cores they do not stay together.
  bool copiesFour() const {
    return !tensorTile && shape.kh == 1 && shape.kw == 1 && shape.strideH == 1 &&
           shape.strideW == 1 && shape.padTop == 0 && shape.padLeft == 0 &&
           shape.in.h() == shape.out.h() && shape.in.w() == shape.out.w() &&
           tiles.pixelsPerImage % kFour == 0;
  }
  int64_t pixelsPerCopy() const { return copiesFour() ? kFour : 1; }
  int64_t columnsOfCopies() const { return config.tilePixels / pixelsPerCopy(); }
  int64_t rowsPerRound() const { return config.threads() / columnsOfCopies(); }

  /// Copies one float or four of the input, `further` floats from `from`, or zeros where `valid` is
  /// given and false.
  using CopyRow = function_ref<void(int64_t round, Index from, int64_t further, Value valid)>;

  void findPlace();
  Value both(Value a, Value b) { return a ? this->b.logicalAnd(a, b) : b; }
  void findSource();
  Index findTaps();
  Value isTapInside(Index rows, Index columns);
  void copyFilter(Index step, Index stage);
  void copyPixels(Index step, Index stage);
  void copyPixelsOfTap(Index step, CopyRow copy);
  void copyPixelsByTable(Index step, CopyRow copy);
  void forEachRound(function_ref<void(int64_t round, Index row)> body);
  GpuBuilder::Values multiply(Index stage, GpuBuilder::Values sums);
  GpuBuilder::Values reduce();
  void store(const GpuBuilder::Values &sums);
  void storeGroup(const GpuBuilder::Values &sums, int64_t pixelGroup, int64_t element);
  void emit();
};

/// The thread's first channel and pixel in the tile.
void GemmConv::findPlace() {
  if (tensorTile) {
    myChannel = tensorTile->firstChannel();
    myPixel = tensorTile->firstPixel();
    return;
  }
  constexpr int64_t kWarpRows = 4, kWarpColumns = 8;
  int64_t warpsAcross = config.tilePixels / config.threadPixels / kWarpColumns;
  Index lane = b.rem(thread, kWarpThreads), warp = b.div(thread, kWarpThreads);
  Index row = b.add(b.mul(b.div(warp, warpsAcross), kWarpRows), b.div(lane, kWarpColumns));
  Index column = b.add(b.mul(b.rem(warp, warpsAcross), kWarpColumns), b.rem(lane, kWarpColumns));
  myChannel = b.mul(row, kFour);
  myPixel = b.mul(column, kFour);
}

void GemmConv::findSource() {
  source.column = b.mul(b.rem(thread, columnsOfCopies()), pixelsPerCopy());
  source.row = b.div(thread, columnsOfCopies());
  Index pixel = b.add(firstPixel, source.column);
  if (tiles.pixels % config.tilePixels)
    source.inMap = b.isBelow(pixel, tiles.pixels);
  Index n = b.div(pixel, tiles.pixelsPerImage), inImage = b.rem(pixel, tiles.pixelsPerImage);
  Index y = b.div(inImage, shape.out.w()), x = b.rem(inImage, shape.out.w());
  source.top = b.sub(b.mul(y, shape.strideH), shape.padTop);
  source.left = b.sub(b.mul(x, shape.strideW), shape.padLeft);
  Index channel = b.mul(group, tiles.inChannels);
  if (tiles.tapsOutermost)
    channel = b.add(channel, source.row);
  source.base = b.at(shape.in, n, channel, source.top, source.left);
  if (!tiles.tapsOutermost)
    source.taps = findTaps();
}

/// The bits of a tap of the window, which keep it from being a denormal or a NaN where it goes as a
/// float; of none.
static int32_t tapBits(const ConvShape &shape, int64_t row, int64_t column) {
  return kTableBits | 1 << row | 1 << (shape.kh + column);
}
static constexpr int32_t kNoTap = kTableBits | 1 << kMostTableTaps;

/// The bits of all taps that lie in the map.
Index GemmConv::findTaps() {
  Index taps = kTableBits;
  auto add = [&](int64_t count, int64_t firstBit, Index first, int64_t dilation, int64_t extent) {
    for (int64_t i = 0; i < count; ++i)
      taps = b.add(taps, b.select(b.isBelow(b.add(first, i * dilation), extent),
                                  Index(int64_t(1) << (firstBit + i)), Index(0)));
  };
  add(shape.kh, 0, source.top, shape.dilationH, shape.in.h());
  add(shape.kw, shape.kh, source.left, shape.dilationW, shape.in.w());
  return source.inMap ? b.select(source.inMap, taps, Index(0)) : taps;
}

/// Whether a tap, so many rows and columns from where the source's window begins, lies in the
/// input; null if all taps do.
Value GemmConv::isTapInside(Index rows, Index columns) {
  auto isWithin = [](int64_t pad, int64_t outputs, int64_t stride, int64_t taps, int64_t dilation,
                     int64_t extent) {
    return pad == 0 && (outputs - 1) * stride + (taps - 1) * dilation < extent;
  };
  Value inside = source.inMap;
  auto also = [&](Value condition) {
    inside = inside ? b.logicalAnd(inside, condition) : condition;
  };
  if (!isWithin(shape.padTop, shape.out.h(), shape.strideH, shape.kh, shape.dilationH,
                shape.in.h()))
    also(b.isBelow(b.add(source.top, rows), shape.in.h()));
  if (!isWithin(shape.padLeft, shape.out.w(), shape.strideW, shape.kw, shape.dilationW,
                shape.in.w()))
    also(b.isBelow(b.add(source.left, columns), shape.in.w()));
  return inside;
}

/// Rows of the packed filter follow each other: a step's are copied as they lie.
void GemmConv::copyFilter(Index step, Index stage) {
  int64_t floats = config.filterStageFloats(), threads = config.threads();
  Index tile = b.mul(filterTile, tiles.steps * floats);
  Index from = b.add(tile, b.add(b.mul(step, floats), b.mul(thread, kFour)));
  Index to = b.add(stage, b.mul(thread, kFour));
  for (int64_t at = 0; at < floats; at += threads * kFour) {
    auto copy = [&] { b.copyToShared(b.weights(0), from, at, b.shared(), to, at, kFour); };
    if (at + threads * kFour <= floats)
      copy();
    else
      b.ifThen(b.isBelow(thread, (floats - at) / kFour), copy);
  }
}

/// The rows of a step that a thread copies of: `round` counts them.
void GemmConv::forEachRound(function_ref<void(int64_t round, Index row)> body) {
  for (int64_t round = 0; round < ceilDiv(config.depth, rowsPerRound()); ++round) {
    Index row = b.add(source.row, round * rowsPerRound());
    if ((round + 1) * rowsPerRound() <= config.depth)
      body(round, row);
    else
      b.ifThen(b.isBelow(row, config.depth), [&] { body(round, row); });
  }
}

/// A step has one tap, in some of the channels.
void GemmConv::copyPixelsOfTap(Index step, CopyRow copy) {
  Index tap = b.div(step, tiles.stepsPerTap);
  Index rows = b.mul(b.div(tap, shape.kw), shape.dilationH);
  Index columns = b.mul(b.rem(tap, shape.kw), shape.dilationW);
  Index channel = b.mul(b.rem(step, tiles.stepsPerTap), config.depth);
  Value inside = isTapInside(rows, columns);
  // Rows lie constants apart, which become part of the instructions.
  Index from = b.sum(source.base, b.mul(rows, shape.in.rowStride()), columns,
                     b.mul(channel, shape.in.planeStride()));
  forEachRound([&](int64_t round, Index row) {
    Value valid = inside;
    if (tiles.inChannels % config.depth)
      valid = both(inside, b.isBelow(b.add(channel, row), tiles.inChannels));
    copy(round, from, round * rowsPerRound() * shape.in.planeStride(), valid);
  });
}

/// Each row of a step has a channel and tap of its own.
void GemmConv::copyPixelsByTable(Index step, CopyRow copy) {
  forEachRound([&](int64_t round, Index row) {
    Index entry = b.mul(b.add(b.mul(step, config.depth), row), 2);
    Value found = b.loadTwo(b.weights(0), entry, tiles.filterFloats);
    Index offset = KernelBuilder::tableIndex(b, b.extract(found, 0));
    Value valid = b.hasBits(source.taps, b.bitsOf(b.extract(found, 1)));
    copy(round, b.add(source.base, offset), 0, valid);
  });
}

void GemmConv::copyPixels(Index step, Index stage) {
  // A thread's first row is less than rowsPerRound, which divides 4 where pairs of rows alternate.
  Index to = tensorTile ? b.sum(stage, b.mul(source.row, TensorTile::pixelRowStride(config)),
                                b.mul(source.column, TensorTile::kRowsOfPair))
                        : b.sum(stage, b.mul(source.row, config.pixelRowFloats()), source.column);
  auto copy = [&](int64_t round, Index from, int64_t further, Value valid) {
    int64_t row = round * rowsPerRound();
    int64_t toFurther = tensorTile ? TensorTile::pixelPlace(config, row)
                                   : config.filterStageFloats() + row * config.pixelRowFloats();
    b.copyToShared(b.input(0), from, further, b.shared(), to, toFurther, pixelsPerCopy(), valid);
  };
  if (tiles.tapsOutermost)
    copyPixelsOfTap(step, copy);
  else
    copyPixelsByTable(step, copy);
}

/// `stage` is where a stage begins in shared memory.
/// sums[channel][group of pixels] += filter[row][channel] * pixels[row][group]
GpuBuilder::Values GemmConv::multiply(Index stage, GpuBuilder::Values sums) {
  if (tensorTile)
    return tensorTile->multiply(stage, sums);
  Index channelsAt = b.add(stage, myChannel), pixelsAt = b.add(stage, myPixel);
  for (int64_t row = 0; row < config.depth; ++row) {
    GpuBuilder::Values channels, pixels;
    for (int64_t g = 0; g < channelGroups; ++g)
      channels.push_back(
          b.loadFour(b.shared(), channelsAt,
                     row * config.tileChannels + g * (config.tileChannels / channelGroups)));
    for (int64_t g = 0; g < pixelGroups; ++g)
      pixels.push_back(b.loadFour(b.shared(), pixelsAt,
                                  config.depth * config.tileChannels + row * config.tilePixels +
                                      g * (config.tilePixels / pixelGroups)));
    for (int64_t i = 0; i < config.threadChannels; ++i) {
      Value channel = b.splat(b.extract(channels[i / kFour], i % kFour));
      for (int64_t g = 0; g < pixelGroups; ++g) {
        Value &sum = sums[i * pixelGroups + g];
        sum = b.fma(channel, pixels[g], sum);
      }
    }
  }
  return sums;
}

/// All but one of the stages are being filled while one is computed with. The barrier does double
/// duty: what was waited for is complete for all threads, and none still reads the stage that is
/// filled next.
GpuBuilder::Values GemmConv::reduce() {
  Index begin = 0, count = tiles.steps;
  if (config.splits > 1) {
    int64_t most = ceilDiv(tiles.steps, config.splits);
    begin = b.mul(split, most);
    count = b.sub(b.min(b.add(begin, most), tiles.steps), begin);
  }
  int64_t ahead = config.stages - 1;
  int64_t stageFloats = config.stageFloats(), lastStage = ahead * stageFloats;
  auto fill = [&](Index i, Index stage) {
    Index step = b.add(begin, i);
    copyFilter(step, stage);
    copyPixels(step, stage);
  };
  auto fillIfAny = [&](Index i, Index stage) {
    b.ifThen(b.isLess(i, count), [&] { fill(i, stage); });
  };
  for (int64_t i = 0; i < ahead; ++i) {
    if (config.splits == 1 && i < tiles.steps)
      fill(i, i * stageFloats);
    else
      fillIfAny(i, i * stageFloats);
    b.commitCopies();
  }
  GpuBuilder::Values zeros(config.threadChannels * pixelGroups, b.zeros(/*four=*/true));
  if (tensorTile)
    zeros = tensorTile->zeros();
  // The loop carries where the stage begins that is computed with, and the one before it, which is
  // filled next: cheaper than dividing by their number.
  GpuBuilder::Values carried = zeros;
  carried.push_back(b.materialize(0));
  carried.push_back(b.materialize(lastStage));
  auto addStep = [&](Index i, GpuBuilder::Values values) {
    Index before = values.pop_back_val(), stage = values.pop_back_val();
    b.waitForCopies(ahead - 1);
    b.barrier();
    fillIfAny(b.add(i, ahead), before);
    b.commitCopies(); // a group for each step, be it empty: waiting counts groups
    values = multiply(stage, values);
    values.push_back(b.materialize(
        b.select(b.isEqual(stage, lastStage), Index(0), b.add(stage, stageFloats))));
    values.push_back(b.materialize(stage));
    return values;
  };
  GpuBuilder::Values sums = b.loop(0, count, 1, carried, addStep);
  sums.pop_back_n(2);
  return tensorTile ? tensorTile->join(sums) : sums;
}

/// Element `element` of a group of a thread's pixels in all its channels; all four if negative.
void GemmConv::storeGroup(const GpuBuilder::Values &sums, int64_t pixelGroup, int64_t element) {
  bool four = element < 0;
  Index pixel =
      b.sum(firstPixel, myPixel,
            Index(pixelOffset(pixelGroup) + std::max<int64_t>(element, 0)));
  auto storeChannels = [&] {
    Index n = b.div(pixel, tiles.pixelsPerImage), inImage = b.rem(pixel, tiles.pixelsPerImage);
    Index groupChannel = b.mul(group, tiles.outChannels);
    for (int64_t i = 0; i < config.threadChannels; ++i) {
      Index channel = b.sum(firstChannel, myChannel, Index(channelOffset(i)));
      auto storeOne = [&] {
        Index c = b.add(groupChannel, channel);
        Value x = sums[i * pixelGroups + pixelGroup];
        x = four ? x : b.extract(x, element);
        if (config.splits > 1) {
          Index row = b.add(b.mul(split, shape.out.c()), c);
          return b.store(x, b.output(0), b.add(b.mul(row, tiles.pixels), pixel));
        }
        if (shape.hasBias) {
          Value bias = b.load(b.weights(1), c);
          x = b.addf(x, four ? b.splat(bias) : bias);
        }
        auto placeIn = [&](plan::MapType map) {
          return b.sum(b.mul(n, map.imageStride()), b.mul(c, map.planeStride()), inImage);
        };
        if (shape.residual) {
          Index at = placeIn(shape.residual);
          x = b.addf(x, four ? b.loadFour(b.input(1), at) : b.load(b.input(1), at));
        }
        b.store(b.activate(params.act(), x), b.output(0), placeIn(shape.out));
      };
      if (tiles.outChannels % config.tileChannels == 0)
        storeOne();
      else
        b.ifThen(b.isBelow(channel, tiles.outChannels), storeOne);
    }
  };
  if (tiles.pixels % config.tilePixels == 0)
    storeChannels();
  else
    b.ifThen(b.isBelow(pixel, tiles.pixels), storeChannels);
}

void GemmConv::store(const GpuBuilder::Values &sums) {
  // Four pixels then are in one image, and begin at a multiple of 16 bytes.
  bool four = (config.splits > 1 ? tiles.pixels : tiles.pixelsPerImage) % kFour == 0;
  for (int64_t g = 0; g < pixelGroups; ++g)
    if (four)
      storeGroup(sums, g, -1);
    else
      for (int64_t element = 0; element < kFour; ++element)
        storeGroup(sums, g, element);
}

void GemmConv::emit() {
  findSource();
  store(reduce());
  b.finish();
}

} // namespace

void gpu::emitConv2d(GpuBuilder &b) {
  ConvShape shape = gpuConvShape(b.kernel);
  GpuConvConfig config = GpuConvConfig::fromAttr(*b.kernel.getConfig());
  if (config.algorithm == GpuConvAlgorithm::direct)
    return emitDirectConv(b, shape, config);
  GemmConv(b, shape, config).emit();
}

/// Where each row of the inner dimension lies in the input, seen from where a window begins, and
/// its tap: channels outermost.
static void writeTable(const ConvShape &shape, const GpuConvTiles &tiles,
                       MutableArrayRef<float> table) {
  for (size_t row = 0; row < table.size() / 2; ++row) {
    auto c = static_cast<int64_t>(row) / tiles.taps, tap = static_cast<int64_t>(row) % tiles.taps;
    int64_t down = tap / shape.kw, across = tap % shape.kw;
    bool exists = c < tiles.inChannels;
    table[2 * row] = KernelBuilder::tableEntry(
        exists ? c * shape.in.planeStride() + down * shape.dilationH * shape.in.rowStride() +
                     across * shape.dilationW
               : 0);
    table[2 * row + 1] = llvm::bit_cast<float>(exists ? tapBits(shape, down, across) : kNoTap);
  }
}

/// As GpuConvTiles::filterFloats has it, zeros beyond the channels.
std::vector<float> gpu::packConv2d(plan::KernelOp kernel, unsigned index, ArrayRef<float> values) {
  if (index > 0)
    return values.vec();
  ConvShape shape = gpuConvShape(kernel);
  GpuConvConfig config = GpuConvConfig::fromAttr(*kernel.getConfig());
  GpuConvTiles tiles(shape, config);
  std::vector<float> transformed;
  if (config.winogradOutputs) {
    transformed = transformFilters(tiles.outChannels, tiles.inChannels, config.winogradOutputs,
                                   values);
    values = transformed;
  }
  bool isGemm = config.algorithm == GpuConvAlgorithm::gemm;
  int64_t width = config.tileChannels;
  int64_t rows = isGemm ? tiles.steps * config.depth : tiles.inChannels * tiles.taps;
  std::vector<float> packed(tiles.filterFloats + tiles.tableFloats);
  writeTable(shape, tiles, MutableArrayRef(packed).drop_front(tiles.filterFloats));
  for (int64_t k = 0; k < shape.out.c(); ++k) {
    int64_t group = k / tiles.outChannels, channel = k % tiles.outChannels;
    int64_t tile = group * tiles.channelTiles + channel / width;
    float *to = packed.data() + tile * rows * width * config.filterParts();
    for (int64_t c = 0; c < tiles.inChannels; ++c)
      for (int64_t tap = 0; tap < tiles.taps; ++tap) {
        int64_t row = isGemm && tiles.tapsOutermost ? tap * tiles.stepsPerTap * config.depth + c
                                                    : c * tiles.taps + tap;
        float value = values[(k * tiles.inChannels + c) * tiles.taps + tap];
        if (!config.usesTensorCores())
          to[row * width + channel % width] = value;
        else
          for (int64_t part = 0; part < config.filterParts(); ++part) {
            float rounded = TensorTile::round(value);
            to[TensorTile::filterPlace(config, row, channel % width, part)] = rounded;
            value -= rounded;
          }
      }
  }
  return packed;
}
