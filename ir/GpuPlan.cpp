// Launches and tiles of GPU kernels as attributes.
#include "ir/GpuPlan.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace incc;

static int64_t integerOf(DictionaryAttr attr, StringRef name, int64_t otherwise) {
  auto value = attr ? attr.getAs<IntegerAttr>(name) : IntegerAttr();
  return value ? value.getInt() : otherwise;
}

GpuLaunch GpuLaunch::of(plan::KernelOp kernel) {
  DictionaryAttr config = kernel.getConfigAttr();
  return {integerOf(config, "threads", GpuLaunch().threads), integerOf(config, "shared_bytes", 0)};
}

DictionaryAttr GpuLaunch::toAttr(MLIRContext *context, ArrayRef<int64_t> weightsBytes) const {
  Builder b(context);
  NamedAttrList config;
  config.set("threads", b.getI64IntegerAttr(threads));
  if (sharedBytes)
    config.set("shared_bytes", b.getI64IntegerAttr(sharedBytes));
  if (!weightsBytes.empty())
    config.set("weights_bytes", b.getDenseI64ArrayAttr(weightsBytes));
  return config.getDictionary(context);
}

static constexpr std::pair<GpuArithmetic, StringLiteral> kArithmetics[] = {
    {GpuArithmetic::f32, "f32"}, {GpuArithmetic::tf32, "tf32"}, {GpuArithmetic::tf32x3, "3xtf32"}};

StringRef incc::nameOf(GpuArithmetic arithmetic) {
  for (auto &[value, name] : kArithmetics)
    if (value == arithmetic)
      return name;
  llvm_unreachable("an arithmetic without a name");
}

std::optional<GpuArithmetic> incc::gpuArithmeticOf(StringRef text) {
  for (auto &[value, name] : kArithmetics)
    if (name == text)
      return value;
  return std::nullopt;
}

DictionaryAttr GpuConvConfig::toAttr(MLIRContext *context, ArrayRef<int64_t> weightsBytes) const {
  Builder b(context);
  bool isGemm = algorithm == GpuConvAlgorithm::gemm;
  GpuLaunch launch{threads(), isGemm ? int64_t(sizeof(float)) * stages * stageFloats() : 0};
  NamedAttrList config(launch.toAttr(context, weightsBytes));
  config.set("algorithm", b.getStringAttr(isGemm ? "gemm" : "direct"));
  config.set("tile", b.getDenseI64ArrayAttr({tileChannels, tilePixels}));
  config.set("thread_tile", b.getDenseI64ArrayAttr({threadChannels, threadPixels}));
  if (isGemm) {
    config.set("depth", b.getI64IntegerAttr(depth));
    config.set("stages", b.getI64IntegerAttr(stages));
    if (usesTensorCores())
      config.set("arithmetic", b.getStringAttr(nameOf(arithmetic)));
  }
  if (splits > 1)
    config.set("splits", b.getI64IntegerAttr(splits));
  if (winogradOutputs)
    config.set("winograd_outputs", b.getI64IntegerAttr(winogradOutputs));
  return config.getDictionary(context);
}

GpuConvConfig GpuConvConfig::fromAttr(DictionaryAttr attr) {
  GpuConvConfig config;
  if (attr.getAs<StringAttr>("algorithm").getValue() == "direct")
    config.algorithm = GpuConvAlgorithm::direct;
  if (auto arithmetic = attr.getAs<StringAttr>("arithmetic"))
    config.arithmetic = *gpuArithmeticOf(arithmetic);
  ArrayRef<int64_t> tile = attr.getAs<DenseI64ArrayAttr>("tile").asArrayRef();
  ArrayRef<int64_t> thread = attr.getAs<DenseI64ArrayAttr>("thread_tile").asArrayRef();
  std::tie(config.tileChannels, config.tilePixels) = std::pair(tile[0], tile[1]);
  std::tie(config.threadChannels, config.threadPixels) = std::pair(thread[0], thread[1]);
  config.depth = integerOf(attr, "depth", config.depth);
  config.stages = integerOf(attr, "stages", config.stages);
  config.splits = integerOf(attr, "splits", 1);
  config.winogradOutputs = integerOf(attr, "winograd_outputs", 0);
  return config;
}

ConvShape incc::gpuConvShape(plan::KernelOp kernel) {
  ConvShape shape(kernel);
  if (GpuConvConfig::fromAttr(*kernel.getConfig()).splits == 1)
    return shape;
  auto pads = cast<DenseI64ArrayAttr>(kernel.getParams().get("pads")).asArrayRef();
  auto extent = [](int64_t in, int64_t before, int64_t after, int64_t taps, int64_t dilation,
                   int64_t stride) {
    return (before + in + after - dilation * (taps - 1) - 1) / stride + 1;
  };
  int64_t height = extent(shape.in.h(), pads[0], pads[2], shape.kh, shape.dilationH, shape.strideH);
  int64_t width = extent(shape.in.w(), pads[1], pads[3], shape.kw, shape.dilationW, shape.strideW);
  shape.out = plan::MapType::get(kernel.getContext(), {shape.in.n(), shape.out.c(), height, width},
                                 /*block=*/1, {0, 0, 0, 0}, shape.out.c());
  return shape;
}

GpuWinogradTiles::GpuWinogradTiles(plan::MapType out, int64_t outputs)
    : down(ceilDiv(out.h(), outputs)), across(ceilDiv(out.w(), outputs)),
      count(out.n() * down * across) {
  constexpr int64_t kFour = 4;
  row = ceilDiv(count, kFour) * kFour;
  int64_t ofLine = WinogradSize(outputs, kWinogradTaps, /*stride=*/1).products;
  products = ofLine * ofLine;
}

plan::MapType GpuWinogradTiles::map(MLIRContext *context, int64_t channels) const {
  return plan::MapType::get(context, {1, products * channels, 1, row}, /*block=*/1, {0, 0, 0, 0},
                            products * channels);
}

GpuConvTiles::GpuConvTiles(const ConvShape &shape, const GpuConvConfig &config)
    : outChannels(shape.outChannelsPerGroup()), inChannels(shape.inChannelsPerGroup()),
      taps(shape.kh * shape.kw), pixelsPerImage(shape.out.h() * shape.out.w()),
      pixels(shape.out.n() * pixelsPerImage) {
  // Rows of zeros that would be multiplied may cost an eighth.
  constexpr int64_t kPaddingShare = 8;
  stepsPerTap = ceilDiv(inChannels, config.depth);
  int64_t dense = inChannels * taps, denseSteps = ceilDiv(dense, config.depth);
  tapsOutermost = stepsPerTap * taps <= denseSteps + denseSteps / kPaddingShare ||
                  shape.kh + shape.kw > kMostTableTaps;
  steps = tapsOutermost ? stepsPerTap * taps : denseSteps;
  channelTiles = ceilDiv(outChannels, config.tileChannels);
  // The direct algorithm's tiles lie within an image.
  bool isGemm = config.algorithm == GpuConvAlgorithm::gemm;
  pixelTiles = isGemm ? ceilDiv(pixels, config.tilePixels)
                      : shape.out.n() * ceilDiv(pixelsPerImage, config.tilePixels);
  blocks = shape.groups * channelTiles * pixelTiles * config.splits;
  filterFloats =
      shape.groups * channelTiles *
      (isGemm ? steps * config.filterStageFloats() : dense * config.tileChannels);
  constexpr int64_t kEntryFloats = 2;
  tableFloats = isGemm && !tapsOutermost ? kEntryFloats * steps * config.depth : 0;
}
