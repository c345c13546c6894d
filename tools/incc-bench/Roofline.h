// The least time that a layer can take on this machine.
#ifndef INCC_TOOLS_BENCH_ROOFLINE_H
#define INCC_TOOLS_BENCH_ROOFLINE_H

#include "tools/incc-bench/Machine.h"

namespace incc {

/// Milliseconds of `flops` operations at the peak or of moving `bytes` at the bandwidth, whichever
/// takes longer.
double rooflineMs(double flops, double bytes, const Peak &peak, double gigabytesPerSecond);

} // namespace incc

#endif // INCC_TOOLS_BENCH_ROOFLINE_H
