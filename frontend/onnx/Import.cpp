// Imports an ONNX model: file, names and order, inputs, nodes, outputs.
#include "frontend/onnx/Import.h"
#include "frontend/onnx/Graph.h"
#include "frontend/onnx/ModelFile.h"
#include "frontend/onnx/Node.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace incc;
using namespace incc::onnximport;

static constexpr int64_t kMaxBatch = 1 << 16;
/// Nodes that are listed one by one if they can't be imported.
static constexpr size_t kMaxListed = 1000;
/// What cnn functions take.
static constexpr int64_t kMaxRank = 8;

namespace {
class OnnxImporter {
public:
  OnnxImporter(MLIRContext *context, StringRef path, const ImportOptions &options)
      : path(path), options(options), file(path), builder(context) {
    addConstantOperators(table);
    addConvOperators(table);
    addElementwiseOperators(table);
    addMatrixOperators(table);
    addMoveOperators(table);
    addNormOperators(table);
    addPoolOperators(table);
    addReduceOperators(table);
    addResizeOperators(table);
    addShapeOperators(table);
  }

  OwningOpRef<ModuleOp> run(StringRef bytes);

private:
  Location fileLoc() { return FileLineColLoc::get(builder.ops.getStringAttr(path), 0, 0); }
  Location named(StringRef name) {
    return NameLoc::get(builder.ops.getStringAttr(printable(name)), fileLoc());
  }
  void error(const Twine &message) {
    hasErrors = true;
    emitError(fileLoc()) << message;
  }

  bool checkOptions();
  std::vector<std::string> outputNames();
  void readInputs(func::FuncOp function);
  std::optional<Shape> inputShape(const onnx::ValueInfoProto &input);
  void importNodes(ArrayRef<int> order);
  void importNode(onnx::NodeProto &proto, int index);
  /// Imports the node by its row of the table, or as one of the few that have none; its results.
  std::vector<Operand> importResults(onnx::NodeProto &proto);
  std::vector<Operand> importIf(onnx::NodeProto &proto);
  Operand operand(const std::string &name);
  Operand loadInitializer(StringRef name, onnx::TensorProto &proto);
  void reportProblems();
  void finishOutputs(func::FuncOp function, ArrayRef<std::string> names);
  void warnIfDeclaredOtherwise(StringRef name, ArrayRef<int64_t> shape);
  void eraseDead(func::FuncOp function);

  /// A node that can't be imported, and why.
  struct Problem {
    Location loc;
    std::string description, reason;
  };

  std::string path;
  const ImportOptions &options;
  ModelFile file;
  NetworkBuilder builder;
  OperatorTable table;
  llvm::StringMap<onnx::TensorProto *> initializers;
  llvm::StringMap<Operand> values;
  SmallVector<std::string> inputNames;
  std::vector<Problem> problems;
  /// Operator and opset of the node that is being imported, as problems call it.
  std::string description;
  size_t numNodes = 0, numBadNodes = 0;
  bool hasErrors = false, hasSymbolicBatch = false;
};
} // namespace

/// The file's stem made an identifier: it becomes the prefix of all symbols.
static std::string functionName(StringRef path) {
  std::string stem = llvm::sys::path::stem(path).str();
  for (char &c : stem)
    c = llvm::isAlnum(c) ? c : '_';
  return stem.empty() || llvm::isDigit(stem[0]) ? "_" + stem : stem;
}

bool OnnxImporter::checkOptions() {
  if (options.batch < 1 || options.batch > kMaxBatch)
    error("expected a batch from 1 to " + Twine(kMaxBatch) + ", got " + Twine(options.batch));
  if (!options.weightsPath.empty() || options.randomSeed)
    error("an ONNX file holds its weights: others can't be given");
  if (!options.settings.empty())
    error("an ONNX file has no arguments: '" + options.settings.front().first + "' can't be set");
  return !hasErrors;
}

/// The graph's outputs, or those of them that the options keep.
std::vector<std::string> OnnxImporter::outputNames() {
  std::vector<std::string> all, kept;
  llvm::StringSet<> seen;
  for (const onnx::ValueInfoProto &output : file.graph().output()) {
    if (!seen.insert(output.name()).second)
      error("output '" + printable(output.name()) + "' occurs twice");
    all.push_back(output.name());
  }
  for (const std::string &name : options.outputs)
    if (!seen.contains(name))
      error("the model has no output '" + name + "' (it has " + llvm::join(all, ", ") + ")");
  llvm::copy_if(all, std::back_inserter(kept), [&](const std::string &name) {
    return options.outputs.empty() || llvm::is_contained(options.outputs, name);
  });
  if (kept.empty() && !hasErrors)
    error("the model has no outputs");
  return kept;
}

/// The static shape of an input, its symbolic batch replaced. Empty after an error.
std::optional<Shape> OnnxImporter::inputShape(const onnx::ValueInfoProto &input) {
  auto fail = [&](const Twine &message) {
    error("input '" + printable(input.name()) + "' " + message);
    return std::nullopt;
  };
  if (!input.type().has_tensor_type())
    return fail("is no tensor");
  const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
  if (tensor.elem_type() != onnx::TensorProto::FLOAT)
    return fail("is of type " + typeName(tensor.elem_type()) +
                "; supported are inputs of type float");
  if (!tensor.has_shape())
    return fail("has no shape");
  if (tensor.shape().dim_size() > kMaxRank)
    return fail("has rank " + Twine(tensor.shape().dim_size()) + "; supported are ranks up to " +
                Twine(kMaxRank));
  Shape shape;
  for (auto [axis, dim] : llvm::enumerate(tensor.shape().dim())) {
    bool isSymbolic = !dim.has_dim_value() || dim.dim_value() == -1;
    if (!isSymbolic) {
      shape.push_back(dim.dim_value());
      continue;
    }
    if (axis != 0)
      return fail("has a symbolic dimension" +
                  (dim.has_dim_param() ? " '" + printable(dim.dim_param()) + "'" : std::string()) +
                  " at axis " + Twine(axis) + "; only the first, the batch, may be symbolic");
    hasSymbolicBatch = true;
    shape.push_back(options.batch);
  }
  std::optional<int64_t> count = checkedElements(shape);
  if (!count || *count == 0)
    return fail("of shape " + formatShape(shape) + " must have from 1 to " + Twine(kMaxElements) +
                " elements");
  return shape;
}

void OnnxImporter::readInputs(func::FuncOp function) {
  bool hasBatch = false;
  for (const onnx::ValueInfoProto &input : file.graph().input()) {
    if (initializers.contains(input.name()))
      continue;
    std::optional<Shape> shape = inputShape(input);
    if (!shape)
      continue;
    hasBatch |= !shape->empty() && shape->front() == options.batch;
    Shape declared = shape->empty() ? Shape{1} : *shape;
    auto type = RankedTensorType::get(declared, builder.ops.getF32Type());
    Value argument = function.getBody().front().addArgument(type, named(input.name()));
    values[input.name()] = NetworkBuilder::wrap(argument, *shape);
    inputNames.push_back(input.name());
  }
  if (hasErrors)
    return;
  if (options.batch != 1 && !hasSymbolicBatch && !hasBatch)
    error("the batch is fixed in the model: " + Twine(options.batch) +
          " can't be given where no input's first dimension is symbolic");
}

Operand OnnxImporter::loadInitializer(StringRef name, onnx::TensorProto &proto) {
  Shape shape(proto.dims().begin(), proto.dims().end());
  llvm::Expected<HostTensor> tensor = file.load(proto);
  if (tensor)
    return builder.constant(std::move(*tensor), shape);
  hasErrors = true;
  emitError(named(name)) << "the initializer " << llvm::toString(tensor.takeError()) << " (shape "
                         << formatShape(shape) << ")";
  return {};
}

Operand OnnxImporter::operand(const std::string &name) {
  if (name.empty())
    return {};
  auto [it, isNew] = values.try_emplace(name);
  if (isNew)
    if (onnx::TensorProto *proto = initializers.lookup(name))
      return values[name] = loadInitializer(name, *proto);
  return it->second;
}

/// An If whose condition is known: the nodes of the branch taken, in place of it. Exporters leave
/// such where they could not tell a shape.
std::vector<Operand> OnnxImporter::importIf(onnx::NodeProto &proto) {
  Operand condition = operand(proto.input(0));
  if (!condition)
    return {};
  if (!condition.isConstant() || condition.numElements() != 1) {
    builder.fail("its condition ('" + printable(proto.input(0)) + "') must be a constant");
    return {};
  }
  StringRef wanted = condition.constant.number(0) != 0 ? "then_branch" : "else_branch";
  auto attribute = llvm::find_if(*proto.mutable_attribute(), [&](const auto &candidate) {
    return candidate.name() == wanted && candidate.has_g();
  });
  if (attribute == proto.mutable_attribute()->end() ||
      attribute->g().output_size() != proto.output_size()) {
    builder.fail("attribute '" + wanted + "': expected a graph with " + Twine(proto.output_size()) +
                 " outputs");
    return {};
  }
  onnx::GraphProto &branch = *attribute->mutable_g();
  for (onnx::TensorProto &tensor : *branch.mutable_initializer())
    if (!initializers.try_emplace(tensor.name(), &tensor).second) {
      builder.fail("value '" + printable(tensor.name()) + "' of its branch is defined twice");
      return {};
    }
  auto isDefined = [&](const std::string &name) {
    return name.empty() || values.contains(name) || initializers.contains(name);
  };
  Location outer = builder.loc;
  std::string outerDescription = description;
  for (auto [index, node] : llvm::enumerate(*branch.mutable_node())) {
    for (const std::string &name : node.input())
      if (!isDefined(name)) {
        builder.fail("in its branch, '" + printable(name) + "' is read before it is computed");
        return {};
      }
    for (const std::string &name : node.output())
      if (!name.empty() && isDefined(name)) {
        builder.fail("value '" + printable(name) + "' of its branch is defined twice");
        return {};
      }
    importNode(node, static_cast<int>(index));
  }
  builder.loc = outer;
  description = outerDescription;
  std::vector<Operand> results;
  for (const onnx::ValueInfoProto &output : branch.output()) {
    if (!isDefined(output.name())) {
      builder.fail("output '" + printable(output.name()) + "' of its branch is not computed");
      return {};
    }
    results.push_back(operand(output.name()));
  }
  return results;
}

std::vector<Operand> OnnxImporter::importResults(onnx::NodeProto &proto) {
  bool isOurs = proto.domain().empty() || proto.domain() == "ai.onnx";
  int64_t opset = file.opset(proto.domain());
  if (isOurs && proto.op_type() == "If" && proto.input_size() == 1)
    return importIf(proto);
  auto row = isOurs ? table.find(proto.op_type()) : table.end();
  if (row == table.end() || opset < row->second.since || opset > row->second.until) {
    builder.fail("is not a supported operator");
    return {};
  }
  const OperatorRow &entry = row->second;
  SmallVector<Operand> inputs;
  for (const std::string &name : proto.input())
    inputs.push_back(operand(name));
  int numInputs = proto.input_size();
  bool hasRequired = numInputs >= entry.minInputs && numInputs <= entry.maxInputs;
  for (int i = 0; hasRequired && i < entry.minInputs; ++i)
    if (proto.input(i).empty()) {
      builder.fail("input " + Twine(i) + " is left out, but it is required");
      return {};
    }
  if (!hasRequired) {
    std::string expected = std::to_string(entry.minInputs);
    if (entry.maxInputs == kAnyNumber)
      expected += " or more";
    else if (entry.maxInputs != entry.minInputs)
      expected += " to " + std::to_string(entry.maxInputs);
    builder.fail("expected " + expected + " inputs, got " + Twine(numInputs));
    return {};
  }
  Node node(builder, file, proto, opset, inputs);
  entry.import(node);
  return node.finish().vec();
}

void OnnxImporter::importNode(onnx::NodeProto &proto, int index) {
  bool isOurs = proto.domain().empty() || proto.domain() == "ai.onnx";
  builder.loc = named(nodeName(proto, index));
  description = (isOurs ? "" : printable(proto.domain()) + ".") + printable(proto.op_type()) +
                " (opset " + std::to_string(file.opset(proto.domain())) + ")";
  size_t before = problems.size(), badBefore = numBadNodes;
  ++numNodes;
  std::vector<Operand> results = importResults(proto);
  bool isGood = problems.size() == before;
  // Those of a branch have been counted.
  numBadNodes += !isGood && numBadNodes == badBefore;
  results.resize(proto.output_size());
  // After an error there are operands too, which say so.
  for (auto [name, result] : llvm::zip_equal(proto.output(), results))
    if (!name.empty())
      values[name] = isGood ? result : Operand();
}

void OnnxImporter::importNodes(ArrayRef<int> order) {
  // Errors of the ops themselves count as the node's; they are listed together.
  ScopedDiagnosticHandler handler(builder.ops.getContext(), [&](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error || hasErrors)
      return failure();
    problems.push_back({diagnostic.getLocation(), description, diagnostic.str()});
    return success();
  });
  for (int index : order)
    importNode(*file.graph().mutable_node(index), index);
}

void OnnxImporter::reportProblems() {
  if (problems.empty())
    return;
  hasErrors = true;
  InFlightDiagnostic diagnostic = emitError(fileLoc());
  diagnostic << numBadNodes << " of " << numNodes << " nodes can't be imported";
  ArrayRef<Problem> all(problems);
  for (const Problem &problem : all.take_front(kMaxListed))
    diagnostic.attachNote(problem.loc) << problem.description << ": " << problem.reason;
  // What is beyond reading is counted.
  llvm::MapVector<StringRef, size_t> more;
  for (const Problem &problem : all.drop_front(std::min(all.size(), kMaxListed)))
    ++more[problem.description];
  for (auto &[description, count] : more)
    diagnostic.attachNote(fileLoc()) << description << ": " << count << " more";
}

/// The declared shape of an output is only a claim: what counts is computed.
void OnnxImporter::warnIfDeclaredOtherwise(StringRef name, ArrayRef<int64_t> shape) {
  for (const onnx::ValueInfoProto &output : file.graph().output()) {
    if (output.name() != name || !output.type().tensor_type().has_shape())
      continue;
    auto dims = output.type().tensor_type().shape().dim();
    bool fits = dims.size() == static_cast<int64_t>(shape.size());
    for (int axis = 0; fits && axis < dims.size(); ++axis)
      fits = !dims[axis].has_dim_value() || dims[axis].dim_value() == shape[axis];
    if (fits)
      continue;
    SmallVector<int64_t> declared;
    for (const auto &dim : dims)
      declared.push_back(dim.has_dim_value() ? dim.dim_value() : -1);
    emitWarning(named(name)) << "the output is declared as " << formatShape(declared)
                             << ", but the network computes " << formatShape(shape);
  }
}

void OnnxImporter::finishOutputs(func::FuncOp function, ArrayRef<std::string> names) {
  SmallVector<Value> results;
  for (const std::string &name : names) {
    Operand result = operand(name);
    builder.loc = named(name);
    if (!result)
      return;
    warnIfDeclaredOtherwise(name, result.shape);
    if (result.rank() > kMaxRank)
      return error("output '" + printable(name) + "' has rank " + Twine(result.rank()) +
                   "; supported are ranks up to " + Twine(kMaxRank));
    if (result.isConstant() && (!result.constant.isFloat32() || result.numElements() == 0))
      return error("output '" + printable(name) + "' is a constant of type " +
                   typeName(result.constant.type()) + " and shape " + formatShape(result.shape) +
                   "; supported are outputs of type float with elements");
    results.push_back(
        builder.as(result, result.rank() ? ArrayRef<int64_t>(result.shape) : ArrayRef<int64_t>{1}));
  }
  OpBuilder &ops = builder.ops;
  ops.create<func::ReturnOp>(function.getLoc(), results);
  Block &body = function.getBody().front();
  function.setType(ops.getFunctionType(body.getArgumentTypes(), ValueRange(results).getTypes()));
  for (auto [i, name] : llvm::enumerate(inputNames))
    function.setArgAttr(i, cnn::kNameAttr, ops.getStringAttr(name));
  for (auto [i, name] : llvm::enumerate(names))
    function.setResultAttr(i, cnn::kNameAttr, ops.getStringAttr(name));
}

/// Erases what recognised patterns and unused results leave.
void OnnxImporter::eraseDead(func::FuncOp function) {
  SmallVector<Operation *> ops;
  for (Operation &op : function.getBody().front().without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    if (op->use_empty())
      op->erase();
}

OwningOpRef<ModuleOp> OnnxImporter::run(StringRef bytes) {
  if (llvm::Error failure = file.parse(bytes)) {
    error(llvm::toString(std::move(failure)));
    return nullptr;
  }
  if (!checkOptions())
    return nullptr;
  std::vector<std::string> outputs = outputNames();
  std::optional<std::vector<int>> order =
      orderNodes(file.graph(), outputs, [&](const std::string &message) { error(message); });
  if (hasErrors || !order)
    return nullptr;
  for (onnx::TensorProto &proto : *file.graph().mutable_initializer())
    initializers[proto.name()] = &proto;
  if (file.graph().sparse_initializer_size()) {
    error("initializer '" + file.graph().sparse_initializer(0).values().name() +
          "' is sparse, which is not supported");
    return nullptr;
  }

  OpBuilder &ops = builder.ops;
  std::string name = functionName(path);
  OwningOpRef<ModuleOp> module = ModuleOp::create(fileLoc(), name);
  ops.setInsertionPointToEnd(module->getBody());
  auto function = ops.create<func::FuncOp>(fileLoc(), name, ops.getFunctionType({}, {}));
  ops.setInsertionPointToEnd(function.addEntryBlock());
  readInputs(function);
  if (hasErrors)
    return nullptr;
  importNodes(*order);
  reportProblems();
  if (hasErrors)
    return nullptr;
  finishOutputs(function, outputs);
  if (hasErrors)
    return nullptr;
  eraseDead(function);
  return module;
}

OwningOpRef<ModuleOp> onnximport::importOnnx(MLIRContext &context, llvm::MemoryBufferRef bytes,
                                             StringRef path, const ImportOptions &options) {
  context.loadDialect<cnn::CnnDialect, func::FuncDialect>();
  return OnnxImporter(&context, path, options).run(bytes.getBuffer());
}

OwningOpRef<ModuleOp> onnximport::importOnnx(MLIRContext &context, StringRef path,
                                             const ImportOptions &options) {
  auto fail = [&](StringRef message) {
    emitError(FileLineColLoc::get(StringAttr::get(&context, path), 0, 0)) << message;
    return nullptr;
  };
  llvm::sys::fs::file_status status;
  if (std::error_code code = llvm::sys::fs::status(path, status))
    return fail(code.message());
  if (!llvm::sys::fs::is_regular_file(status))
    return fail("is not a regular file");
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!buffer)
    return fail(buffer.getError().message());
  return importOnnx(context, **buffer, path, options);
}
