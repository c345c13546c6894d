// What each step computes, how, and at what cost.
#include "backends/report/ReportParts.h"
#include "ir/AttributeJson.h"

using namespace mlir;
using namespace incc;

/// The names of all layers that a location stands for: a merged convolution has several, and a part
/// of a factorized one the whole's as well.
static void appendLayers(Location loc, llvm::json::Array &names) {
  if (auto name = dyn_cast<NameLoc>(loc)) {
    names.push_back(name.getName().getValue());
    appendLayers(name.getChildLoc(), names);
  } else if (auto fused = dyn_cast<FusedLoc>(loc)) {
    for (Location part : fused.getLocations())
      appendLayers(part, names);
  }
}

/// What a step has to read and write at least: inputs, weights as the network has them, and
/// outputs, once each.
static int64_t leastBytes(plan::KernelOp kernel) {
  int64_t elements = 0;
  for (Value operand : kernel->getOperands()) {
    if (auto map = dyn_cast<plan::MapType>(operand.getType()))
      elements += map.n() * map.c() * map.h() * map.w();
    else if (auto weights = operand.getDefiningOp<plan::WeightsOp>())
      elements += weights.getValue().getNumElements();
  }
  return elements * static_cast<int64_t>(sizeof(float));
}

static llvm::json::Array numbersOf(OperandRange values, const PlanIndex &index) {
  llvm::json::Array numbers;
  for (Value map : values)
    numbers.push_back(index.maps.lookup(map));
  return numbers;
}

static llvm::json::Object reportStep(const PlanIndex::Step &step, const PlanIndex &index) {
  plan::KernelOp kernel = step.kernel;
  StringRef kind = kernel.getKind();
  kind.consume_front("cnn.");
  llvm::json::Array layers;
  appendLayers(kernel.getLoc(), layers);
  llvm::json::Object object{
      {"layer", cnn::layerName(kernel.getLoc())},
      {"layers", std::move(layers)},
      {"kind", kind},
      {"stage", step.stage},
      {"inputs", numbersOf(kernel.getInputs(), index)},
      {"outputs", numbersOf(kernel.getOutputs(), index)},
      {"params", toJson(kernel.getParams())},
      {"tasks", kernel.getTasks()},
      {"flops", kernel.getFlops()},
      {"bytes", leastBytes(kernel)},
  };
  if (auto config = kernel.getConfig())
    object["config"] = toJson(*config);
  if (auto cycles = kernel.getCycles())
    object["cycles"] = cycles->convertToDouble();
  if (auto others = kernel->getAttr("modelled"))
    object["modelled"] = toJson(others);
  return object;
}

llvm::json::Array incc::reportSteps(const PlanIndex &index) {
  llvm::json::Array list;
  for (const PlanIndex::Step &step : index.steps)
    list.push_back(reportStep(step, index));
  return list;
}
