// The parts of a report, by what they tell of.
#ifndef INCC_BACKENDS_REPORT_REPORTPARTS_H
#define INCC_BACKENDS_REPORT_REPORTPARTS_H

#include "backends/report/Report.h"
#include "llvm/ADT/MapVector.h"

namespace incc {

/// The steps of a program in the order in which the library numbers them, and the maps that they
/// name.
struct PlanIndex {
  explicit PlanIndex(plan::ProgramOp program);

  struct Step {
    plan::KernelOp kernel;
    int64_t stage;
  };
  std::vector<Step> steps;
  std::vector<plan::StageOp> stages;
  /// Each map that the program declares, with its number.
  llvm::MapVector<mlir::Value, int64_t> maps;
};

/// Channels `first` to `end` of the map that `base` declares: what a view of it stands for.
struct MapSlice {
  mlir::Value base;
  int64_t first, end;

  explicit MapSlice(mlir::Value map);
  bool overlaps(const MapSlice &other) const {
    return base == other.base && first < other.end && other.first < end;
  }
};

/// The operands of `kernel` that it writes, as slices.
llvm::SmallVector<MapSlice> slicesOf(mlir::OperandRange maps);

/// One entry a kernel: what it computes, how, and at what modelled cost.
llvm::json::Array reportSteps(const PlanIndex &index);

/// Inputs, outputs, steps and the concatenations that steps write into, and who reads whose result.
llvm::json::Object reportGraph(const PlanIndex &index);

/// Every map with its place, and each buffer's bytes and life.
llvm::json::Object reportMemory(plan::ProgramOp program, const PlanIndex &index);

/// The stages, and what each thread does when by the model; empty if no step has cycles.
llvm::json::Object reportTimeline(const PlanIndex &index, unsigned threads);

llvm::json::Array reportDecisions(llvm::ArrayRef<Decision> decisions);

} // namespace incc

#endif // INCC_BACKENDS_REPORT_REPORTPARTS_H
