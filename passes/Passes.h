// The passes of incc: create functions, options and registration.
#ifndef INCC_PASSES_PASSES_H
#define INCC_PASSES_PASSES_H

#include "ir/Plan.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace incc {

struct CalibrationOptions;
struct TuneOptions;

#define GEN_PASS_DECL
#include "passes/Passes.h.inc"

/// The pass choose-algorithm, which chooses by measuring as far as `tune` says.
std::unique_ptr<mlir::Pass> createChooseAlgorithmPass(const ChooseAlgorithmPassOptions &options,
                                                      const TuneOptions &tune);

/// The pass factorize-conv, which measures as far as `tune` and `calibration` say.
std::unique_ptr<mlir::Pass> createFactorizeConvPass(const FactorizeConvPassOptions &options,
                                                    const TuneOptions &tune,
                                                    const CalibrationOptions &calibration);

/// The pass schedule-branches, which measures as far as `tune` says.
std::unique_ptr<mlir::Pass> createScheduleBranchesPass(const ScheduleBranchesPassOptions &options,
                                                       const TuneOptions &tune);

#define GEN_PASS_REGISTRATION
#include "passes/Passes.h.inc"

} // namespace incc

#endif // INCC_PASSES_PASSES_H
