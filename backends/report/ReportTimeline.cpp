// The modelled run: the runtime's parallel loop, stage by stage, and what each thread does in it.
#include "backends/report/ReportParts.h"
#include "ir/StageCost.h"

using namespace mlir;
using namespace incc;

namespace {
/// Tasks of one step that a thread computes one after the other.
struct Piece {
  int64_t step, tasks;
  unsigned thread;
  double begin, end;
};

class TimelineReporter {
public:
  TimelineReporter(const PlanIndex &index, unsigned threads) : index(index), threads(threads) {}

  llvm::json::Object run() {
    for (PlanIndex::Step step : index.steps)
      if (!step.kernel.getCycles())
        return {};
    llvm::json::Array stages;
    double time = 0;
    for (size_t first = 0, end; first < index.steps.size(); first = end) {
      int64_t stage = index.steps[first].stage;
      for (end = first; end < index.steps.size() && index.steps[end].stage == stage;)
        ++end;
      double cycles = addStage(first, end, time);
      // The end of a stage costs as well, if schedule-branches says so.
      plan::StageOp op = index.stages[stage];
      if (auto whole = op.getCycles())
        cycles = std::max(cycles, whole->convertToDouble());
      stages.push_back(llvm::json::Object{{"first_step", static_cast<int64_t>(first)},
                                          {"steps", static_cast<int64_t>(end - first)},
                                          {"begin", time},
                                          {"end", time + cycles}});
      time += cycles;
    }
    return llvm::json::Object{
        {"cycles", time}, {"stages", std::move(stages)}, {"pieces", reportPieces()}};
  }

private:
  const PlanIndex &index;
  unsigned threads;
  std::vector<Piece> pieces;

  /// Runs the loop over the steps from `first` to `end` at `begin`; returns its cycles.
  double addStage(size_t first, size_t end, double begin) {
    auto loop = llvm::map_to_vector(ArrayRef(index.steps).slice(first, end - first),
                                    [](auto &step) { return plan::tasksOf(step.kernel); });
    // Of each thread, the last piece.
    SmallVector<int64_t> last(threads, -1);
    return simulateLoop(
        loop, threads, [&](unsigned thread, int64_t beginTask, int64_t endTask, double time) {
          time += begin;
          // Tasks are numbered through all kernels of the loop.
          for (size_t i = 0; i < loop.size() && endTask > 0; ++i) {
            int64_t from = std::max<int64_t>(beginTask, 0), to = std::min(endTask, loop[i].count);
            beginTask -= loop[i].count;
            endTask -= loop[i].count;
            if (from >= to)
              continue;
            double pieceEnd = time + static_cast<double>(to - from) * loop[i].cycles;
            addPiece(last[thread],
                     {static_cast<int64_t>(first + i), to - from, thread, time, pieceEnd});
            time = pieceEnd;
          }
        });
  }

  /// Lengthens the thread's last piece if it goes on with the same step.
  void addPiece(int64_t &last, const Piece &piece) {
    if (last >= 0 && pieces[last].step == piece.step) {
      pieces[last].end = piece.end;
      pieces[last].tasks += piece.tasks;
      return;
    }
    last = static_cast<int64_t>(pieces.size());
    pieces.push_back(piece);
  }

  llvm::json::Array reportPieces() const {
    llvm::json::Array list;
    for (const Piece &piece : pieces)
      list.push_back(llvm::json::Object{{"step", piece.step},
                                        {"tasks", piece.tasks},
                                        {"thread", static_cast<int64_t>(piece.thread)},
                                        {"begin", piece.begin},
                                        {"end", piece.end}});
    return list;
  }
};
} // namespace

llvm::json::Object incc::reportTimeline(const PlanIndex &index, unsigned threads) {
  return TimelineReporter(index, threads).run();
}
