// Turns a model file into a module of verified cnn IR.
#ifndef INCC_FRONTEND_FRONTEND_H
#define INCC_FRONTEND_FRONTEND_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace incc {

struct ImportOptions {
  /// The first dimension of a YAML model's inputs, and of an ONNX model's that is symbolic.
  int64_t batch = 1;
  /// A .safetensors or .npz file; empty: seeded random weights.
  std::string weightsPath;
  /// Seed of random weights. Without it and without a file, seed 0 is used and a remark says so.
  std::optional<uint64_t> randomSeed;
  /// False where only the structure matters: parameters are zeros, a weights file stays unread.
  bool fillWeights = true;
  /// Values of the model file's `args`, as `key`, `value`.
  std::vector<std::pair<std::string, std::string>> settings;
  /// The outputs to keep, by name; empty: those that the file keeps.
  std::vector<std::string> outputs;
};

/// Imports `path` (.yaml, .yml, .onnx or .mlir, by its extension). The result is
///
///   module @NAME attributes {cnn.preprocess = {...}, cnn.labels = [...]} {
///     func.func @NAME(%x: tensor<NxCxHxW> {cnn.name = "input"})
///         -> (tensor<NxK> {cnn.name = "output"}, ...)
///   }
///
/// where each layer's location is `loc("layer1.0.conv1"(...))` around its place in the file, and
/// each weight's is the published name of its tensor. Returns null after emitting diagnostics, as
/// many as can be found in one run. Loads the dialects it needs into `context`.
mlir::OwningOpRef<mlir::ModuleOp> importModel(mlir::MLIRContext &context, llvm::StringRef path,
                                              const ImportOptions &options);

} // namespace incc

#endif // INCC_FRONTEND_FRONTEND_H
