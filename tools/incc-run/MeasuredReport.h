// Adds measured times to the report that incc wrote of a model.
#ifndef INCC_TOOLS_RUN_MEASUREDREPORT_H
#define INCC_TOOLS_RUN_MEASUREDREPORT_H

#include "tools/support/LoadedModel.h"

namespace incc {

/// What a profiled run gives.
struct Measurements {
  std::vector<double> stepMs;
  /// Of a whole run, the median.
  double totalMs;
  int threads;
  size_t runs;
};

/// Writes the report in `folder` anew with `measured` in it. Fails if it is not of `model`'s steps.
llvm::Error addToReport(llvm::StringRef folder, const LoadedModel &model,
                        const Measurements &measured);

} // namespace incc

#endif // INCC_TOOLS_RUN_MEASUREDREPORT_H
