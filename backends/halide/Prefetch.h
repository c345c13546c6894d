// Prefetches that Halide's own directive can't say: those of what comes after the region that a
// loop computes, a part with each of its iterations.
#ifndef INCC_BACKENDS_HALIDE_PREFETCH_H
#define INCC_BACKENDS_HALIDE_PREFETCH_H

#include <Halide.h>
#include <string>
#include <vector>

namespace incc {

/// Cache lines of an array that loops of a lowered pipeline prefetch: the innermost of `loops`, at
/// the beginning of each iteration, a run of `linesPerRun` lines, numbered by all of them.
struct PrefetchStream {
  /// The name of the ImageParam.
  std::string array;
  /// A loop by its name in lowered code. Lowering drops loops of one iteration.
  struct Loop {
    std::string name;
    /// Runs (of a chunk: floats) from one iteration to the next.
    int64_t stride;
  };
  std::vector<Loop> loops;
  /// Runs before the first.
  int64_t firstRun = 0;
  /// Where the lines begin, in floats from the array's first element: what loops (their names, or
  /// the ends of them) have come by, `stride` floats with each iteration, and more.
  std::vector<Loop> chunks;
  int64_t firstFloat = 0;
  int64_t linesPerRun = 1;
};

/// Adds the prefetches of `streams` to what `pipeline` is lowered to.
void addPrefetches(Halide::Pipeline &pipeline, std::vector<PrefetchStream> streams);

} // namespace incc

#endif // INCC_BACKENDS_HALIDE_PREFETCH_H
