// A report from its parts.
#include "backends/report/Report.h"
#include "backends/report/ReportParts.h"
#include "mlir/Pass/PassRegistry.h"

using namespace mlir;
using namespace incc;

/// What one core of the target can do, at most.
static llvm::json::Object reportTarget(const Target &target) {
  return llvm::json::Object{
      {"cpu", target.cpu.name},
      {"isa", target.isa.name},
      {"lanes", static_cast<int64_t>(target.isa.lanes)},
      {"flops_per_cycle", 2.0 * target.isa.lanes * target.cpu.fmasPerCycle},
      {"memory_bytes_per_cycle", target.cpu.memoryBytesPerCycle},
      {"gigahertz", target.cpu.gigahertz},
  };
}

llvm::json::Array incc::reportDecisions(ArrayRef<Decision> decisions) {
  llvm::json::Array list;
  for (const Decision &decision : decisions) {
    llvm::json::Object entry{{"pass", decision.pass},
                             {"layer", cnn::layerName(decision.loc)},
                             {"done", decision.isDone},
                             {"text", decision.text}};
    // A list keeps their order.
    llvm::json::Array numbers;
    for (const auto &[name, value] : decision.numbers)
      numbers.push_back(llvm::json::Array{name, value});
    if (!numbers.empty())
      entry["numbers"] = std::move(numbers);
    list.push_back(std::move(entry));
  }
  return list;
}

/// What each pass that decided something is for.
static llvm::json::Object reportPasses(ArrayRef<Decision> decisions) {
  llvm::json::Object passes;
  for (const Decision &decision : decisions)
    if (const PassInfo *info = PassInfo::lookup(decision.pass))
      passes[decision.pass] = info->getPassDescription();
  return passes;
}

llvm::json::Object incc::makeReport(plan::ProgramOp program, const ReportContext &context) {
  // Grows by one with every change that old readers would not survive.
  constexpr int64_t kFormat = 1;
  PlanIndex index(program);
  return llvm::json::Object{
      {"format", kFormat},
      {"name", program.getSymName()},
      {"model", context.modelPath},
      {"target", reportTarget(context.target)},
      {"threads", static_cast<int64_t>(context.threads)},
      {"steps", reportSteps(index)},
      {"graph", reportGraph(index)},
      {"memory", reportMemory(program, index)},
      {"timeline", reportTimeline(index, context.threads)},
      {"decisions", reportDecisions(context.decisions)},
      {"passes", reportPasses(context.decisions)},
  };
}
