// Offsets for memory blocks that live for a while: dynamic storage allocation.
#ifndef INCC_PASSES_ARENALAYOUT_H
#define INCC_PASSES_ARENALAYOUT_H

#include "llvm/ADT/ArrayRef.h"
#include <cstdint>
#include <vector>

namespace incc {

/// A block that occupies `numBytes` from time `first` to `last`, both inclusive.
struct LiveBlock {
  int64_t numBytes;
  int64_t first, last;

  bool overlaps(const LiveBlock &other) const {
    return first <= other.last && other.first <= last;
  }
};

struct ArenaLayout {
  std::vector<int64_t> offsets;
  /// One past the last byte in use.
  int64_t peakBytes = 0;
};

/// The largest sum of blocks live at one time: no layout has a lower peak.
int64_t computeLowerBound(llvm::ArrayRef<LiveBlock> blocks);

/// Places `blocks` so that none overlaps another in both time and bytes. Deterministic; stops when
/// the lower bound is met, or after about `effort` comparisons of two blocks.
ArenaLayout layOutArena(llvm::ArrayRef<LiveBlock> blocks, uint64_t effort);

} // namespace incc

#endif // INCC_PASSES_ARENALAYOUT_H
