// What a network does with calibration inputs, as passes ask for it.
#ifndef INCC_PASSES_CALIBRATOR_H
#define INCC_PASSES_CALIBRATOR_H

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/OwningOpRef.h"
#include "passes/ConvEstimate.h"
#include <random>

namespace incc {

/// Keeps some of the windows, chosen at random, that a convolution reads.
class PatchSampler {
public:
  PatchSampler(mlir::Value input, const ConvGeometry &geometry);

  mlir::Value input;
  /// C x KH x KW each.
  std::vector<float> patches;

  /// Takes its share of windows from one of `numRuns` values of `input`.
  void sample(llvm::ArrayRef<float> values, size_t numRuns);

private:
  ConvGeometry geometry;
  llvm::SmallVector<int64_t, 4> output;
  /// Equal on all machines; the distributions of the standard library are not.
  std::mt19937 random;

  void take(llvm::ArrayRef<float> values, int64_t n, int64_t y, int64_t x);
};

/// Runs a function and what becomes of it on calibration inputs.
class Calibrator {
public:
  Calibrator(const CalibrationOptions &options, mlir::func::FuncOp function)
      : options(options), function(function) {}

  /// Runs the function, keeps its results, and lets each sampler see its values.
  mlir::LogicalResult observe(llvm::MutableArrayRef<PatchSampler> samplers);

  /// The error of `changed`, which computes the same approximately: the root mean square of the
  /// difference over that of the results that `observe` kept, for the result that errs most.
  mlir::FailureOr<double> errorOf(mlir::OwningOpRef<mlir::func::FuncOp> changed);

private:
  const CalibrationOptions &options;
  mlir::func::FuncOp function;
  /// By run and result.
  std::vector<std::vector<std::vector<float>>> results;
};

} // namespace incc

#endif // INCC_PASSES_CALIBRATOR_H
