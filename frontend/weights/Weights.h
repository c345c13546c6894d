// Gives a model's parameters their values.
#ifndef INCC_FRONTEND_WEIGHTS_WEIGHTS_H
#define INCC_FRONTEND_WEIGHTS_WEIGHTS_H

#include "frontend/Frontend.h"
#include "frontend/weights/RandomWeights.h"
#include "ir/Cnn.h"

namespace incc::weights {

/// A constant whose value is still to come.
struct Parameter {
  /// The published name: "layer1.0.conv1.weight".
  std::string name;
  ParameterKind kind;
  cnn::ConstantOp op;
};

/// Fills in the parameters from the file or the seed that `options` names. `ignored` are the
/// tensors of heads that were dropped: allowed in the file, but not needed. Emits one error that
/// lists every tensor that is missing, too many, misshapen or of another type, and warns of NaN and
/// infinity.
mlir::LogicalResult assignWeights(mlir::ModuleOp module, llvm::ArrayRef<Parameter> parameters,
                                  llvm::ArrayRef<std::string> ignored,
                                  const ImportOptions &options);

} // namespace incc::weights

#endif // INCC_FRONTEND_WEIGHTS_WEIGHTS_H
