// plan-memory: places buffers in the arena and weights in the constant section.
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"
#include "passes/ArenaLayout.h"
#include "passes/Passes.h"

using namespace mlir;
using namespace incc;

namespace incc {
#define GEN_PASS_DEF_PLANMEMORYPASS
#include "passes/Passes.h.inc"
} // namespace incc

/// A cache line, and the widest vector: so no two buffers share a line between threads.
static constexpr int64_t kAlignment = 64;

/// The op that declares the memory which `map` is a view of.
static Operation *declarationOf(Value map) {
  while (auto view = map.getDefiningOp<plan::ViewOp>())
    map = view.getSource();
  return map.getDefiningOp();
}

namespace {
/// The program's buffers with their lives; those that nothing uses are not among them.
struct LiveBuffers {
  std::vector<plan::BufferOp> buffers;
  std::vector<LiveBlock> blocks;
};

struct PlanMemoryPass : incc::impl::PlanMemoryPassBase<PlanMemoryPass> {
  using PlanMemoryPassBase::PlanMemoryPassBase;

  void runOnOperation() override {
    placeBuffers();
    if (failed(placeWeights()))
      signalPassFailure();
  }

private:
  void placeBuffers();
  LogicalResult placeWeights();
};
} // namespace

/// Time is counted in the ops of the program's body: kernels of one stage run side by side, so
/// whatever a stage names is live in all of it.
static LiveBuffers findLiveBuffers(plan::ProgramOp program) {
  LiveBuffers live;
  DenseMap<Operation *, unsigned> indices;
  int64_t time = 0;
  for (Operation &stage : program.getBody().front()) {
    ++time;
    stage.walk([&](plan::KernelOp kernel) {
      for (Value operand : kernel->getOperands()) {
        auto buffer = dyn_cast_or_null<plan::BufferOp>(declarationOf(operand));
        if (!buffer)
          continue;
        auto [entry, isNew] = indices.try_emplace(buffer, live.buffers.size());
        if (isNew) {
          int64_t numBytes = llvm::alignTo(buffer.getType().byteSize(), kAlignment);
          live.buffers.push_back(buffer);
          live.blocks.push_back({numBytes, time, time});
        }
        live.blocks[entry->second].last = time;
      }
    });
  }
  return live;
}

void PlanMemoryPass::placeBuffers() {
  plan::ProgramOp program = getOperation();
  LiveBuffers live = findLiveBuffers(program);
  ArenaLayout layout = layOutArena(live.blocks, searchEffort);
  int64_t bound = computeLowerBound(live.blocks);

  // A buffer that no kernel names occupies nothing: any offset will do.
  program.walk([&](plan::BufferOp buffer) { buffer.setOffset(0); });
  for (auto [buffer, offset] : llvm::zip_equal(live.buffers, layout.offsets))
    buffer.setOffset(offset);
  program.setArenaBytes(layout.peakBytes);
  program.setLiveBytes(bound);
  int64_t scratch = 0;
  program.walk([&](plan::KernelOp kernel) {
    scratch = std::max(scratch, plan::scratchBytes(kernel));
  });
  program.setScratchBytes(scratch);
  arenaBytes += layout.peakBytes;
  liveBytes += bound;
  // Not `program.emitRemark`, which would print all of it.
  emitRemark(program.getLoc(), "arena of ")
      << layout.peakBytes << " bytes; the lower bound is " << bound
      << llvm::formatv(" ({0:f3} times it)", bound ? double(layout.peakBytes) / bound : 1.0).str();
}

/// The bytes that `kernel` packs its weights operand `index` into.
static FailureOr<int64_t> packedBytes(plan::KernelOp kernel, unsigned index) {
  auto shape = cast<plan::WeightsOp>(kernel.getWeights()[index].getDefiningOp())
                   .getValue()
                   .getShapedType();
  Attribute given = kernel.getConfig() ? kernel.getConfig()->get("weights_bytes") : Attribute();
  if (!given)
    return llvm::divideCeil(shape.getNumElements() * shape.getElementTypeBitWidth(), 8);
  SmallVector<int64_t> bytes;
  if (auto dense = dyn_cast<DenseI64ArrayAttr>(given))
    llvm::append_range(bytes, dense.asArrayRef());
  else if (auto array = dyn_cast<ArrayAttr>(given))
    for (auto entry : array.getAsRange<Attribute>())
      bytes.push_back(isa<IntegerAttr>(entry) ? cast<IntegerAttr>(entry).getInt() : -1);
  if (bytes.size() != kernel.getWeights().size() ||
      llvm::any_of(bytes, [](int64_t count) { return count < 0; }))
    return kernel.emitOpError("config weights_bytes must give the size of each of the ")
           << kernel.getWeights().size() << " weights, got " << given;
  return bytes[index];
}

/// What the packed form of a weights operand depends on. Operand types are part of it since they
/// decide, with kind, params and config, which compiled function reads the weights.
static Attribute packingKey(plan::KernelOp kernel, unsigned index, Attribute value) {
  Builder builder(kernel.getContext());
  SmallVector<Attribute> parts = {value, kernel.getKindAttr(), kernel.getParamsAttr(),
                                  builder.getI64IntegerAttr(index)};
  if (kernel.getConfigAttr())
    parts.push_back(kernel.getConfigAttr());
  for (Type type : kernel->getOperandTypes())
    parts.push_back(TypeAttr::get(type));
  return builder.getArrayAttr(parts);
}

/// Gives every packed form of every constant one `plan.weights`: ops that would hold the same bytes
/// become one, an op that two kernels pack differently becomes two. Offsets follow first use.
LogicalResult PlanMemoryPass::placeWeights() {
  plan::ProgramOp program = getOperation();
  SmallVector<plan::WeightsOp> before(program.getBody().front().getOps<plan::WeightsOp>());
  DenseMap<Attribute, plan::WeightsOp> placed;
  int64_t end = 0;
  DenseSet<Operation *> taken;
  WalkResult result = program.walk([&](plan::KernelOp kernel) {
    for (auto [i, weights] : llvm::enumerate(kernel.getWeights())) {
      auto op = weights.getDefiningOp<plan::WeightsOp>();
      if (!op) {
        kernel.emitOpError("weights operand ") << i << " is not the result of a plan.weights";
        return WalkResult::interrupt();
      }
      FailureOr<int64_t> numBytes = packedBytes(kernel, i);
      if (failed(numBytes))
        return WalkResult::interrupt();
      plan::WeightsOp &home = placed[packingKey(kernel, i, op.getValueAttr())];
      if (!home) {
        home = op;
        if (!taken.insert(op).second) {
          OpBuilder builder(&getContext());
          builder.setInsertionPointAfter(op);
          home = cast<plan::WeightsOp>(builder.clone(*op));
          taken.insert(home);
        }
        home.setOffset(end);
        end += llvm::alignTo(*numBytes, kAlignment);
      }
      kernel.getWeightsMutable()[i].set(home.getWeights());
    }
    return WalkResult::advance();
  });
  if (result.wasInterrupted())
    return failure();
  for (plan::WeightsOp op : before)
    if (op->use_empty())
      op.erase();
  program.setWeightsBytes(end);
  return success();
}
