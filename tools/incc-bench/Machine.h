// Measures what the machine can do, as a yardstick.
#ifndef INCC_TOOLS_BENCH_MACHINE_H
#define INCC_TOOLS_BENCH_MACHINE_H

#include "llvm/ADT/StringRef.h"

namespace incc {

struct Peak {
  /// Float32 operations a second (a multiply-add is two) of `threads` threads together, in 10^9:
  /// the most in a millisecond, and the median.
  double gflops = 0, medianGflops = 0;
  /// The instructions it was reached with: avx512, avx2 or sse2.
  llvm::StringRef isa;
};

/// Runs multiply-adds that depend on nothing but registers, on `threads` threads for some 30 ms.
Peak measurePeak(int threads);

/// 10^9 bytes a second that `threads` threads together read from memory (no cache holds them).
double measureBandwidth(int threads);

} // namespace incc

#endif // INCC_TOOLS_BENCH_MACHINE_H
