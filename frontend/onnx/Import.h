// Reads an ONNX model into a module of verified cnn IR.
#ifndef INCC_FRONTEND_ONNX_IMPORT_H
#define INCC_FRONTEND_ONNX_IMPORT_H

#include "frontend/Frontend.h"
#include "llvm/Support/MemoryBuffer.h"

namespace incc::onnximport {

/// The opsets of the default domain that are understood. 6 broadcasts by attributes, as ONNX's own
/// tests of PyTorch's export do. 25 is that of ONNX 1.20; from 22 on, the operators known here
/// changed only in the element types that they take.
constexpr int64_t kOldestOpset = 6, kNewestOpset = 25;

/// Imports the file `path`, as `importModel` describes. A symbolic first dimension of an input
/// becomes `options.batch`. What can't be imported is reported in one error that lists every such
/// node; then null is returned.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options);

/// Likewise from memory. `path` names the model in diagnostics, and its folder is the only place
/// that external data may come from.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context,
                                             llvm::MemoryBufferRef bytes, llvm::StringRef path,
                                             const ImportOptions &options);

} // namespace incc::onnximport

#endif // INCC_FRONTEND_ONNX_IMPORT_H
