// Writes a network of the cnn dialect as an ONNX model.
#ifndef INCC_FRONTEND_ONNX_EXPORT_H
#define INCC_FRONTEND_ONNX_EXPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace incc {

/// Writes the module's only function to `os` as an ONNX model (opset 17), one node or few per
/// layer.
///
/// Nodes are named after their layers and initializers after the tensors they were loaded from;
/// inputs and outputs have their public names. Other engines then run the same network: it is what
/// the numeric tests and incc-bench compare with. Layouts are ignored, but fused epilogues are
/// written out, so any cnn IR can be exported. Fails on weights beyond protobuf's 2 GB, on weights
/// that are not loaded, and on ops that are not of the cnn dialect (all of them listed).
llvm::Error exportOnnx(mlir::ModuleOp module, llvm::raw_ostream &os);

} // namespace incc

#endif // INCC_FRONTEND_ONNX_EXPORT_H
