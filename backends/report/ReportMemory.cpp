// Where maps lie, and for how long.
#include "backends/report/ReportParts.h"

using namespace mlir;
using namespace incc;

namespace {
/// First and last stage that names a buffer or a view of it.
struct Life {
  int64_t first, last;
};
} // namespace

static DenseMap<Value, Life> findLives(const PlanIndex &index) {
  DenseMap<Value, Life> lives;
  for (const PlanIndex::Step &step : index.steps)
    for (Value operand : step.kernel->getOperands())
      if (isa<plan::MapType>(operand.getType())) {
        auto [entry, isNew] =
            lives.try_emplace(MapSlice(operand).base, Life{step.stage, step.stage});
        entry->second.last = step.stage;
      }
  return lives;
}

static llvm::json::Object reportMap(Value value, const PlanIndex &index,
                                    const DenseMap<Value, Life> &lives) {
  auto type = cast<plan::MapType>(value.getType());
  llvm::json::Object object{
      {"name", cnn::layerName(value.getLoc())},
      {"shape", llvm::json::Array(type.getShape())},
      {"block", type.getBlock()},
      {"halo", llvm::json::Array(type.getHalo())},
  };
  Operation *op = value.getDefiningOp();
  if (auto input = dyn_cast<plan::InputOp>(op)) {
    object["input"] = static_cast<int64_t>(input.getIndex());
  } else if (auto output = dyn_cast<plan::OutputOp>(op)) {
    object["output"] = static_cast<int64_t>(output.getIndex());
  } else if (auto view = dyn_cast<plan::ViewOp>(op)) {
    object["of"] = index.maps.lookup(view.getSource());
    object["channel"] = static_cast<int64_t>(view.getChannel());
  } else if (auto buffer = cast<plan::BufferOp>(op); lives.contains(value)) {
    // A buffer that no kernel names occupies nothing.
    object["bytes"] = type.byteSize();
    object["offset"] = static_cast<int64_t>(buffer.getOffset().value_or(0));
    object["first_stage"] = lives.at(value).first;
    object["last_stage"] = lives.at(value).last;
  }
  return object;
}

llvm::json::Object incc::reportMemory(plan::ProgramOp program, const PlanIndex &index) {
  DenseMap<Value, Life> lives = findLives(index);
  llvm::json::Array maps;
  for (auto [value, number] : index.maps)
    maps.push_back(reportMap(value, index, lives));
  return llvm::json::Object{
      {"maps", std::move(maps)},
      {"arena_bytes", static_cast<int64_t>(program.getArenaBytes().value_or(0))},
      {"live_bytes", static_cast<int64_t>(program.getLiveBytes().value_or(0))},
      {"scratch_bytes", static_cast<int64_t>(program.getScratchBytes().value_or(0))},
      {"weights_bytes", static_cast<int64_t>(program.getWeightsBytes().value_or(0))},
  };
}
