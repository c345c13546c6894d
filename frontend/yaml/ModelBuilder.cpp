// The core of the builder: chains, module calls, names, parameters and errors.
#include "frontend/yaml/ModelBuilder.h"
#include "frontend/NearestName.h"
#include "ir/CnnInfer.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace incc;
using namespace incc::yaml;

// Bounds on what a model file can ask for; the largest of the known CNNs stay far below.
/// Layers, repetitions and module calls. ResNet-152 takes about 800.
static constexpr unsigned kMaxSteps = 20'000;
/// Values of all parameters: 4 GiB. VGG-19 has 144 million.
static constexpr uint64_t kMaxParameterValues = uint64_t(1) << 30;
/// Elements of one feature map.
static constexpr uint64_t kMaxElements = uint64_t(1) << 30;
static constexpr unsigned kMaxErrors = 50;
static constexpr size_t kMaxPathBytes = 4096;
static constexpr unsigned kMaxNesting = 64;

/// What expressions call the sizes of a layer's input.
static constexpr StringRef kAxes[] = {"C", "H", "W"};

ModelBuilder::ModelBuilder(MLIRContext *context, const ImportOptions &options)
    : ops(context), options(options) {
  addConvLayers(table);
  addElementwiseLayers(table);
  addPoolLayers(table);
  addStructureLayers(table);
}

Location ModelBuilder::locate(const Node &at, const Frame &frame) const {
  Location place = at.loc;
  if (frame.caller)
    place = CallSiteLoc::get(at.loc, Location(frame.caller));
  return frame.path.empty() ? place
                            : NameLoc::get(StringAttr::get(ops.getContext(), frame.path), place);
}

void ModelBuilder::error(const Node &at, const Frame &frame, const Twine &message) {
  std::string text = message.str();
  ++numErrors;
  if (numErrors > kMaxErrors)
    return;
  std::string key;
  llvm::raw_string_ostream(key) << at.loc << text;
  if (!reported.insert(key).second)
    return;
  if (numErrors == kMaxErrors)
    text = "too many errors, giving up";
  emitError(locate(at, frame)) << text;
}

bool ModelBuilder::countStep(const Node &at) {
  if (numErrors >= kMaxErrors)
    return false;
  if (++numSteps == kMaxSteps) {
    ++numErrors;
    emitError(at.loc) << "the model has more than " << kMaxSteps << " layers";
  }
  return numSteps < kMaxSteps;
}

std::string ModelBuilder::join(StringRef path, StringRef name) {
  if (path.empty() || name.empty())
    return (path + name).str();
  return (path + "." + name).str();
}

std::optional<Datum> ModelBuilder::evaluate(const Node &node, const Frame &frame) {
  if (node.isNull())
    return Datum();
  if (node.isMap()) {
    error(node, frame, "expected a value or a list, got a map");
    return std::nullopt;
  }
  if (node.isList()) {
    List list;
    for (const NodePtr &item : node.items) {
      // Lists of lists come only by `$name`: a literal one could be an alias bomb.
      if (item->isList()) {
        error(*item, frame, "expected a single value, got a list inside of a list");
        return std::nullopt;
      }
      std::optional<Datum> value = evaluate(*item, frame);
      if (!value)
        return std::nullopt;
      list.push_back(std::move(*value));
    }
    return Datum(std::move(list));
  }
  llvm::Expected<Datum> value = expand(node.text, node.quoted, *frame.scope);
  if (value)
    return std::move(*value);
  llvm::Error failure = value.takeError();
  if (failure.isA<UnknownValueError>()) {
    // The cause has been reported.
    llvm::consumeError(std::move(failure));
    ++numErrors;
    return std::nullopt;
  }
  error(node, frame, llvm::toString(std::move(failure)));
  return std::nullopt;
}

Value ModelBuilder::buildChain(const Node &layers, Value input, const Frame &frame) {
  if (layers.isNull())
    return input;
  if (!layers.isList()) {
    error(layers, frame, "expected a list of layers, got " + layers.describe());
    return nullptr;
  }
  Value value = input;
  for (const NodePtr &layer : layers.items) {
    if (!countStep(*layer))
      return nullptr;
    value = buildLayer(*layer, value, frame);
  }
  return value;
}

/// A layer's name: `name` of its map, or what stands first or alone after a module; "" if it has
/// none.
std::string ModelBuilder::layerName(const Node *value, const Frame &frame, const Module *module) {
  const Node *name = nullptr;
  if (value && value->isMap())
    name = value->find("name");
  else if (value && value->isList() && module && !value->items.empty())
    name = value->items.front().get();
  else if (value && value->isScalar() && module)
    name = value;
  if (!name)
    return "";
  std::optional<Datum> text = evaluate(*name, frame);
  if (!text)
    return "";
  std::string result = text->str();
  bool valid = !result.empty() && llvm::all_of(result, [](char c) {
    return llvm::isAlnum(c) || c == '_' || c == '.' || c == '-';
  });
  if (!text->is<std::string>() && !text->is<int64_t>())
    valid = false;
  if (!valid) {
    error(*name, frame,
          "expected a name of letters, digits, '_', '-' and '.', got '" + text->str() + "'");
    return "";
  }
  return result;
}

Value ModelBuilder::buildLayer(const Node &layer, Value input, const Frame &outer) {
  // 1. Find the key: `relu`, or the one of a map that is not `if`.
  const Node *key = &layer, *value = nullptr, *condition = nullptr;
  if (layer.isMap()) {
    key = nullptr;
    for (auto &[name, entry] : layer.entries) {
      if (name->text == "if") {
        condition = entry.get();
      } else if (key) {
        error(*name, outer,
              "expected one layer, got '" + key->text + "' and '" + name->text +
                  "'; parameters are indented below their layer");
        return nullptr;
      } else {
        key = name.get();
        value = entry->isNull() ? nullptr : entry.get();
      }
    }
  }
  if (!key || !key->isScalar()) {
    error(layer, outer, "expected a layer's name or a map of one, got " + layer.describe());
    return nullptr;
  }

  auto kind = table.find(key->text);
  auto module = modules.find(key->text);
  if (kind == table.end() && module == modules.end()) {
    std::vector<std::string> ops, own;
    for (auto &entry : table)
      ops.push_back(entry.getKey().str());
    for (auto &entry : modules)
      own.push_back(entry.getKey().str());
    llvm::sort(ops);
    llvm::sort(own);
    std::string known = "supported: " + llvm::join(ops, ", ");
    if (!own.empty())
      known += "; modules of this model: " + llvm::join(own, ", ");
    ops.insert(ops.end(), own.begin(), own.end());
    error(*key, outer,
          "unknown layer '" + key->text + "'" + didYouMean(key->text, ops) + " (" + known + ")");
    return nullptr;
  }

  // 2. The shape of the input is visible to the layer's expressions.
  Scope scope(outer.scope);
  ArrayRef<int64_t> shape = input ? cnn::tensorType(input).getShape() : ArrayRef<int64_t>();
  for (size_t i = 0; i < 3; ++i) {
    if (!input)
      scope.setUnknown(kAxes[i]);
    else if (i + 1 < shape.size())
      scope.set(kAxes[i], Datum(shape[i + 1]));
  }
  Frame frame = outer;
  frame.scope = &scope;

  if (condition) {
    std::optional<Datum> test = evaluate(*condition, frame);
    if (!test)
      return nullptr;
    auto *flag = test->getIf<bool>();
    if (!flag) {
      error(*condition, frame,
            "expected a boolean after 'if', got " + test->describeKind() + " '" + test->str() +
                "'");
      return nullptr;
    }
    if (!*flag)
      return input;
  }

  // 3. Name it and build it.
  const Module *called = module == modules.end() ? nullptr : &module->second;
  std::string name = layerName(value, frame, called);
  bool hasLayers = called || kind->second.hasLayers;
  Frame named = frame;
  named.path =
      join(outer.path, !name.empty() || called ? StringRef(name) : kind->second.defaultName);
  if (named.path.size() > kMaxPathBytes) {
    error(*key, outer, "the names of the enclosing layers are too long");
    return nullptr;
  }
  Location loc = locate(*key, named);
  if (!hasLayers || !name.empty())
    frame.path = named.path;
  Params params(*this, frame, *key, key->text, called ? nullptr : value,
                called ? StringRef() : kind->second.main);
  LayerContext context = {*this, params, frame, input, loc};
  if (called)
    return buildModule(context, *called, value, *key);
  // Every layer can have a name.
  params.node("name");
  return kind->second.build(context);
}

Value ModelBuilder::buildModule(LayerContext &context, const Module &module, const Node *arguments,
                                const Node &call) {
  const Frame &frame = context.frame;
  if (llvm::is_contained(frame.modules, &module)) {
    error(call, frame, "module '" + call.text + "' calls itself");
    return nullptr;
  }
  if (frame.modules.size() >= kMaxNesting) {
    error(call, frame, "modules are nested too deeply");
    return nullptr;
  }

  // The arguments as nodes of the caller: a map by name, a list by position (the name first), or
  // the name alone.
  llvm::StringMap<const Node *> given;
  bool failed = false;
  if (arguments && arguments->isMap()) {
    std::vector<std::string> known = {"name"};
    for (auto &entry : module.args)
      known.push_back(entry.first.str());
    for (auto &[key, value] : arguments->entries) {
      if (!llvm::is_contained(known, key->text)) {
        error(*key, frame,
              "module '" + call.text + "' has no argument '" + key->text + "'" +
                  didYouMean(key->text, known) + " (it has " + llvm::join(known, ", ") + ")");
        failed = true;
      }
      given[key->text] = value.get();
    }
  } else if (arguments && arguments->isList()) {
    if (arguments->items.size() > module.args.size() + 1) {
      error(*arguments, frame,
            "module '" + call.text + "' takes a name and " + Twine(module.args.size()) +
                " arguments, got " + Twine(arguments->items.size()) + " items");
      failed = true;
    }
    for (auto [entry, value] : llvm::zip(
             module.args,
             ArrayRef(arguments->items).drop_front(std::min<size_t>(1, arguments->items.size()))))
      given[entry.first] = value.get();
  }

  // A module sees the model's arguments and its own, not its caller's.
  Scope scope(&globals);
  for (StringRef axis : kAxes)
    if (auto *extent = frame.scope->find(axis))
      *extent ? scope.set(axis, **extent) : scope.setUnknown(axis);
  Frame inside = frame;
  inside.scope = &scope;
  StringAttr calledName = ops.getStringAttr(call.text);
  Location site = frame.caller ? CallSiteLoc::get(call.loc, Location(frame.caller)) : call.loc;
  inside.caller = NameLoc::get(calledName, site);
  inside.modules.push_back(&module);
  for (auto &[arg, defaultNode] : module.args) {
    const Node *node = given.lookup(arg);
    if (!node && !defaultNode) {
      error(call, frame, "module '" + call.text + "' needs a value for '" + arg + "'");
      failed = true;
    }
    std::optional<Datum> value = node          ? evaluate(*node, frame)
                                 : defaultNode ? evaluate(*defaultNode, inside)
                                               : std::nullopt;
    if (value)
      scope.set(arg, std::move(*value));
    else
      scope.setUnknown(arg);
  }
  // Mistakes in its arguments do not keep the module's own from being found.
  Value result = buildChain(*module.layers, failed ? nullptr : context.input, inside);
  return failed ? nullptr : result;
}

Value ModelBuilder::parameter(LayerContext &context, StringRef name, weights::ParameterKind kind,
                              ArrayRef<int64_t> shape) {
  std::string fullName = join(context.frame.path, name);
  // Shapes come from bounded widths and kernels: their product fits into 128 bits.
  unsigned __int128 count = 1;
  for (int64_t dim : shape)
    count *= static_cast<unsigned __int128>(dim);
  if (count > kMaxParameterValues || (numParameterValues += count) > kMaxParameterValues) {
    error(context.params.layer(), context.frame,
          "parameter '" + name + "' of shape " + cnn::formatShape(shape) +
              " makes the model larger than " + Twine(kMaxParameterValues) + " values");
    return nullptr;
  }
  Frame unnamed = context.frame;
  unnamed.path.clear();
  Location loc = NameLoc::get(ops.getStringAttr(fullName), locate(context.params.layer(), unnamed));
  auto [it, isNew] = parameterLocs.try_emplace(fullName, loc);
  if (!isNew) {
    error(context.params.layer(), context.frame,
          "parameter '" + fullName + "' belongs to another layer already; give this one a name");
    return nullptr;
  }
  auto type = RankedTensorType::get(shape, ops.getF32Type());
  auto constant =
      ops.create<cnn::ConstantOp>(loc, cast<ElementsAttr>(DenseElementsAttr::get(type, 0.0f)));
  parameters.push_back({std::move(fullName), kind, constant});
  return constant;
}

Value ModelBuilder::checkResult(LayerContext &context, Operation *op) {
  if (!op) {
    ++numErrors; // reported by the op
    return nullptr;
  }
  Value result = op->getResult(0);
  unsigned __int128 count = 1;
  for (int64_t dim : cnn::tensorType(result).getShape())
    count *= static_cast<unsigned __int128>(dim);
  if (count <= kMaxElements)
    return result;
  error(context.params.layer(), context.frame,
        "result of shape " + cnn::formatShape(cnn::tensorType(result).getShape()) +
            " has more than " + Twine(kMaxElements) + " elements");
  return nullptr;
}
