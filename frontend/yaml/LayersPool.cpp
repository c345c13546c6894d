// Pooling layers.
#include "frontend/yaml/ModelBuilder.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

template <typename OpT> static Value buildWindowPool(LayerContext &context) {
  constexpr bool isAverage = std::is_same_v<OpT, cnn::AvgPoolOp>;
  Params &params = context.params;
  OpBuilder &ops = context.builder.ops;
  auto kernel = params.pair("kernel", 1);
  auto strides = params.pair("stride", 1, kernel);
  auto dilations = params.pair("dilation", 1, {1, 1});
  Padding padding(params);
  bool ceilMode = params.boolean("ceil_mode", false);
  bool countIncludePad = isAverage && params.boolean("count_include_pad", true);
  if (failed(params.finish()) || !context.input)
    return nullptr;

  ArrayRef<int64_t> in = cnn::tensorType(context.input).getShape();
  auto pads = padding.resolve(in.size() == 4 ? in.drop_front(2) : ArrayRef<int64_t>{1, 1}, kernel,
                              strides, dilations);
  SmallVector<NamedAttribute> attributes = {
      ops.getNamedAttr("kernel", ops.getDenseI64ArrayAttr(kernel)),
      ops.getNamedAttr("strides", ops.getDenseI64ArrayAttr(strides)),
      ops.getNamedAttr("pads", ops.getDenseI64ArrayAttr(pads))};
  if (llvm::any_of(dilations, [](int64_t dilation) { return dilation != 1; }))
    attributes.push_back(ops.getNamedAttr("dilations", ops.getDenseI64ArrayAttr(dilations)));
  if (ceilMode)
    attributes.push_back(ops.getNamedAttr("ceil_mode", ops.getUnitAttr()));
  // Without padding both ways of counting are one.
  if (countIncludePad && llvm::any_of(pads, [](int64_t pad) { return pad > 0; }))
    attributes.push_back(ops.getNamedAttr("count_include_pad", ops.getUnitAttr()));
  return context.builder.create<OpT>(context, context.input, attributes);
}

static Value buildGlobalAvgPool(LayerContext &context) {
  if (failed(context.params.finish()) || !context.input)
    return nullptr;
  return context.builder.create<cnn::GlobalAvgPoolOp>(context, context.input);
}

static Value buildAdaptiveAvgPool(LayerContext &context) {
  OpBuilder &ops = context.builder.ops;
  auto output = context.params.pair("output", 1);
  if (failed(context.params.finish()) || !context.input)
    return nullptr;
  return context.builder.create<cnn::AdaptiveAvgPoolOp>(
      context, context.input, ops.getNamedAttr("output_size", ops.getDenseI64ArrayAttr(output)));
}

void yaml::addPoolLayers(LayerTable &table) {
  table["max_pool"] = {buildWindowPool<cnn::MaxPoolOp>, "kernel", "max_pool"};
  table["avg_pool"] = {buildWindowPool<cnn::AvgPoolOp>, "kernel", "avg_pool"};
  table["global_avg_pool"] = {buildGlobalAvgPool, "", "global_avg_pool"};
  table["adaptive_avg_pool"] = {buildAdaptiveAvgPool, "output", "adaptive_avg_pool"};
}
