// Prints where the time of a run went.
#ifndef INCC_TOOLS_SUPPORT_PROFILETABLE_H
#define INCC_TOOLS_SUPPORT_PROFILETABLE_H

#include "tools/support/LoadedModel.h"
#include "llvm/Support/raw_ostream.h"

namespace incc {

/// Prints one line per step (layer, kind, milliseconds, share, GFLOP/s), in the network's order or
/// the slowest first, then the sums per kind. `roofline` has the milliseconds that each step takes
/// at least on this machine, or nothing; with it come two columns more.
void printProfile(const LoadedModel &model, llvm::ArrayRef<double> milliseconds,
                  llvm::ArrayRef<double> roofline, bool slowestFirst, llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_TOOLS_SUPPORT_PROFILETABLE_H
