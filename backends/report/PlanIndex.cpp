// Numbers for a plan's steps and maps.
#include "backends/report/ReportParts.h"

using namespace mlir;
using namespace incc;

PlanIndex::PlanIndex(plan::ProgramOp program) {
  for (Operation &op : program.getBody().front()) {
    if (auto stage = dyn_cast<plan::StageOp>(op)) {
      for (auto kernel : stage.getBody().getOps<plan::KernelOp>())
        steps.push_back({kernel, static_cast<int64_t>(stages.size())});
      stages.push_back(stage);
    } else if (isa<plan::InputOp, plan::OutputOp, plan::BufferOp, plan::ViewOp>(op)) {
      maps.insert({op.getResult(0), static_cast<int64_t>(maps.size())});
    }
  }
}

MapSlice::MapSlice(Value map) : base(map), first(0), end(cast<plan::MapType>(map.getType()).c()) {
  while (auto view = base.getDefiningOp<plan::ViewOp>()) {
    first += view.getChannel();
    end += view.getChannel();
    base = view.getSource();
  }
}

SmallVector<MapSlice> incc::slicesOf(OperandRange maps) {
  return llvm::map_to_vector(maps, [](Value map) { return MapSlice(map); });
}
