// The least time that a layer can take on this machine.
#ifndef INCC_TOOLS_BENCH_ROOFLINE_H
#define INCC_TOOLS_BENCH_ROOFLINE_H

#include "tools/incc-bench/Machine.h"
#include "tools/support/LoadedModel.h"

namespace incc {

/// Milliseconds of each step at the peak or at the bandwidth, whichever takes longer. Without
/// `bytes` the peak alone decides.
std::vector<double> rooflineMs(const LoadedModel &model, llvm::ArrayRef<double> bytes,
                               const Peak &peak, double gigabytesPerSecond);

} // namespace incc

#endif // INCC_TOOLS_BENCH_ROOFLINE_H
