// The runtime's parallel loop, simulated.
#include "ir/StageCost.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include <queue>

using namespace incc;

using Visitor = llvm::function_ref<void(unsigned, int64_t, int64_t, double)>;

namespace {
struct Range {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
};

/// Named as in runtime/Loop.c, whose steps it takes.
class Loop {
public:
  Loop(llvm::ArrayRef<KernelTasks> kernels, unsigned threads) : kernels(kernels), parts(threads) {
    for (const KernelTasks &kernel : kernels)
      left += kernel.count;
    int64_t count = left;
    for (int64_t i = 0; i < threads; ++i)
      parts[i] = {count * i / threads, count * (i + 1) / threads};
  }

  double run(Visitor visit) {
    // (time, thread), the earliest first.
    using Event = std::pair<double, unsigned>;
    std::priority_queue<Event, std::vector<Event>, std::greater<>> events;
    for (unsigned thread = 0; thread < parts.size(); ++thread)
      events.push({0, thread});
    double last = 0;
    while (left > 0) {
      auto [time, thread] = events.top();
      events.pop();
      Range next = nextOf(thread);
      left -= next.size();
      if (visit)
        visit(thread, next.begin, next.end, time);
      time += cyclesBefore(next.end) - cyclesBefore(next.begin);
      last = std::max(last, time);
      events.push({time, thread});
    }
    return last;
  }

private:
  llvm::ArrayRef<KernelTasks> kernels;
  llvm::SmallVector<Range, 64> parts;
  /// Tasks that nobody has begun.
  int64_t left = 0;

  double cyclesBefore(int64_t task) const {
    double cycles = 0;
    for (const KernelTasks &kernel : kernels) {
      int64_t count = std::min(task, kernel.count);
      cycles += static_cast<double>(count) * kernel.cycles;
      task -= count;
    }
    return cycles;
  }

  /// What `thread` calls the kernels with next, while there are tasks left.
  Range nextOf(unsigned thread) {
    Range &own = parts[thread];
    for (unsigned victim = thread; !own.size();) {
      victim = (victim + 1) % parts.size();
      Range &part = parts[victim];
      own = {part.end - (part.size() + 1) / 2, part.end};
      part.end = own.begin;
    }
    return takeFront(own);
  }

  /// Half of a part, rounded up.
  static Range takeFront(Range &part) {
    Range taken = {part.begin, part.begin + (part.size() + 1) / 2};
    part.begin = taken.end;
    return taken;
  }
};
} // namespace

double StageModel::cycles(llvm::ArrayRef<KernelTasks> kernels) const {
  int64_t tasks = 0;
  double work = 0;
  for (const KernelTasks &kernel : kernels) {
    tasks += kernel.count;
    work += static_cast<double>(kernel.count) * kernel.cycles;
  }
  // One thread or task needs no other: the runtime then calls the kernels itself.
  double barrier = threads > 1 && tasks > 1 ? barrierCycles : 0;
  double shared = kernels.size() > 1 ? sharing * work / threads : 0;
  return simulateLoop(kernels, threads) + barrier + shared;
}

double incc::simulateLoop(llvm::ArrayRef<KernelTasks> kernels, unsigned threads, Visitor visit) {
  return Loop(kernels, threads).run(visit);
}
