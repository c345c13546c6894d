// Activations and other layers that work element by element; softmax, flatten.
#include "frontend/yaml/ModelBuilder.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;
using cnn::ActivationKind;

namespace {
struct ActivationParam {
  StringRef name;
  double otherwise;
};
} // namespace

/// The parameters of an activation, in the order of `#cnn.act`, with PyTorch's defaults.
static SmallVector<ActivationParam, 2> paramsOf(ActivationKind kind) {
  switch (kind) {
  case ActivationKind::leaky_relu:
    return {{"slope", 0.01}};
  case ActivationKind::elu:
    return {{"alpha", 1}};
  case ActivationKind::clip:
    return {{"low", -1}, {"high", 1}};
  case ActivationKind::hard_sigmoid:
    return {{"alpha", 1.0 / 6}, {"beta", 0.5}};
  default:
    return {};
  }
}

static cnn::ActivationAttr makeActivation(MLIRContext *context, ActivationKind kind,
                                          ArrayRef<double> params) {
  if (params.empty())
    return cnn::ActivationAttr::get(context, kind);
  return cnn::ActivationAttr::get(context, kind, mlir::Builder(context).getF64ArrayAttr(params));
}

cnn::ActivationAttr yaml::lookupActivation(MLIRContext *context, StringRef name) {
  std::optional<ActivationKind> kind = cnn::symbolizeActivationKind(name);
  if (!kind || *kind == ActivationKind::none)
    return nullptr;
  SmallVector<double, 2> params;
  for (const ActivationParam &param : paramsOf(*kind))
    params.push_back(param.otherwise);
  return makeActivation(context, *kind, params);
}

std::vector<std::string> yaml::activationNames() {
  std::vector<std::string> names;
  for (uint32_t i = 0; i <= cnn::getMaxEnumValForActivationKind(); ++i)
    if (auto kind = cnn::symbolizeActivationKind(i))
      names.push_back(cnn::stringifyActivationKind(*kind).str());
  return names;
}

template <ActivationKind kind> static Value buildActivation(LayerContext &context) {
  SmallVector<double, 2> values;
  for (const ActivationParam &param : paramsOf(kind))
    values.push_back(context.params.number(param.name, param.otherwise));
  if (failed(context.params.finish()) || !context.input)
    return nullptr;
  OpBuilder &ops = context.builder.ops;
  return context.builder.create<cnn::ActivationOp>(
      context, context.input,
      ops.getNamedAttr("act", makeActivation(ops.getContext(), kind, values)));
}

static Value buildScale(LayerContext &context) {
  OpBuilder &ops = context.builder.ops;
  double factor = context.params.number("factor");
  if (failed(context.params.finish()) || !context.input)
    return nullptr;
  return context.builder.create<cnn::ScaleOp>(
      context, context.input, ops.getNamedAttr("factor", ops.getF64FloatAttr(factor)));
}

static Value buildDropout(LayerContext &context) {
  Params &params = context.params;
  OpBuilder &ops = context.builder.ops;
  double rate = params.number("rate", 0.5);
  if (rate < 0 || rate > 1)
    params.error(*params.node("rate"), "expected a number from 0 to 1 as 'rate'");
  if (failed(params.finish()) || !context.input)
    return nullptr;
  return context.builder.create<cnn::DropoutOp>(
      context, context.input, ops.getNamedAttr("rate", ops.getF64FloatAttr(rate)));
}

template <typename OpT> static Value buildUnary(LayerContext &context) {
  if (failed(context.params.finish()) || !context.input)
    return nullptr;
  return context.builder.create<OpT>(context, context.input);
}

void yaml::addElementwiseLayers(LayerTable &table) {
  table["relu"] = {buildActivation<ActivationKind::relu>, "", "relu"};
  table["relu6"] = {buildActivation<ActivationKind::relu6>, "", "relu6"};
  table["leaky_relu"] = {buildActivation<ActivationKind::leaky_relu>, "slope", "leaky_relu"};
  table["clip"] = {buildActivation<ActivationKind::clip>, "", "clip"};
  table["sigmoid"] = {buildActivation<ActivationKind::sigmoid>, "", "sigmoid"};
  table["silu"] = {buildActivation<ActivationKind::silu>, "", "silu"};
  table["hard_sigmoid"] = {buildActivation<ActivationKind::hard_sigmoid>, "", "hard_sigmoid"};
  table["hard_swish"] = {buildActivation<ActivationKind::hard_swish>, "", "hard_swish"};
  table["tanh"] = {buildActivation<ActivationKind::tanh>, "", "tanh"};
  table["exp"] = {buildActivation<ActivationKind::exp>, "", "exp"};
  table["log"] = {buildActivation<ActivationKind::log>, "", "log"};
  table["sqrt"] = {buildActivation<ActivationKind::sqrt>, "", "sqrt"};
  table["abs"] = {buildActivation<ActivationKind::abs>, "", "abs"};
  table["erf"] = {buildActivation<ActivationKind::erf>, "", "erf"};
  table["gelu"] = {buildActivation<ActivationKind::gelu>, "", "gelu"};
  table["elu"] = {buildActivation<ActivationKind::elu>, "alpha", "elu"};
  table["softplus"] = {buildActivation<ActivationKind::softplus>, "", "softplus"};
  table["scale"] = {buildScale, "factor", "scale"};
  table["dropout"] = {buildDropout, "rate", "dropout"};
  table["softmax"] = {buildUnary<cnn::SoftmaxOp>, "", "softmax"};
  table["flatten"] = {buildUnary<cnn::FlattenOp>, "", "flatten"};
}
