// Dynamic programming over the endings of a graph of kernels.
#include "passes/StageSearch.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"
#include <cassert>
#include <limits>

using namespace incc;

/// A set of kernels, a bit for each.
using Set = uint64_t;

double Schedule::cycles() const {
  double sum = 0;
  for (const CostedStage &stage : stages)
    sum += stage.cycles;
  return sum;
}

Schedule incc::sequentialSchedule(unsigned numKernels, StageCost cost) {
  Schedule schedule;
  for (unsigned kernel = 0; kernel < numKernels; ++kernel)
    schedule.stages.push_back(cost(kernel));
  return schedule;
}

namespace {
class Search {
public:
  Search(llvm::ArrayRef<Set> predecessors, unsigned mostKernels, StageCost cost)
      : predecessors(predecessors), mostKernels(mostKernels), cost(cost) {
    best[0] = {};
  }

  Schedule run() {
    Set left = llvm::maskTrailingOnes<Set>(predecessors.size());
    solve(left);
    Schedule schedule;
    for (; left; left &= ~best[left].ending)
      schedule.stages.push_back(costs[best[left].ending]);
    std::reverse(schedule.stages.begin(), schedule.stages.end());
    return schedule;
  }

private:
  struct Entry {
    double cycles = 0;
    /// The last stage.
    Set ending = 0;
  };

  llvm::ArrayRef<Set> predecessors;
  unsigned mostKernels;
  StageCost cost;
  /// By the kernels that have to run.
  llvm::DenseMap<Set, Entry> best;
  /// By the kernels of a stage.
  llvm::DenseMap<Set, CostedStage> costs;

  const CostedStage &costOf(Set stage) {
    auto [entry, isNew] = costs.try_emplace(stage);
    if (isNew) {
      Stage kernels;
      for (Set rest = stage; rest; rest &= rest - 1)
        kernels.push_back(llvm::countr_zero(rest));
      entry->second = cost(kernels);
    }
    return entry->second;
  }

  /// The kernels of `set` that no other of it needs.
  Set endsOf(Set set) const {
    Set needed = 0;
    for (Set rest = set; rest; rest &= rest - 1)
      needed |= predecessors[llvm::countr_zero(rest)];
    return set & ~needed;
  }

  /// Fewest cycles of running all of `set`.
  double solve(Set set) {
    if (auto known = best.find(set); known != best.end())
      return known->second.cycles;
    Set ends = endsOf(set);
    // The last kernel alone comes first, as equals do not replace it.
    Set last = llvm::bit_floor(set);
    assert((ends & last) && "kernels come after those they depend on");
    // Sets of independent kernels are as many as subsets: look at some, then take kernels as they
    // come. Modules of published networks have neither so many ends nor entries.
    constexpr int kMostEnds = 10;
    constexpr size_t kMostEntries = 1 << 14;
    while (llvm::popcount(ends) > kMostEnds)
      ends &= ends - 1;
    if (best.size() + costs.size() > kMostEntries)
      ends = last;
    Entry entry = {solve(set & ~last) + costOf(last).cycles, last};
    for (Set ending = ends; ending; ending = (ending - 1) & ends) {
      if (llvm::popcount(ending) > static_cast<int>(mostKernels))
        continue;
      double before = solve(set & ~ending);
      // Rounding must not pass for a gain.
      constexpr double kEqual = 1 - 1e-9;
      if (before < entry.cycles)
        if (double cycles = before + costOf(ending).cycles; cycles < entry.cycles * kEqual)
          entry = {cycles, ending};
    }
    best[set] = entry;
    return entry.cycles;
  }
};
} // namespace

Schedule incc::findSchedule(llvm::ArrayRef<uint64_t> predecessors, unsigned mostKernels,
                            StageCost cost) {
  assert(predecessors.size() <= 64 && "sets are words of 64 bits");
  Schedule schedule = Search(predecessors, mostKernels, cost).run();
  Schedule sequential = sequentialSchedule(predecessors.size(), cost);
  return schedule.cycles() < sequential.cycles() ? schedule : sequential;
}
