// Shapes and configurations of convolution kernels.
#include "ir/ConvPlan.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace incc;

ConvShape::ConvShape(plan::KernelOp kernel) {
  DictionaryAttr params = kernel.getParams();
  auto list = [&](StringRef name) {
    return cast<DenseI64ArrayAttr>(params.get(name)).asArrayRef();
  };
  in = cast<plan::MapType>(kernel.getInputs()[0].getType());
  stored = out = cast<plan::MapType>(kernel.getOutputs()[0].getType());
  if (params.contains(kPooledName))
    out = plan::MapType::get(kernel.getContext(),
                             {stored.n(), stored.c(), 2 * stored.h(), 2 * stored.w()},
                             stored.getBlock(), {0, 0, 0, 0}, stored.channelBlocks());
  bool hasRuntimeFilter = kernel.getWeights().empty();
  if (params.contains("scaled"))
    scale = cast<plan::MapType>(kernel.getInputs().back().getType());
  if (kernel.getInputs().size() > (scale ? 2 : 1) && !hasRuntimeFilter)
    residual = cast<plan::MapType>(kernel.getInputs()[1].getType());
  ArrayRef<int64_t> kernelSize = list("kernel");
  kh = kernelSize[0];
  kw = kernelSize[1];
  strideH = list("strides")[0];
  strideW = list("strides")[1];
  padTop = list("pads")[0];
  padLeft = list("pads")[1];
  dilationH = list("dilations")[0];
  dilationW = list("dilations")[1];
  groups = cast<IntegerAttr>(params.get("groups")).getInt();
  hasBias = kernel.getWeights().size() > 1;
}

bool ConvShape::isFlat() const {
  return kh == 1 && kw == 1 && strideH == 1 && strideW == 1 && padTop == 0 && padLeft == 0 &&
         in.h() == out.h() && in.w() == out.w() && !in.hasHalo() && !out.hasHalo() &&
         (!residual || !residual.hasHalo());
}

bool incc::fitsRegisters(const Isa &isa, int64_t pixels, int64_t blocks) {
  int64_t accumulators = pixels * blocks;
  // A vector of each pixel's channels, and weights on their way.
  if (isa.isNeon)
    return accumulators + pixels + 2 <= isa.numRegisters;
  // Without FMA a product needs a register of its own.
  if (!isa.hasFma)
    return accumulators + std::min(pixels, blocks) + 2 <= isa.numRegisters;
  // 32 registers leave room for two broadcasts in flight (measured: 14x2, 9x3, not 10x3).
  int64_t spare = isa.numRegisters >= 32 ? 2 : 1;
  int64_t held = isa.numRegisters >= 32 ? blocks : std::min(pixels, blocks);
  return accumulators + held + spare <= isa.numRegisters;
}

int64_t incc::packedGroups(const ConvShape &shape, ConvAlgorithm algorithm) {
  return algorithm == ConvAlgorithm::expanded ? 1 : shape.groups;
}

int64_t incc::packedFilterSize(const ConvShape &shape, ConvAlgorithm algorithm, int64_t lanes) {
  int64_t taps = shape.kh * shape.kw;
  if (algorithm == ConvAlgorithm::lanes)
    return shape.out.channelBlocks() * taps * shape.inChannelsPerGroup() * lanes;
  int64_t groups = packedGroups(shape, algorithm);
  int64_t blocksPerGroup = ceilDiv(shape.out.c() / groups, lanes);
  return groups * blocksPerGroup * lanes * (shape.in.c() / groups) * taps;
}

int64_t incc::packedBiasSize(const ConvShape &shape, int64_t lanes) {
  return ceilDiv(shape.out.c(), lanes) * lanes;
}

/// `floats` rounded up to an odd number of cache lines.
static int64_t oddLines(int64_t floats) { return (ceilDiv(floats, kLineFloats) | 1) * kLineFloats; }

TileProducts::TileProducts(BilinearSize down, BilinearSize across, int64_t numTiles,
                           int64_t inChannels, int64_t outChannels, const ConvConfig &config,
                           int64_t lanes)
    : down(down), across(across), numTiles(numTiles), inChannels(inChannels),
      outChannels(outChannels), tilesPerBlock(config.taskRows),
      numBlocks(ceilDiv(numTiles, tilesPerBlock)), inBlocks(ceilDiv(inChannels, lanes)),
      outBlocks(ceilDiv(outChannels, lanes)), numPanels(ceilDiv(outBlocks, config.tileBlocks)),
      inputStride(oddLines(inBlocks * tilesPerBlock * lanes)),
      outputStride(oddLines(tilesPerBlock * config.tileBlocks * lanes)),
      inputFloats(products * inputStride), productFloats(products * outputStride),
      tileFloats(std::max(down.inputs, down.outputs) * across.products * lanes),
      weightFloats(filters * inChannels * outBlocks * lanes) {}

WinogradTiles::WinogradTiles(const ConvShape &shape, const ConvConfig &config, int64_t lanes)
    : TileProducts(WinogradSize(config.outputRows, shape.kh, shape.strideH),
                   WinogradSize(config.outputColumns, shape.kw, shape.strideW),
                   shape.out.n() * ceilDiv(shape.out.h(), config.outputRows) *
                       ceilDiv(shape.out.w(), config.outputColumns),
                   shape.in.c(), shape.out.c(), config, lanes),
      tilesDown(ceilDiv(shape.out.h(), config.outputRows)),
      tilesAcross(ceilDiv(shape.out.w(), config.outputColumns)) {}

StrassenTiles::StrassenTiles(const ConvShape &shape, const ConvConfig &config, int64_t lanes)
    : TileProducts(Strassen(config.levels > 1), Strassen(),
                   ceilDiv(shape.out.n() * shape.out.h() * shape.out.w(), 1 << config.levels),
                   shape.in.c() >> config.levels, shape.out.c() >> config.levels, config, lanes),
      numPixels(shape.out.n() * shape.out.h() * shape.out.w()), pixelsPerTile(1 << config.levels) {}

TileProducts incc::tileProducts(const ConvShape &shape, const ConvConfig &config, int64_t lanes) {
  if (config.algorithm == ConvAlgorithm::strassen)
    return StrassenTiles(shape, config, lanes);
  return WinogradTiles(shape, config, lanes);
}

static constexpr StringLiteral kAlgorithmNames[] = {"direct", "lanes", "expanded", "winograd",
                                                    "strassen"};

StringRef incc::nameOf(ConvAlgorithm algorithm) {
  return kAlgorithmNames[static_cast<int>(algorithm)];
}

DictionaryAttr ConvConfig::toAttr(MLIRContext *context, ArrayRef<int64_t> weightsBytes) const {
  Builder b(context);
  NamedAttrList attrs = SmallVector<NamedAttribute>{
      b.getNamedAttr("algorithm", b.getStringAttr(nameOf(algorithm))),
      b.getNamedAttr("chunk_blocks", b.getI64IntegerAttr(chunkBlocks)),
      b.getNamedAttr("order", b.getStringAttr(rowsOutermost ? "rows" : "channels")),
      b.getNamedAttr("prefetch_input", b.getBoolAttr(prefetchInput)),
      b.getNamedAttr("prefetch_weights", b.getBoolAttr(prefetchWeights)),
      b.getNamedAttr("task_rows", b.getI64IntegerAttr(taskRows)),
      b.getNamedAttr("tile", b.getDenseI64ArrayAttr({tileRows, tileColumns, tileBlocks})),
      b.getNamedAttr("weights_bytes", b.getDenseI64ArrayAttr(weightsBytes)),
  };
  if (algorithm == ConvAlgorithm::winograd)
    attrs.set("outputs", b.getDenseI64ArrayAttr({outputRows, outputColumns}));
  if (algorithm == ConvAlgorithm::strassen)
    attrs.set("levels", b.getI64IntegerAttr(levels));
  if (transformsTiles())
    attrs.set("panel_tasks", b.getI64IntegerAttr(panelTasks));
  if (scratchBytes)
    attrs.set("scratch_bytes", b.getI64IntegerAttr(scratchBytes));
  return attrs.getDictionary(context);
}

ConvConfig ConvConfig::fromAttr(DictionaryAttr attr) {
  ConvConfig config;
  StringRef name = cast<StringAttr>(attr.get("algorithm")).getValue();
  config.algorithm = static_cast<ConvAlgorithm>(
      std::find(std::begin(kAlgorithmNames), std::end(kAlgorithmNames), name) -
      std::begin(kAlgorithmNames));
  ArrayRef<int64_t> tile = cast<DenseI64ArrayAttr>(attr.get("tile")).asArrayRef();
  config.tileRows = tile[0];
  config.tileColumns = tile[1];
  config.tileBlocks = tile[2];
  config.chunkBlocks = cast<IntegerAttr>(attr.get("chunk_blocks")).getInt();
  config.taskRows = cast<IntegerAttr>(attr.get("task_rows")).getInt();
  config.rowsOutermost = cast<StringAttr>(attr.get("order")).getValue() == "rows";
  config.prefetchInput = cast<BoolAttr>(attr.get("prefetch_input")).getValue();
  config.prefetchWeights = cast<BoolAttr>(attr.get("prefetch_weights")).getValue();
  if (config.algorithm == ConvAlgorithm::winograd) {
    ArrayRef<int64_t> outputs = cast<DenseI64ArrayAttr>(attr.get("outputs")).asArrayRef();
    config.outputRows = outputs[0];
    config.outputColumns = outputs[1];
  }
  if (config.algorithm == ConvAlgorithm::strassen)
    config.levels = cast<IntegerAttr>(attr.get("levels")).getInt();
  if (config.transformsTiles())
    config.panelTasks = cast<IntegerAttr>(attr.get("panel_tasks")).getInt();
  if (auto bytes = attr.getAs<IntegerAttr>("scratch_bytes"))
    config.scratchBytes = bytes.getInt();
  return config;
}
