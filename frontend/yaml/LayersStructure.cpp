// Layers made of layers: concat, add, mul, group, repeat, output; and input.
#include "frontend/NearestName.h"
#include "frontend/yaml/ModelBuilder.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

/// Builds each list of layers in `branches` on the layer's input. Empty after an error.
static SmallVector<Value> buildBranches(LayerContext &context, const Node *branches) {
  if (!branches || !branches->isList() || branches->items.size() < 2) {
    context.params.error(branches ? *branches : context.params.layer(),
                         "expected at least two branches, each a list of layers ([] is the "
                         "identity)" +
                             std::string(branches ? ", got " + branches->describe().str() : ""));
    return {};
  }
  SmallVector<Value> values;
  for (const NodePtr &branch : branches->items)
    values.push_back(context.builder.buildChain(*branch, context.input, context.frame));
  return llvm::is_contained(values, nullptr) ? SmallVector<Value>() : values;
}

static Value buildConcat(LayerContext &context) {
  const Node *branches = context.params.node("branches");
  LogicalResult valid = context.params.finish();
  SmallVector<Value> values = buildBranches(context, branches);
  if (failed(valid) || values.empty())
    return nullptr;
  return context.builder.create<cnn::ConcatOp>(context, values);
}

/// Combines the branches from left to right by a binary op, then activates.
template <typename OpT> static Value buildBinary(LayerContext &context) {
  OpBuilder &ops = context.builder.ops;
  const Node *branches = context.params.node("branches");
  cnn::ActivationAttr act = context.params.activation("act");
  LogicalResult valid = context.params.finish();
  SmallVector<Value> values = buildBranches(context, branches);
  if (failed(valid) || values.empty())
    return nullptr;
  Value result = values.front();
  for (Value value : ArrayRef(values).drop_front())
    if (result)
      result = context.builder.create<OpT>(context, {result, value});
  if (!result || !act)
    return result;
  return context.builder.create<cnn::ActivationOp>(context, result, ops.getNamedAttr("act", act));
}

static Value buildLayersOf(LayerContext &context, const Node *layers) {
  if (layers)
    return context.builder.buildChain(*layers, context.input, context.frame);
  return context.input;
}

static Value buildGroup(LayerContext &context) {
  const Node *layers = context.params.node("layers");
  LogicalResult valid = context.params.finish();
  Value value = buildLayersOf(context, layers);
  return succeeded(valid) ? value : nullptr;
}

static Value buildRepeat(LayerContext &context) {
  // More comes only from a mistake; the bound on all layers is lower.
  constexpr int64_t maxCount = 10'000;
  Params &params = context.params;
  int64_t count = params.integer("count", 0, maxCount);
  int64_t first = params.integer("from", 0, maxCount, 0);
  std::string index = params.text("index", "i");
  const Node *layers = params.node("layers");
  if (!layers)
    params.error(params.layer(), "'repeat' needs 'layers'");
  if (failed(params.finish()))
    return nullptr;
  Value value = context.input;
  for (int64_t i = first; i < first + count; ++i) {
    if (!context.builder.countStep(params.layer()))
      return nullptr;
    Scope scope(context.frame.scope);
    scope.set(index, Datum(i));
    Frame frame = context.frame;
    frame.scope = &scope;
    value = context.builder.buildChain(*layers, value, frame);
  }
  return value;
}

/// A tap: the layers make an extra output of the value, which itself passes on unchanged. The
/// output's name is the path.
static Value buildOutput(LayerContext &context) {
  Params &params = context.params;
  ModelBuilder &builder = context.builder;
  if (context.frame.path.empty())
    params.error(params.layer(), "'output' needs 'name'");
  bool keep = params.boolean("keep", true);
  const Node *layers = params.node("layers");
  if (failed(params.finish()))
    return nullptr;
  StringRef name = builder.ops.getStringAttr(context.frame.path).getValue();
  Value value = buildLayersOf(context, layers);
  if (!builder.options.outputs.empty())
    keep = llvm::is_contained(builder.options.outputs, name);
  if (!builder.heads.insert({name, keep ? value : nullptr}).second)
    params.error(params.layer(), "output '" + name + "' occurs twice");
  return context.input;
}

/// Goes on with a named input of the model instead of the value so far.
static Value buildInput(LayerContext &context) {
  Params &params = context.params;
  const Node *from = params.node("from");
  std::string name = params.text("from", "");
  if (!from)
    params.error(params.layer(), "'input' needs the name of an input");
  auto &inputs = context.builder.inputs;
  auto it = inputs.find(name);
  if (from && it == inputs.end()) {
    std::vector<std::string> known;
    for (auto &entry : inputs)
      known.push_back(entry.first);
    params.error(*from, "the model has no input '" + name + "'" + didYouMean(name, known) +
                            " (it has " + llvm::join(known, ", ") + ")");
  }
  return succeeded(params.finish()) ? it->second : nullptr;
}

void yaml::addStructureLayers(LayerTable &table) {
  table["concat"] = {buildConcat, "branches", "concat", /*hasLayers=*/true};
  table["add"] = {buildBinary<cnn::AddOp>, "branches", "add", /*hasLayers=*/true};
  table["mul"] = {buildBinary<cnn::MulOp>, "branches", "mul", /*hasLayers=*/true};
  table["group"] = {buildGroup, "layers", "group", /*hasLayers=*/true};
  table["repeat"] = {buildRepeat, "", "repeat", /*hasLayers=*/true};
  table["output"] = {buildOutput, "", "output", /*hasLayers=*/true};
  table["input"] = {buildInput, "from", "input"};
}
