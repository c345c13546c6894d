// What the writers of ops, in Export*.cpp, share.
#ifndef INCC_FRONTEND_ONNX_EXPORTER_H
#define INCC_FRONTEND_ONNX_EXPORTER_H

#include "frontend/onnx/GraphWriter.h"

namespace incc {

/// Translates the ops of one function. Each `write` adds the nodes of one op; what several have in
/// common (residual, activation) is added by `finish`.
class Exporter {
public:
  explicit Exporter(onnx::GraphProto &graph) : writer(graph) {}

  /// Fails on ops without a writer.
  llvm::LogicalResult write(mlir::Operation *op);
  GraphWriter writer;

private:
  using Strings = llvm::SmallVector<std::string, 4>;

  // Export.cpp
  void write(cnn::Conv2dOp op);
  void write(cnn::LinearOp op);
  void write(cnn::BatchNormOp op);
  // ExportElementwise.cpp
  void write(cnn::ActivationOp op);
  void write(cnn::AddOp op);
  void write(cnn::MulOp op);
  void write(cnn::BinaryOp op);
  void write(cnn::ScaleOp op);
  void write(cnn::DropoutOp op);
  void write(cnn::SoftmaxOp op);
  void write(cnn::LrnOp op);
  // ExportPool.cpp
  void write(cnn::MaxPoolOp op);
  void write(cnn::AvgPoolOp op);
  void write(cnn::GlobalAvgPoolOp op);
  void write(cnn::AdaptiveAvgPoolOp op);
  // ExportShape.cpp
  void write(cnn::ConcatOp op);
  void write(cnn::SliceOp op);
  void write(cnn::FlattenOp op);
  void write(cnn::ReshapeOp op);
  void write(cnn::TransposeOp op);
  void write(cnn::TakeOp op);
  void write(cnn::ToLayoutOp op);

  std::string name(mlir::Value value) { return writer.nameOf(value); }
  std::string resultName(mlir::Operation *op) { return writer.nameOf(op->getResult(0)); }
  /// Adds residual and activation to `result`, which becomes the op's result.
  void finish(mlir::Operation *op, std::string result, mlir::Value residual,
              std::optional<cnn::ActivationAttr> act);
  std::string activate(mlir::Operation *op, const std::string &input, cnn::ActivationAttr act);

  /// A node with one fresh result, whose name it returns.
  std::string node(const char *type, mlir::Operation *layer, llvm::ArrayRef<std::string> inputs) {
    std::string result;
    writer.addNode(type, layer, inputs, &result);
    return result;
  }
  std::string scalar(llvm::StringRef wanted, double value) {
    return writer.addFloats(wanted, {}, {static_cast<float>(value)});
  }
  /// Surrounds `input` with `value`: `before` and `after` each axis.
  std::string pad(mlir::Operation *layer, const std::string &input, llvm::ArrayRef<int64_t> before,
                  llvm::ArrayRef<int64_t> after, double value);
};

} // namespace incc

#endif // INCC_FRONTEND_ONNX_EXPORTER_H
