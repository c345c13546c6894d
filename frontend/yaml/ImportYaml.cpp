// Imports a YAML model file: arguments, inputs, layers, outputs, weights, in this order.
#include "frontend/yaml/ImportYaml.h"
#include "frontend/NearestName.h"
#include "frontend/yaml/ModelFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

static constexpr int64_t kMaxBatch = 1 << 16;
static constexpr int64_t kMaxInputExtent = 1 << 16;

namespace {
class YamlImporter {
public:
  YamlImporter(MLIRContext *context, StringRef path, const ImportOptions &options)
      : path(path), options(options), builder(context, options) {
    frame.scope = &builder.globals;
  }

  OwningOpRef<ModuleOp> run();

private:
  std::string modelName();
  void readArgs();
  void readInputs(func::FuncOp function);
  Value addInput(func::FuncOp function, const Node &at, StringRef name, const Node *shape);
  void finishOutputs(func::FuncOp function, Value main);
  SmallVector<std::string> outputOrder();
  void eraseUnused(func::FuncOp function);
  void readAttributes(ModuleOp module, func::FuncOp function);

  Location fileLoc() { return FileLineColLoc::get(builder.ops.getStringAttr(path), 0, 0); }

  std::string path;
  const ImportOptions &options;
  ModelBuilder builder;
  ModelFile model;
  Frame frame;
  SmallVector<std::string> inputNames, outputNames;
  std::string mainOutput;
  /// An option does not fit the model.
  bool settingsFailed = false;
};
} // namespace

/// `name`, or the file's stem made an identifier: it becomes the prefix of all symbols.
std::string YamlImporter::modelName() {
  if (!model.name) {
    std::string stem = llvm::sys::path::stem(path).str();
    for (char &c : stem)
      c = llvm::isAlnum(c) ? c : '_';
    return stem.empty() || llvm::isDigit(stem[0]) ? "_" + stem : stem;
  }
  const std::string &name = model.name->text;
  bool valid = model.name->isScalar() && !llvm::isDigit(name[0]) &&
               llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; });
  if (valid)
    return name;
  builder.error(*model.name, {},
                "expected a name of letters, digits and '_' that does not start with a digit" +
                    (model.name->isScalar() ? ", got '" + name + "'" : std::string()));
  return "model";
}

/// Evaluates the model's arguments in order, each by its `--set` or its default.
void YamlImporter::readArgs() {
  for (auto &[name, node] : model.args) {
    std::optional<Datum> value = builder.evaluate(*node, frame);
    for (auto &[key, text] : options.settings) {
      if (key != name || !value)
        continue;
      Datum given = parsePlainScalar(text);
      bool sameKind = given.index() == value->index() || value->isNull() ||
                      (value->is<double>() && given.is<int64_t>());
      if (!sameKind)
        emitError(fileLoc()) << "expected " << value->describeKind() << " for argument '" << name
                             << "', got '" << text << "'";
      else
        value = std::move(given);
      settingsFailed |= !sameKind;
    }
    if (value)
      builder.globals.set(name, std::move(*value));
    else
      builder.globals.setUnknown(name);
  }
  std::vector<std::string> known;
  for (auto &entry : model.args)
    known.push_back(entry.first.str());
  for (auto &[key, text] : options.settings) {
    if (llvm::is_contained(known, key))
      continue;
    settingsFailed = true;
    emitError(fileLoc()) << "the model has no argument '" << key << "'" << didYouMean(key, known)
                         << (known.empty() ? " (it has none)"
                                           : " (it has " + llvm::join(known, ", ") + ")");
  }
}

Value YamlImporter::addInput(func::FuncOp function, const Node &at, StringRef name,
                             const Node *shapeNode) {
  if (!shapeNode) {
    builder.error(at, frame, "an input needs 'shape'");
    return nullptr;
  }
  std::optional<Datum> value = builder.evaluate(*shapeNode, frame);
  if (!value)
    return nullptr;
  SmallVector<int64_t> shape = {options.batch};
  bool valid = value->is<List>() && !value->getIf<List>()->empty();
  if (valid)
    for (const Datum &dim : *value->getIf<List>()) {
      const int64_t *extent = dim.getIf<int64_t>();
      valid &= extent && *extent >= 1 && *extent <= kMaxInputExtent;
      shape.push_back(extent ? *extent : 1);
    }
  uint64_t elements = 1;
  for (int64_t dim : shape)
    valid &= !__builtin_mul_overflow(elements, static_cast<uint64_t>(dim), &elements) &&
             elements <= (uint64_t(1) << 30);
  if (!valid) {
    builder.error(*shapeNode, frame,
                  "expected [channels, rows, columns] or [features] of 1 to " +
                      Twine(kMaxInputExtent) +
                      " each and at most 2^30 in all, without the batch, "
                      "got " +
                      value->str());
    return nullptr;
  }
  if (!builder.inputs.try_emplace(name.str(), nullptr).second) {
    builder.error(at, frame, "input '" + name + "' occurs twice");
    return nullptr;
  }
  Location loc = NameLoc::get(builder.ops.getStringAttr(name), at.loc);
  auto type = RankedTensorType::get(shape, builder.ops.getF32Type());
  Value argument = function.getBody().front().addArgument(type, loc);
  builder.inputs[name.str()] = argument;
  inputNames.push_back(name.str());
  return argument;
}

void YamlImporter::readInputs(func::FuncOp function) {
  const Node &node = *model.input;
  SmallVector<const Node *> list = {&node};
  if (node.isList()) {
    list.clear();
    for (const NodePtr &item : node.items)
      list.push_back(item.get());
  }
  if (list.empty())
    builder.error(node, frame, "the model needs at least one input");
  for (const Node *input : list) {
    if (!input->isMap()) {
      builder.error(*input, frame,
                    "expected a map with 'name' and 'shape', got " + input->describe());
      continue;
    }
    Params params(builder, frame, *input, "input", input, "");
    std::string name = params.text("name", "input");
    const Node *shape = params.node("shape");
    if (failed(params.finish()))
      continue;
    addInput(function, *input, name, shape);
  }
}

/// The names of all outputs in the order of the file's `outputs`, or the main one first. The main
/// one is called by the name in `outputs` that is no head's, else "output".
SmallVector<std::string> YamlImporter::outputOrder() {
  SmallVector<std::string> order;
  std::string main;
  if (model.outputs) {
    if (!model.outputs->isList())
      builder.error(*model.outputs, frame,
                    "expected a list of names as 'outputs', got " + model.outputs->describe());
    for (const NodePtr &item : model.outputs->items) {
      if (!item->isScalar() || llvm::is_contained(order, item->text)) {
        builder.error(*item, frame, "expected each output's name once");
        continue;
      }
      order.push_back(item->text);
      if (builder.heads.count(item->text))
        continue;
      if (!main.empty())
        builder.error(*item, frame,
                      "'" + main + "' and '" + item->text +
                          "' are no 'output' layers; only the result of the last "
                          "layer can be named so");
      main = item->text;
    }
  }
  if (main.empty())
    order.insert(order.begin(), main = "output");
  for (auto &head : builder.heads)
    if (!llvm::is_contained(order, head.first))
      order.push_back(head.first.str());
  mainOutput = main;
  return order;
}

void YamlImporter::finishOutputs(func::FuncOp function, Value main) {
  SmallVector<std::string> order = outputOrder();
  for (const std::string &name : options.outputs) {
    if (llvm::is_contained(order, name))
      continue;
    settingsFailed = true;
    emitError(fileLoc()) << "the model has no output '" << name << "'"
                         << didYouMean(name, ArrayRef(order).vec()) << " (it has "
                         << llvm::join(order, ", ") << ")";
  }
  SmallVector<Value> results;
  for (const std::string &name : order) {
    Value value = name == mainOutput ? main : builder.heads.lookup(name);
    bool keep = options.outputs.empty() || llvm::is_contained(options.outputs, name);
    if (!value || !keep)
      continue;
    results.push_back(value);
    outputNames.push_back(name);
  }
  builder.ops.create<func::ReturnOp>(function.getLoc(), results);
  Block &body = function.getBody().front();
  function.setType(
      builder.ops.getFunctionType(body.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [i, name] : llvm::enumerate(inputNames))
    function.setArgAttr(i, cnn::kNameAttr, builder.ops.getStringAttr(name));
  for (auto [i, name] : llvm::enumerate(outputNames))
    function.setResultAttr(i, cnn::kNameAttr, builder.ops.getStringAttr(name));
}

/// Erases the layers of heads that are not kept and notes their tensors.
void YamlImporter::eraseUnused(func::FuncOp function) {
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front().without_terminator())
    ops.push_back(&op);
  llvm::SmallPtrSet<Operation *, 16> erased;
  for (Operation *op : llvm::reverse(ops)) {
    if (!op->use_empty())
      continue;
    erased.insert(op);
    op->erase();
  }
  std::vector<weights::Parameter> kept;
  for (weights::Parameter &parameter : builder.parameters) {
    if (erased.contains(parameter.op))
      builder.ignoredTensors.push_back(std::move(parameter.name));
    else
      kept.push_back(std::move(parameter));
  }
  builder.parameters = std::move(kept);
}

void YamlImporter::readAttributes(ModuleOp module, func::FuncOp function) {
  if (model.preprocess && !model.preprocess->isNull())
    if (DictionaryAttr preprocess =
            readPreprocess(builder, *model.preprocess,
                           cast<RankedTensorType>(function.getArgumentTypes().front()).getShape()))
      module->setAttr(cnn::kPreprocessAttr, preprocess);
  if (!model.labels || model.labels->isNull())
    return;
  ArrayAttr labels = readLabels(builder, *model.labels, model.labelsFolder);
  if (!labels)
    return;
  auto type = cast<RankedTensorType>(function.getResultTypes().front());
  int64_t classes = type.getRank() > 1 ? type.getDimSize(1) : 0;
  if (static_cast<int64_t>(labels.size()) != classes)
    builder.error(*model.labels, frame,
                  "expected " + Twine(classes) +
                      " labels, one per class of the first output, got " + Twine(labels.size()));
  module->setAttr(cnn::kLabelsAttr, labels);
}

OwningOpRef<ModuleOp> YamlImporter::run() {
  if (options.batch < 1 || options.batch > kMaxBatch) {
    emitError(fileLoc()) << "expected a batch from 1 to " << kMaxBatch << ", got " << options.batch;
    return nullptr;
  }
  if (failed(model.load(builder, path)))
    return nullptr;
  builder.modules = std::move(model.modules);

  OpBuilder &ops = builder.ops;
  std::string name = modelName();
  OwningOpRef<ModuleOp> module = ModuleOp::create(fileLoc(), name);
  ops.setInsertionPointToEnd(module->getBody());
  auto function = ops.create<func::FuncOp>(fileLoc(), name, ops.getFunctionType({}, {}));
  ops.setInsertionPointToEnd(function.addEntryBlock());

  readArgs();
  readInputs(function);
  // Without an input the layers' parameters are checked all the same.
  auto first = inputNames.empty() ? Value() : builder.inputs[inputNames.front()];
  Value main = builder.buildChain(*model.layers, first, frame);
  finishOutputs(function, main);
  if (builder.hasErrors() || settingsFailed)
    return nullptr;
  if (outputNames.empty()) {
    emitError(fileLoc()) << "the model keeps no output";
    return nullptr;
  }
  readAttributes(*module, function);
  if (builder.hasErrors())
    return nullptr;
  eraseUnused(function);
  if (failed(weights::assignWeights(*module, builder.parameters, builder.ignoredTensors, options)))
    return nullptr;
  return module;
}

OwningOpRef<ModuleOp> yaml::importYaml(MLIRContext &context, StringRef path,
                                       const ImportOptions &options) {
  return YamlImporter(&context, path, options).run();
}
