// Greedy placement of live blocks in several orders, then a local search over orders.
#include "passes/ArenaLayout.h"
#include "llvm/ADT/STLExtras.h"
#include <map>
#include <numeric>
#include <random>

using namespace incc;

using Order = std::vector<unsigned>;

int64_t incc::computeLowerBound(llvm::ArrayRef<LiveBlock> blocks) {
  std::map<int64_t, int64_t> changes;
  for (const LiveBlock &block : blocks) {
    changes[block.first] += block.numBytes;
    changes[block.last + 1] -= block.numBytes;
  }
  int64_t live = 0, bound = 0;
  for (auto [time, change] : changes)
    bound = std::max(bound, live += change);
  return bound;
}

namespace {
/// Places blocks one after the other, each in a gap that those placed before leave it.
///
/// Every layout whose blocks can't be pushed down arises from placing them at the lowest fitting
/// offset in order of their offsets, so a search over orders can find the optimum.
class Placer {
public:
  explicit Placer(llvm::ArrayRef<LiveBlock> blocks) : blocks(blocks), neighbours(blocks.size()) {
    for (unsigned i = 0; i < blocks.size(); ++i)
      for (unsigned j = 0; j < i; ++j)
        if (blocks[i].overlaps(blocks[j])) {
          neighbours[i].push_back(j);
          neighbours[j].push_back(i);
        }
  }

  enum class Fit { Lowest, Tightest };

  ArenaLayout place(const Order &order, Fit fit) {
    ArenaLayout layout;
    layout.offsets.assign(blocks.size(), -1);
    for (unsigned block : order) {
      int64_t offset = findGap(block, layout.offsets, fit);
      layout.offsets[block] = offset;
      layout.peakBytes = std::max(layout.peakBytes, offset + blocks[block].numBytes);
    }
    return layout;
  }

  uint64_t numComparisons() const { return comparisons; }

private:
  int64_t findGap(unsigned block, llvm::ArrayRef<int64_t> offsets, Fit fit) {
    taken.clear();
    for (unsigned other : neighbours[block])
      if (offsets[other] >= 0)
        taken.emplace_back(offsets[other], offsets[other] + blocks[other].numBytes);
    comparisons += neighbours[block].size() + 1;
    llvm::sort(taken);
    int64_t needed = blocks[block].numBytes, end = 0, best = -1, bestSlack = INT64_MAX;
    for (auto [from, to] : taken) {
      int64_t slack = from - end - needed;
      if (slack >= 0 && slack < bestSlack) {
        best = end;
        bestSlack = slack;
        if (fit == Fit::Lowest)
          break;
      }
      end = std::max(end, to);
    }
    return best >= 0 ? best : end;
  }

  llvm::ArrayRef<LiveBlock> blocks;
  std::vector<std::vector<unsigned>> neighbours;
  std::vector<std::pair<int64_t, int64_t>> taken;
  uint64_t comparisons = 0;
};
} // namespace

/// The orders that do well on their own: by size, by size times life, by life, by time.
static std::vector<Order> startingOrders(llvm::ArrayRef<LiveBlock> blocks) {
  auto life = [](const LiveBlock &b) { return double(b.last - b.first + 1); };
  auto sortBy = [&](auto key) {
    Order order(blocks.size());
    std::iota(order.begin(), order.end(), 0u);
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return std::pair(-key(blocks[a]), a) < std::pair(-key(blocks[b]), b);
    });
    return order;
  };
  return {sortBy([](const LiveBlock &b) { return double(b.numBytes); }),
          sortBy([&](const LiveBlock &b) { return b.numBytes * life(b); }),
          sortBy(life),
          sortBy([](const LiveBlock &b) { return -double(b.first); }),
          sortBy([](const LiveBlock &b) { return double(b.last); })};
}

ArenaLayout incc::layOutArena(llvm::ArrayRef<LiveBlock> blocks, uint64_t effort) {
  int64_t bound = computeLowerBound(blocks);
  Placer placer(blocks);
  ArenaLayout best;
  Order bestOrder;
  for (const Order &order : startingOrders(blocks))
    for (Placer::Fit fit : {Placer::Fit::Lowest, Placer::Fit::Tightest}) {
      ArenaLayout layout = placer.place(order, fit);
      if (bestOrder.empty() || layout.peakBytes < best.peakBytes) {
        best = std::move(layout);
        bestOrder = order;
      }
      if (best.peakBytes == bound)
        return best;
    }

  // Local search: place a block that reaches beyond the bound earlier. Steps that change nothing
  // are taken, as the way down leads over plateaus; after many without gain it starts over from the
  // best order, shaken.
  constexpr unsigned kPatience = 300;
  std::mt19937 random(1);
  auto pick = [&](size_t count) { return static_cast<size_t>(random() % count); };
  Order order = bestOrder;
  ArenaLayout current = placer.place(order, Placer::Fit::Lowest);
  for (unsigned stale = 0; best.peakBytes > bound && placer.numComparisons() < effort; ++stale) {
    if (stale == kPatience) {
      order = bestOrder;
      for (size_t i = 0; i < 1 + order.size() / 8; ++i)
        std::swap(order[pick(order.size())], order[pick(order.size())]);
      current = placer.place(order, Placer::Fit::Lowest);
      stale = 0;
    }
    std::vector<size_t> high;
    for (auto [position, block] : llvm::enumerate(order))
      if (position && current.offsets[block] + blocks[block].numBytes > bound)
        high.push_back(position);
    Order next = order;
    size_t from = high.empty() || pick(8) == 0 ? pick(order.size()) : high[pick(high.size())];
    size_t to = pick(from + 1);
    std::rotate(next.begin() + to, next.begin() + from, next.begin() + from + 1);
    ArenaLayout layout = placer.place(next, Placer::Fit::Lowest);
    if (layout.peakBytes > current.peakBytes)
      continue;
    order = std::move(next);
    current = std::move(layout);
    if (current.peakBytes < best.peakBytes) {
      best = current;
      bestOrder = order;
      stale = 0;
    }
  }
  return best;
}
