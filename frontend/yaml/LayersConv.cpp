// Layers with parameters: conv, linear, bn; and lrn.
#include "frontend/yaml/ModelBuilder.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;
using weights::ParameterKind;

/// Widths of layers: far above any network's.
static constexpr int64_t kMaxChannels = 1 << 20;

/// Applies `act`, if it is one, to a layer's value.
static Value activate(LayerContext &context, Value value, cnn::ActivationAttr act) {
  if (!value || !act)
    return value;
  OpBuilder &ops = context.builder.ops;
  return context.builder.create<cnn::ActivationOp>(context, value, ops.getNamedAttr("act", act));
}

/// The input's channels; 1 if it has none, which the op then reports.
static int64_t numChannels(Value input) {
  RankedTensorType type = cnn::tensorType(input);
  return type.getRank() >= 2 ? type.getDimSize(1) : 1;
}

static Value buildConv(LayerContext &context) {
  Params &params = context.params;
  ModelBuilder &builder = context.builder;
  int64_t out = params.integer("out", 1, kMaxChannels);
  auto kernel = params.pair("kernel", 1);
  auto strides = params.pair("stride", 1, {1, 1});
  auto dilations = params.pair("dilation", 1, {1, 1});
  Padding padding(params);
  int64_t groups = params.integer("groups", 1, kMaxChannels, 1);
  bool hasBias = params.boolean("bias", true);
  cnn::ActivationAttr act = params.activation("act");
  if (failed(params.finish()) || !context.input)
    return nullptr;

  ArrayRef<int64_t> in = cnn::tensorType(context.input).getShape();
  auto pads = padding.resolve(in.size() == 4 ? in.drop_front(2) : ArrayRef<int64_t>{1, 1}, kernel,
                              strides, dilations);
  int64_t channels = std::max<int64_t>(numChannels(context.input) / groups, 1);
  Value filter = builder.parameter(context, "weight", ParameterKind::filter,
                                   {out, channels, kernel[0], kernel[1]});
  Value bias = hasBias ? builder.parameter(context, "bias", ParameterKind::bias, {out}) : nullptr;
  if (!filter || (hasBias && !bias))
    return nullptr;
  SmallVector<Value, 3> operands = {context.input, filter};
  if (bias)
    operands.push_back(bias);
  OpBuilder &ops = builder.ops;
  Value result = builder.create<cnn::Conv2dOp>(
      context, operands,
      {ops.getNamedAttr("strides", ops.getDenseI64ArrayAttr(strides)),
       ops.getNamedAttr("pads", ops.getDenseI64ArrayAttr(pads)),
       ops.getNamedAttr("dilations", ops.getDenseI64ArrayAttr(dilations)),
       ops.getNamedAttr("groups", ops.getI64IntegerAttr(groups))},
      {1, 1, bias ? 1 : 0, 0});
  return activate(context, result, act);
}

static Value buildLinear(LayerContext &context) {
  Params &params = context.params;
  ModelBuilder &builder = context.builder;
  int64_t out = params.integer("out", 1, kMaxChannels);
  bool hasBias = params.boolean("bias", true);
  cnn::ActivationAttr act = params.activation("act");
  if (failed(params.finish()) || !context.input)
    return nullptr;

  RankedTensorType in = cnn::tensorType(context.input);
  int64_t numInputs = in.getNumElements() / in.getDimSize(0);
  Value weight = builder.parameter(context, "weight", ParameterKind::filter, {out, numInputs});
  Value bias = hasBias ? builder.parameter(context, "bias", ParameterKind::bias, {out}) : nullptr;
  if (!weight || (hasBias && !bias))
    return nullptr;
  SmallVector<Value, 3> operands = {context.input, weight};
  if (bias)
    operands.push_back(bias);
  Value result = builder.create<cnn::LinearOp>(context, operands, {}, {1, 1, bias ? 1 : 0, 0});
  return activate(context, result, act);
}

static Value buildBatchNorm(LayerContext &context) {
  Params &params = context.params;
  ModelBuilder &builder = context.builder;
  double epsilon = params.number("eps", 1e-5);
  if (epsilon < 0)
    params.error(*params.node("eps"), "expected a number of at least 0 as 'eps'");
  bool hasGamma = params.boolean("gamma", true);
  cnn::ActivationAttr act = params.activation("act");
  if (failed(params.finish()) || !context.input)
    return nullptr;

  int64_t channels = numChannels(context.input);
  SmallVector<Value, 5> operands = {context.input};
  if (hasGamma) {
    operands.push_back(builder.parameter(context, "weight", ParameterKind::gamma, channels));
  } else {
    // TF-slim's: a fixed factor, which its converted checkpoints still store as ones.
    auto type = RankedTensorType::get(channels, builder.ops.getF32Type());
    operands.push_back(builder.ops.create<cnn::ConstantOp>(
        context.loc, cast<ElementsAttr>(DenseElementsAttr::get(type, 1.0f))));
    builder.ignoredTensors.push_back(ModelBuilder::join(context.frame.path, "weight"));
  }
  operands.push_back(builder.parameter(context, "bias", ParameterKind::beta, channels));
  operands.push_back(builder.parameter(context, "running_mean", ParameterKind::mean, channels));
  operands.push_back(builder.parameter(context, "running_var", ParameterKind::variance, channels));
  if (llvm::is_contained(operands, nullptr))
    return nullptr;
  OpBuilder &ops = builder.ops;
  Value result = builder.create<cnn::BatchNormOp>(
      context, operands, ops.getNamedAttr("epsilon", ops.getF64FloatAttr(epsilon)));
  return activate(context, result, act);
}

static Value buildLrn(LayerContext &context) {
  Params &params = context.params;
  OpBuilder &ops = context.builder.ops;
  int64_t size = params.integer("size", 1, kMaxChannels);
  double alpha = params.number("alpha", 1e-4), beta = params.number("beta", 0.75),
         k = params.number("k", 1);
  if (failed(params.finish()) || !context.input)
    return nullptr;
  return context.builder.create<cnn::LrnOp>(context, context.input,
                                            {ops.getNamedAttr("size", ops.getI64IntegerAttr(size)),
                                             ops.getNamedAttr("alpha", ops.getF64FloatAttr(alpha)),
                                             ops.getNamedAttr("beta", ops.getF64FloatAttr(beta)),
                                             ops.getNamedAttr("k", ops.getF64FloatAttr(k))});
}

void yaml::addConvLayers(LayerTable &table) {
  table["conv"] = {buildConv, "out", "conv"};
  table["linear"] = {buildLinear, "out", "linear"};
  table["bn"] = {buildBatchNorm, "eps", "bn"};
  table["lrn"] = {buildLrn, "size", "lrn"};
}
