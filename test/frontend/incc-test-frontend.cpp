// Imports a model and prints its IR, or facts about it as JSON: the frontend alone, for tests.
#include "frontend/Diagnostics.h"
#include "frontend/Frontend.h"
#include "ir/Cnn.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/JSON.h"

using namespace mlir;
using namespace incc;
namespace cl = llvm::cl;
namespace json = llvm::json;

static json::Array shapeOf(Type type) {
  json::Array dims;
  for (int64_t dim : cast<RankedTensorType>(type).getShape())
    dims.push_back(dim);
  return dims;
}

/// Counts what `test/data/models.json` of the zoo counts, and lists tensors and layers' results.
static json::Object collectFacts(ModuleOp module) {
  int64_t parameters = 0, runningValues = 0, macs = 0, convs = 0, fcs = 0, bns = 0;
  json::Array layers, inputs, outputs, tensors;
  std::optional<double> leastEpsilon;
  json::Object kernels;
  func::FuncOp function = *module.getOps<func::FuncOp>().begin();
  for (Operation &op : function.getBody().front().without_terminator()) {
    macs += cnn::countMacs(&op);
    if (auto constant = dyn_cast<cnn::ConstantOp>(op)) {
      Operation *user = *constant->user_begin();
      int64_t count = cnn::tensorType(constant).getNumElements();
      auto bn = dyn_cast<cnn::BatchNormOp>(user);
      bool isStatistic = bn && (bn.getMean() == constant || bn.getVariance() == constant);
      // A fixed gamma has its layer's name, not a tensor's.
      bool isFixed = cnn::layerName(op.getLoc()) == cnn::layerName(user->getLoc());
      if (isFixed)
        continue;
      (isStatistic ? runningValues : parameters) += count;
      tensors.push_back(json::Array{cnn::layerName(op.getLoc()), shapeOf(constant.getType())});
      continue;
    }
    if (auto conv = dyn_cast<cnn::Conv2dOp>(op)) {
      ++convs;
      auto filter = cnn::tensorType(conv.getFilter()).getShape();
      std::string key = llvm::formatv("{0}x{1}", filter[2], filter[3]);
      kernels[key] = kernels.getInteger(key).value_or(0) + 1;
    }
    fcs += isa<cnn::LinearOp>(op);
    if (auto bn = dyn_cast<cnn::BatchNormOp>(op)) {
      ++bns;
      double epsilon = bn.getEpsilon().convertToDouble();
      leastEpsilon = std::min(leastEpsilon.value_or(epsilon), epsilon);
    }
    layers.push_back(json::Array{cnn::layerName(op.getLoc()), op.getName().getStringRef(),
                                 shapeOf(op.getResult(0).getType())});
  }
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes()))
    inputs.push_back(
        json::Object{{"name", function.getArgAttrOfType<StringAttr>(i, cnn::kNameAttr).getValue()},
                     {"shape", shapeOf(type)}});
  for (auto [i, type] : llvm::enumerate(function.getResultTypes()))
    outputs.push_back(json::Object{
        {"name", function.getResultAttrOfType<StringAttr>(i, cnn::kNameAttr).getValue()},
        {"shape", shapeOf(type)}});
  return json::Object{{"name", function.getName()},
                      {"inputs", std::move(inputs)},
                      {"outputs", std::move(outputs)},
                      {"parameters", parameters},
                      {"bn_running_values", runningValues},
                      {"macs", macs},
                      {"convs", convs},
                      {"fcs", fcs},
                      {"bns", bns},
                      {"bn_eps", leastEpsilon ? json::Value(*leastEpsilon) : json::Value(nullptr)},
                      {"kernels", std::move(kernels)},
                      {"tensors", std::move(tensors)},
                      {"layers", std::move(layers)}};
}

/// For each tensor its name and the sum and largest magnitude of its values.
static json::Array collectWeights(ModuleOp module) {
  json::Array tensors;
  module.walk([&](cnn::ConstantOp constant) {
    std::vector<float> storage;
    double sum = 0, largest = 0;
    for (float value : cnn::constantValues(constant.getValue(), storage)) {
      sum += value;
      largest = std::max<double>(largest, std::abs(value));
    }
    tensors.push_back(json::Object{{"name", cnn::layerName(constant.getLoc())},
                                   {"shape", shapeOf(constant.getType())},
                                   {"sum", sum},
                                   {"largest", largest}});
  });
  return tensors;
}

int main(int argc, char **argv) {
  cl::opt<std::string> path(cl::Positional, cl::Required, cl::desc("MODEL"));
  cl::opt<std::string> weights("weights", cl::desc("safetensors or npz file"));
  cl::opt<std::string> seed("random-weights", cl::desc("seed"));
  cl::opt<int64_t> batch("batch", cl::init(1));
  cl::list<std::string> settings("set", cl::desc("key=value"));
  cl::list<std::string> outputs("keep", cl::desc("outputs to keep"));
  cl::opt<bool> facts("facts", cl::desc("print facts as JSON"));
  cl::opt<bool> values("values", cl::desc("print each tensor's sum and largest magnitude"));
  cl::opt<bool> locations("locations", cl::desc("print locations"));
  cl::opt<bool> silent("silent", cl::desc("print nothing but diagnostics"));
  cl::opt<bool> quiet("q", cl::desc("print errors only"));
  llvm::InitLLVM init(argc, argv);
  cl::ParseCommandLineOptions(argc, argv, "imports a model\n");

  ImportOptions options;
  options.batch = batch;
  options.weightsPath = weights;
  if (uint64_t value; seed.getNumOccurrences() && !StringRef(seed).getAsInteger(10, value))
    options.randomSeed = value;
  for (StringRef setting : settings) {
    auto [key, value] = setting.split('=');
    options.settings.emplace_back(key.str(), value.str());
  }
  // Facts do not depend on weights, which take long to fill; a file given is to be matched.
  options.fillWeights = !facts || !options.weightsPath.empty();
  options.outputs.assign(outputs.begin(), outputs.end());

  MLIRContext context;
  DiagnosticPrinter printer(&context, quiet ? DiagnosticPrinter::Verbosity::quiet
                                            : DiagnosticPrinter::Verbosity::normal);
  OwningOpRef<ModuleOp> module = importModel(context, path, options);
  if (!module || failed(verify(*module)))
    return 1;
  if (silent)
    return 0;
  if (facts || values) {
    json::Value result = facts ? json::Value(collectFacts(*module)) : collectWeights(*module);
    llvm::outs() << llvm::formatv("{0:2}\n", result);
    return 0;
  }
  OpPrintingFlags flags;
  flags.elideLargeElementsAttrs(16).elideLargeResourceString(16);
  if (locations)
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  module->print(llvm::outs(), flags);
  return 0;
}
