// How a GPU computes a convolution: tiles of a product of matrices, on tensor cores or not, or a
// direct one, or several kernels.
//
//   plan.kernel "cnn.conv2d"(%x) weights(%w, %b) into(%y)
//     ->  plan.kernel ... config {algorithm = "gemm", tile, ...} tasks <blocks>
//     or, where its window is the whole map,
//     ->  plan.kernel "cnn.linear"(%x) weights(%w, %b) into(%y)
//     or, where the tiles of a small map would leave most of the GPU idle,
//     ->  plan.kernel "cnn.conv2d"(%x) weights(%w) into(%sums) config {splits, ...}
//         plan.kernel "plan.sum_splits"(%sums) weights(%b) into(%y)
//     or, for a 3x3 window of stride 1 where fewer products are worth two kernels more,
//     ->  plan.kernel "plan.winograd_input"(%x) into(%v)
//         plan.kernel "cnn.conv2d"(%v) weights(%w) into(%m) config {winograd_outputs, ...}
//         plan.kernel "plan.winograd_output"(%m) weights(%b) into(%y)
//
// Tiles come from a short list; the model counts waves of blocks over the multiprocessors.
#include "passes/GpuChoices.h"

using namespace mlir;
using namespace incc;

namespace {
/// A tile that the emitter's arrangement of threads allows: 4 x 8 threads to a warp.
struct ConvTile {
  int64_t channels, pixels, threadChannels, threadPixels, depth, stages;
  /// Share of the multiply-adds among the instructions of the main loop, as ptxas makes it.
  double efficiency;
};

struct ConvChoice {
  GpuConvConfig config;
  double cycles = std::numeric_limits<double>::infinity();
};
} // namespace

// Deeper stages where a block has few threads, or little to compute between two barriers.
static constexpr ConvTile kTiles[] = {
    // channels, pixels, of a thread, depth, stages, multiply-adds
    {128, 128, 8, 8, 8, 2, 0.86}, {128, 64, 8, 8, 8, 3, 0.86}, {64, 128, 8, 8, 8, 3, 0.86},
    {64, 64, 8, 8, 8, 3, 0.85},   {64, 64, 8, 4, 16, 3, 0.83}, {128, 32, 8, 4, 16, 3, 0.81},
    {32, 128, 8, 4, 16, 3, 0.81}, {32, 64, 8, 4, 16, 3, 0.81}, {32, 64, 4, 4, 16, 3, 0.75},
    {16, 128, 4, 4, 16, 3, 0.73}, {32, 64, 4, 4, 32, 3, 0.79}, {16, 128, 4, 4, 32, 3, 0.77},
    {32, 64, 4, 4, 8, 3, 0.68},
};

/// Below this many output channels a group's tile is mostly padding.
static constexpr int64_t kLeastGemmChannels = 16;

/// What a block costs before its first and after its last step: some 0.5 us, as measured by others.
static constexpr double kBlockCycles = 900;

/// Where a warp multiplies on tensor cores: its tile is threadChannels x 8 channels and
/// threadPixels x 4 pixels. Of 256 threads each has 128 registers, where two blocks are to fit: two
/// parts of each factor do not fit into them with 64 sums (the first row, which spills on sm_100).
static constexpr ConvTile kTensorTiles[] = {
    {128, 128, 8, 8, 16, 3, 0.8}, {128, 64, 8, 8, 16, 3, 0.8}, {64, 128, 8, 8, 16, 3, 0.8},
    {64, 64, 4, 8, 16, 3, 0.8},   {128, 32, 4, 8, 16, 3, 0.8}, {32, 128, 4, 8, 16, 3, 0.8},
    {64, 32, 4, 8, 16, 3, 0.8},   {32, 64, 4, 8, 16, 3, 0.8},  {16, 128, 2, 8, 16, 3, 0.8},
};

/// Multiply-adds of a multiprocessor's tensor cores in a cycle, no more than shared memory feeds
/// and four schedulers issue. An estimate that no measurement has confirmed yet.
static double tensorMultiplyAdds(const GpuConvConfig &config, const Gpu &gpu) {
  int64_t parts = config.filterParts(), products = parts == 1 ? 1 : 3;
  int64_t warpChannels = 8 * config.threadChannels, warpPixels = 4 * config.threadPixels;
  // Of a warp and eight rows of the inner dimension.
  auto count = static_cast<double>(warpChannels * warpPixels * kMmaRows);
  int64_t loads = (warpChannels * parts + warpPixels) * kMmaRows;
  // To round a number takes two, as ptxas makes it; some for copies and the loop.
  constexpr int64_t kRounding = 2, kOthers = 30;
  int64_t instructions = products * warpChannels / kMmaChannels * warpPixels / kMmaPixels +
                         loads / (kWarpThreads * 4) +
                         kRounding * parts * warpPixels * kMmaRows / kWarpThreads + kOthers;
  constexpr double kSharedFloatsPerCycle = 32, kIssuedPerCycle = 4;
  return count / std::max({static_cast<double>(products) * count / gpu.tf32FmasPerCycle,
                           static_cast<double>(loads) / kSharedFloatsPerCycle,
                           static_cast<double>(instructions) / kIssuedPerCycle});
}

static double multiplyAddsPerCycle(const GpuConvConfig &config, const Gpu &gpu) {
  return config.usesTensorCores() ? tensorMultiplyAdds(config, gpu) : gpu.fmasPerCycle;
}

static double multiplyAddsOfBlock(const GpuConvTiles &tiles, const GpuConvConfig &config) {
  int64_t rows = ceilDiv(tiles.steps, config.splits) * config.depth;
  return static_cast<double>(rows * config.tileChannels * config.tilePixels);
}

/// Cycles of the whole convolution: the blocks of the busiest multiprocessor one after another,
/// which run at full speed only where enough warps hide each other's waiting.
static double modelCycles(const ConvShape &shape, const GpuConvConfig &config, double efficiency,
                          const Gpu &gpu) {
  GpuConvTiles tiles(shape, config);
  constexpr double kFullWarps = 8;
  int64_t sharedBytes = bytesOfFloats(config.stages * config.stageFloats());
  if (sharedBytes > gpu.sharedBytesPerBlock)
    return std::numeric_limits<double>::infinity();
  constexpr int64_t kRegistersPerThread = 128;
  int64_t resident = std::max<int64_t>(
      1, std::min<int64_t>(gpu.sharedBytes / (sharedBytes + 1024),
                           gpu.registers / (kRegistersPerThread * config.threads())));
  int64_t perProcessor = ceilDiv(tiles.blocks, gpu.multiprocessors);
  double warps = static_cast<double>(std::min(perProcessor, resident) * config.threads()) /
                 static_cast<double>(kWarpThreads);
  double speed = multiplyAddsPerCycle(config, gpu) * efficiency * std::min(1.0, warps / kFullWarps);
  double block = multiplyAddsOfBlock(tiles, config) / speed;
  double cycles = static_cast<double>(perProcessor) * block + kBlockCycles + kGpuLaunchCycles;
  if (config.splits > 1) {
    // Sums are written, read and added by another kernel.
    auto floats = static_cast<double>(shape.out.c() * tiles.pixels * config.splits);
    cycles += kGpuLaunchCycles +
              2 * bytesOfFloats(1) * floats / (gpu.memoryBytesPerCycle() * gpu.multiprocessors);
  }
  return cycles;
}

/// Makes `best` the best of the tiles, if one of them is better.
static void chooseTile(const ConvShape &shape, ArrayRef<ConvTile> tiles, GpuArithmetic arithmetic,
                       const Gpu &gpu, ConvChoice &best, int64_t mostSplits = 16) {
  for (const ConvTile &tile : tiles) {
    GpuConvConfig config;
    config.arithmetic = arithmetic;
    config.tileChannels = tile.channels;
    config.tilePixels = tile.pixels;
    config.threadChannels = tile.threadChannels;
    config.threadPixels = tile.threadPixels;
    config.depth = tile.depth;
    config.stages = tile.stages;
    // A split sums enough steps to be worth its stores.
    constexpr int64_t kLeastRows = 256;
    // Places of more rows than that, out of the table, do not fit into a thread's registers; to
    // find them takes a tenth of the main loop.
    constexpr int64_t kMostTableDepth = 16;
    constexpr double kTableEfficiency = 0.93;
    GpuConvTiles product(shape, config);
    if (!product.tapsOutermost && tile.depth > kMostTableDepth)
      continue;
    double efficiency = tile.efficiency * (product.tapsOutermost ? 1 : kTableEfficiency);
    int64_t steps = product.steps;
    for (int64_t splits = 1; splits <= mostSplits; ++splits) {
      if (splits > 1 && steps / splits * tile.depth < kLeastRows)
        break;
      // No split may be left without steps.
      if (ceilDiv(steps, ceilDiv(steps, splits)) != splits)
        continue;
      config.splits = splits;
      double cycles = modelCycles(shape, config, efficiency, gpu);
      if (cycles < best.cycles)
        best = {config, cycles};
    }
  }
}

static GpuConvConfig chooseDirect(const ConvShape &shape) {
  GpuConvConfig config;
  config.algorithm = GpuConvAlgorithm::direct;
  // Sums of a thread, in registers; a power of two wastes least of most groups.
  constexpr int64_t kMostChannels = 8;
  config.tileChannels = config.threadChannels =
      std::min<int64_t>(kMostChannels, llvm::PowerOf2Ceil(shape.outChannelsPerGroup()));
  config.threadPixels = 1;
  // Small maps: as many threads as pixels, in whole warps.
  constexpr int64_t kMostThreads = 256;
  config.tilePixels =
      std::min(kMostThreads, ceilDiv(shape.out.h() * shape.out.w(), kWarpThreads) * kWarpThreads);
  return config;
}

/// Adds a kernel in a stage of its own, where `b` is.
static plan::KernelOp addKernel(OpBuilder &b, Location loc, StringRef kind, ValueRange inputs,
                                ValueRange weights, ValueRange outputs,
                                const NamedAttrList &params) {
  auto stage = b.create<plan::StageOp>(loc);
  OpBuilder inside = OpBuilder::atBlockBegin(&stage.getBody().emplaceBlock());
  return inside.create<plan::KernelOp>(loc, b.getStringAttr(kind), inputs, weights, outputs,
                                       params.getDictionary(b.getContext()), DictionaryAttr(),
                                       b.getI64IntegerAttr(1), b.getI64IntegerAttr(0), FloatAttr());
}

/// Lets `conv` write `sums`, and a kernel after it, of so many blocks, what `conv` wrote: with its
/// bias, residual and activation.
static void addEpilogue(plan::KernelOp conv, const ConvShape &shape, Value sums, StringRef kind,
                        NamedAttrList params, int64_t blocks, const Gpu &gpu) {
  OpBuilder b(conv.getContext());
  b.setInsertionPointAfter(conv->getParentOp());
  if (Attribute act = conv.getParams().get("act"))
    params.set("act", act);
  SmallVector<Value> inputs = {sums}, weights(llvm::drop_begin(conv.getWeights()));
  if (shape.residual)
    inputs.push_back(conv.getInputs()[1]);
  SmallVector<int64_t> bytes(weights.size(), bytesOfFloats(shape.out.c()));
  setLaunch(addKernel(b, conv.getLoc(), kind, inputs, weights, conv.getOutputs(), params), blocks,
            gpu, bytes);
  conv.getWeightsMutable().assign(conv.getWeights()[0]);
  conv.getOutputsMutable().assign(sums);
}

/// Lets `conv` write partial sums, which a kernel after it adds up.
static void splitConv(plan::KernelOp conv, const ConvShape &shape, const GpuConvConfig &config,
                      const Gpu &gpu) {
  OpBuilder b(conv->getParentOfType<plan::StageOp>());
  plan::MapType out = shape.out;
  auto sumsType =
      plan::MapType::get(b.getContext(), {config.splits, out.c(), 1, out.n() * out.h() * out.w()},
                         /*block=*/1, {0, 0, 0, 0}, out.c());
  NamedAttrList params;
  params.set("splits", b.getI64IntegerAttr(config.splits));
  addEpilogue(conv, shape, b.create<plan::BufferOp>(conv.getLoc(), sumsType, IntegerAttr()),
              kSumSplitsKind, params,
              ceilDiv(elementsOf(out), GpuLaunch().threads * kElementsPerThread), gpu);
  conv.getInputsMutable().assign(conv.getInputs()[0]);
}

//===----------------------------------------------------------------------===//
// Winograd's algorithm
//===----------------------------------------------------------------------===//

/// The products of a convolution's transformed tiles, as a 1x1 convolution of a group for each.
static ConvShape productsShape(const ConvShape &shape, const GpuWinogradTiles &tiles) {
  ConvShape products = shape;
  MLIRContext *context = shape.in.getContext();
  products.in = tiles.map(context, shape.in.c());
  products.out = tiles.map(context, shape.out.c());
  products.residual = {};
  products.hasBias = false;
  products.kh = products.kw = 1;
  products.padTop = products.padLeft = 0;
  products.groups = tiles.products;
  return products;
}

/// Cycles of a kernel that transforms tiles of so many channels, between `map` and their products:
/// what it reads and writes, and its multiply-adds; one after the other, since a thread waits for
/// all that it reads.
static double transformCycles(plan::MapType map, const GpuWinogradTiles &tiles,
                              int64_t operationsPerLine, int64_t lines, const Gpu &gpu) {
  auto floats = static_cast<double>(elementsOf(map) + tiles.products * map.c() * tiles.row);
  // Of the instructions of such a kernel half are loads, stores and their addresses.
  constexpr double kShare = 0.5;
  auto operations = static_cast<double>(operationsPerLine * lines * map.c() * tiles.count);
  auto blocks = static_cast<double>(ceilDiv(map.c() * tiles.row, GpuLaunch().threads));
  return kGpuLaunchCycles + kBlockCycles +
         (bytesOfFloats(1) * floats / gpu.memoryBytesPerCycle() +
          operations / (kShare * gpu.fmasPerCycle)) /
             std::min<double>(blocks, gpu.multiprocessors);
}

/// Makes `best` the products of transformed tiles, if their tiles and transforms take less.
static void chooseWinograd(const ConvShape &shape, const GpuChoices &choices, ConvChoice &best) {
  if (shape.kh != kWinogradTaps || shape.kw != kWinogradTaps || shape.strideH != 1 ||
      shape.strideW != 1 || shape.dilationH != 1 || shape.dilationW != 1 || shape.groups != 1)
    return;
  for (int64_t outputs = 2; outputs <= choices.winogradOutputs; outputs += 2) {
    GpuWinogradTiles tiles(shape.out, outputs);
    if (tiles.products * std::max(shape.in.c(), shape.out.c()) * tiles.row > INT32_MAX)
      continue;
    Winograd winograd(outputs, kWinogradTaps, /*stride=*/1);
    double transforms =
        transformCycles(shape.in, tiles, winograd.inputOperations(),
                        winograd.inputs + winograd.products, choices.gpu) +
        transformCycles(shape.out, tiles, winograd.outputOperations(),
                        winograd.outputs + winograd.products, choices.gpu);
    ConvChoice products;
    chooseTile(productsShape(shape, tiles), kTiles, GpuArithmetic::f32, choices.gpu, products,
               /*mostSplits=*/1);
    // Small products of many channels wait for memory, above all for the transformed filter.
    int64_t channels = shape.in.c() + shape.out.c();
    auto floats = static_cast<double>(
        tiles.products * (channels * tiles.row + shape.in.c() * shape.out.c()));
    products.cycles = std::max(
        products.cycles, kGpuLaunchCycles + bytesOfFloats(1) * floats /
                             (choices.gpu.memoryBytesPerCycle() * choices.gpu.multiprocessors));
    if (products.cycles + transforms < best.cycles) {
      best = {products.config, products.cycles + transforms};
      best.config.winogradOutputs = outputs;
    }
  }
}

static ConvChoice chooseGemm(const ConvShape &shape, const GpuChoices &choices) {
  ConvChoice best;
  chooseTile(shape, kTiles, GpuArithmetic::f32, choices.gpu, best);
  if (choices.arithmetic != GpuArithmetic::f32)
    chooseTile(shape,
               ArrayRef(kTensorTiles)
                   .drop_front(choices.arithmetic == GpuArithmetic::tf32x3 ? 1 : 0),
               choices.arithmetic, choices.gpu, best);
  chooseWinograd(shape, choices, best);
  return best;
}

/// Lets `conv` multiply transformed tiles; kernels before and after it transform them.
static void transformConv(plan::KernelOp conv, const ConvShape &shape,
                          const GpuWinogradTiles &tiles, int64_t outputs, const Gpu &gpu) {
  OpBuilder b(conv->getParentOfType<plan::StageOp>());
  MLIRContext *context = b.getContext();
  Location loc = conv.getLoc();
  Value transformed =
      b.create<plan::BufferOp>(loc, tiles.map(context, shape.in.c()), IntegerAttr());
  Value products = b.create<plan::BufferOp>(loc, tiles.map(context, shape.out.c()), IntegerAttr());
  auto blocks = [&](int64_t channels) {
    return ceilDiv(channels * tiles.row, GpuLaunch().threads);
  };
  NamedAttrList before, after, between;
  before.set("outputs", b.getI64IntegerAttr(outputs));
  before.set("pads", conv.getParams().get("pads"));
  setLaunch(addKernel(b, loc, kWinogradInputKind, conv.getInputs()[0], {}, transformed, before),
            blocks(shape.in.c()), gpu);
  after.set("outputs", b.getI64IntegerAttr(outputs));
  addEpilogue(conv, shape, products, kWinogradOutputKind, after, blocks(shape.out.c()), gpu);

  for (StringRef name : {"kernel", "strides", "dilations"})
    between.set(name, b.getDenseI64ArrayAttr({1, 1}));
  between.set("pads", b.getDenseI64ArrayAttr({0, 0, 0, 0}));
  between.set("groups", b.getI64IntegerAttr(tiles.products));
  conv.setParamsAttr(between.getDictionary(context));
  conv.getInputsMutable().assign(transformed);
}

/// Whether a convolution is a fully connected layer of a few images, as those of squeeze and
/// excitation are: its window is the whole map. A tile of pixels would be empty but for a column of
/// each image; the other kernel reads the weights, which lie in the same order, once.
static bool isLinear(const ConvShape &shape) {
  return shape.groups == 1 && shape.out.h() == 1 && shape.out.w() == 1 && shape.padTop == 0 &&
         shape.padLeft == 0 && shape.kh == shape.in.h() && shape.kw == shape.in.w() &&
         (shape.dilationH == 1 || shape.kh == 1) && (shape.dilationW == 1 || shape.kw == 1) &&
         shape.out.n() <= kLinearImages;
}

LogicalResult incc::chooseGpuConv(plan::KernelOp kernel, const GpuChoices &choices) {
  const Gpu &gpu = choices.gpu;
  if (kernel.getWeights().empty())
    return kernel.emitError("a filter that is computed when the network runs is not supported for ")
           << gpu.api << "; supported are constant filters";
  ConvShape shape(kernel);
  if (isLinear(shape)) {
    NamedAttrList params;
    if (Attribute act = kernel.getParams().get("act"))
      params.set("act", act);
    kernel.setKind(cnn::LinearOp::getOperationName());
    kernel.setParamsAttr(params.getDictionary(kernel.getContext()));
    return chooseGpuLinear(kernel, choices);
  }
  bool isNarrow = shape.groups > 1 && shape.outChannelsPerGroup() < kLeastGemmChannels;
  GpuConvConfig config = choices.byHalide ? chooseRegisterTile(shape, gpu)
                         : isNarrow       ? chooseDirect(shape)
                                          : chooseGemm(shape, choices).config;
  if (config.winogradOutputs) {
    GpuWinogradTiles winograd(shape.out, config.winogradOutputs);
    transformConv(kernel, shape, winograd, config.winogradOutputs, gpu);
    shape = ConvShape(kernel);
  }
  GpuConvTiles tiles(shape, config);
  if (config.splits > 1)
    splitConv(kernel, shape, config, gpu);
  SmallVector<int64_t> bytes = {bytesOfFloats(tiles.filterFloats + tiles.tableFloats)};
  if (kernel.getWeights().size() > 1)
    bytes.push_back(bytesOfFloats(shape.out.c()));
  kernel.setConfigAttr(config.toAttr(kernel.getContext(), bytes));
  kernel.setTasks(tiles.blocks);
  setCycles(kernel, static_cast<double>(tiles.blocks) *
                        (multiplyAddsOfBlock(tiles, config) / multiplyAddsPerCycle(config, gpu) +
                         kBlockCycles));
  return success();
}
