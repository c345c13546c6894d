// Lets kernels that do not depend on each other share stages, where the model says that it pays.
//
//   stage { a }, stage { b }   ->   stage { a, b }
//
// After Ding et al., IOS (MLSys 2021). The graph of kernels is cut into blocks, such as Inception
// modules: whatever follows a block needs all of it. Dynamic programming (StageSearch.h) finds each
// block's best schedule, where a stage costs what the runtime's loop over its tasks takes,
// simulated (ir/StageCost.h), and the barrier behind it. Legal, since the kernels of a stage depend
// only on stages before it; schedules that are modelled no faster leave the block as it was.
#include "ir/DecisionLog.h"
#include "ir/StageCost.h"
#include "passes/Passes.h"
#include "passes/PlanGraph.h"
#include "passes/StageSearch.h"
#include "passes/TuneStages.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

namespace incc {
#define GEN_PASS_DEF_SCHEDULEBRANCHESPASS
#include "passes/Passes.h.inc"
} // namespace incc

using namespace mlir;
using namespace incc;

/// Gives every kernel a stage of its own.
static void splitStages(plan::ProgramOp program) {
  for (auto stage : llvm::make_early_inc_range(program.getOps<plan::StageOp>())) {
    OpBuilder builder(stage);
    auto kernels = stage.getBody().getOps<plan::KernelOp>();
    if (llvm::hasNItemsOrLess(kernels, 1))
      continue;
    for (plan::KernelOp kernel : llvm::make_early_inc_range(kernels)) {
      Block &body = builder.create<plan::StageOp>(kernel.getLoc()).getBody().emplaceBlock();
      kernel->moveBefore(&body, body.end());
    }
    stage.erase();
  }
}

/// Sets of kernels grow as the product of the branches' lengths; no module of a published network
/// has more kernels than this.
static constexpr unsigned kMostKernelsOfBlock = 24;

namespace {
struct ScheduleBranchesPass : incc::impl::ScheduleBranchesPassBase<ScheduleBranchesPass> {
  using ScheduleBranchesPassBase::ScheduleBranchesPassBase;
  TuneOptions tune;

  void runOnOperation() override {
    plan::ProgramOp program = getOperation();
    WalkResult isModelled = program.walk([](plan::KernelOp kernel) {
      return kernel.getCycles() ? WalkResult::advance()
                                : WalkResult(kernel.emitRemark(
                                      "branches are not scheduled: the kernel has no cycles"));
    });
    if (isModelled.wasInterrupted())
      return;
    splitStages(program);
    PlanGraph graph(program);
    ArrayRef<plan::KernelOp> kernels = graph.kernels();
    SmallVector<unsigned> begins = graph.blocks(kMostKernelsOfBlock);
    std::optional<StageTuner> tuner;
    if (tune.time)
      tuner.emplace(program, mcpu, threads, tune);
    double before = 0, after = 0;
    size_t stages = 0;
    for (auto [i, begin] : llvm::enumerate(begins)) {
      unsigned end = i + 1 < begins.size() ? begins[i + 1] : kernels.size();
      ArrayRef<plan::KernelOp> block = kernels.slice(begin, end - begin);
      auto cost = [&](ArrayRef<unsigned> stage) { return cheapestOrder(block, stage); };
      std::vector<uint64_t> predecessors = predecessorsOf(graph, begin, end);
      SmallVector<Schedule> candidates = listCandidates(predecessors, cost);
      before += candidates.back().cycles();
      const Schedule &schedule = candidates[tuner ? tuner->fastest(block, candidates) : 0];
      after += schedule.cycles();
      stages += schedule.stages.size();
      rewrite(block, schedule, i);
      logSchedule(block, predecessors, schedule);
    }
    if (tuner)
      tuner->finish();
    numKernels += kernels.size();
    numStages += stages;
    emitRemark(program.getLoc(), llvm::formatv("schedule: {0} -> {1} stages; modelled {2:f3} -> "
                                               "{3:f3} Mcycles on {4} threads",
                                               kernels.size(), stages, before * 1e-6, after * 1e-6,
                                               threads.getValue()));
  }

private:
  /// Tells which kernels run side by side; of a block of branches where none do, why.
  static void logSchedule(ArrayRef<plan::KernelOp> block, ArrayRef<uint64_t> predecessors,
                          const Schedule &schedule) {
    auto nameOf = [&](unsigned k) { return cnn::layerName(block[k]->getLoc()).str(); };
    for (const CostedStage &stage : schedule.stages)
      if (stage.kernels.size() > 1) {
        auto others = llvm::map_to_vector(ArrayRef(stage.kernels).drop_front(), nameOf);
        logDone(block[stage.kernels.front()], "runs beside '" + llvm::join(others, "', '") + "'",
                {{"stage cycles", stage.cycles}});
      }
    bool hasBranches = llvm::any_of(llvm::enumerate(predecessors), [](auto entry) {
      return static_cast<size_t>(llvm::popcount(entry.value())) < entry.index();
    });
    if (hasBranches && schedule.stages.size() == block.size())
      logDeclined(block.front(), "runs alone, as all its block: no schedule is faster",
                  {{"block cycles", schedule.cycles()}});
  }

  static std::vector<uint64_t> predecessorsOf(const PlanGraph &graph, unsigned begin,
                                              unsigned end) {
    std::vector<uint64_t> sets(end - begin);
    for (unsigned later = begin; later < end; ++later)
      for (unsigned earlier = begin; earlier < later; ++earlier)
        sets[later - begin] |= uint64_t(graph.dependsOn(later, earlier)) << (earlier - begin);
    return sets;
  }

  /// The model's choice first, one kernel after the other last, between them what differs from
  /// both: the choice among schedules of pairs. None is modelled slower than the last.
  SmallVector<Schedule> listCandidates(ArrayRef<uint64_t> predecessors, StageCost cost) const {
    SmallVector<Schedule> list = {findSchedule(predecessors, mostKernels, cost)};
    auto add = [&](Schedule schedule) {
      auto isSame = [&](const Schedule &other) { return haveEqualStages(schedule, other); };
      if (llvm::none_of(list, isSame))
        list.push_back(std::move(schedule));
    };
    add(findSchedule(predecessors, std::min(2u, mostKernels.getValue()), cost));
    add(sequentialSchedule(predecessors.size(), cost));
    return list;
  }

  static bool haveEqualStages(const Schedule &a, const Schedule &b) {
    return llvm::equal(a.stages, b.stages, [](const CostedStage &x, const CostedStage &y) {
      return x.kernels == y.kernels;
    });
  }

  /// Cycles of a stage from its begin to its end.
  double stageCycles(ArrayRef<plan::KernelOp> block, ArrayRef<unsigned> stage) const {
    auto tasks = llvm::map_to_vector(stage, [&](unsigned i) { return plan::tasksOf(block[i]); });
    return StageModel{threads, barrierCycles, sharing}.cycles(tasks);
  }

  /// All orders of few kernels are tried; of more those by the time of tasks: long ones that begin
  /// late keep everybody waiting.
  CostedStage cheapestOrder(ArrayRef<plan::KernelOp> block, ArrayRef<unsigned> kernels) const {
    constexpr size_t kFew = 4;
    Stage order(kernels);
    CostedStage best = {order, stageCycles(block, order)};
    auto consider = [&] {
      if (double cycles = stageCycles(block, order); cycles < best.cycles)
        best = {order, cycles};
    };
    if (kernels.size() <= kFew) {
      while (std::next_permutation(order.begin(), order.end()))
        consider();
      return best;
    }
    llvm::sort(order, [&](unsigned a, unsigned b) {
      auto perTask = [&](unsigned i) { return plan::tasksOf(block[i]).cycles; };
      return std::pair(-perTask(a), a) < std::pair(-perTask(b), b);
    });
    consider();
    std::reverse(order.begin(), order.end());
    consider();
    return best;
  }

  /// Moves the kernels of `block`, each in a stage of its own, into the stages of `schedule`.
  static void rewrite(ArrayRef<plan::KernelOp> block, const Schedule &schedule,
                      int64_t blockIndex) {
    SmallVector<plan::StageOp> old;
    for (plan::KernelOp kernel : block)
      old.push_back(cast<plan::StageOp>(kernel->getParentOp()));
    // What the kernels name is declared before all of them if their order changes.
    bool isSequential = schedule.stages.size() == block.size();
    for (Operation *op = old.front(); op != old.back() && !isSequential;) {
      Operation *next = op->getNextNode();
      if (!isa<plan::StageOp>(op))
        op->moveBefore(old.front());
      op = next;
    }
    OpBuilder builder(old.front());
    for (auto [i, stage] : llvm::enumerate(schedule.stages)) {
      auto locs =
          llvm::map_to_vector(stage.kernels, [&](unsigned k) { return block[k]->getLoc(); });
      if (isSequential)
        builder.setInsertionPoint(old[i]);
      auto op = builder.create<plan::StageOp>(builder.getFusedLoc(locs),
                                              builder.getI64IntegerAttr(blockIndex),
                                              plan::cyclesAttr(builder.getContext(), stage.cycles));
      Block &body = op.getBody().emplaceBlock();
      for (unsigned k : stage.kernels)
        block[k]->moveBefore(&body, body.end());
    }
    for (plan::StageOp stage : old)
      stage.erase();
  }
};
} // namespace

std::unique_ptr<Pass> incc::createScheduleBranchesPass(const ScheduleBranchesPassOptions &options,
                                                       const TuneOptions &tune) {
  auto pass = std::make_unique<ScheduleBranchesPass>(options);
  pass->tune = tune;
  return pass;
}
