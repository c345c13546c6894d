// Functions that exporters spell out in several nodes.
#ifndef INCC_FRONTEND_ONNX_PATTERNS_H
#define INCC_FRONTEND_ONNX_PATTERNS_H

#include "ir/Cnn.h"

namespace incc::onnximport {

/// The activation (and its input, of another shape perhaps) that `a * b` amounts to; null if none.
/// The ops that it replaces stay for their other users, or become dead.
struct MatchedActivation {
  mlir::Value input;
  cnn::ActivationAttr act;
  explicit operator bool() const { return static_cast<bool>(input); }
};
MatchedActivation matchProduct(mlir::Value a, mlir::Value b);
/// Likewise of `x * factor`.
MatchedActivation matchScaled(mlir::Value x, double factor);

/// Local response normalisation as PyTorch exports it.
struct MatchedLrn {
  mlir::Value input;
  int64_t size;
  double alpha, beta, k;
};
/// x / (k + alpha * mean of x^2 over neighbouring channels)^beta, if `x / divisor` is that.
std::optional<MatchedLrn> matchLrn(mlir::Value x, mlir::Value divisor);

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_PATTERNS_H
