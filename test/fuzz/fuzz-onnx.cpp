// Imports bytes as an ONNX model; the result, if any, must verify; a failure must have a reason.
#include "frontend/onnx/Import.h"
#include "test/fuzz/FuzzContext.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  mlir::MLIRContext &context = fuzzContext();
  bool hasError = false;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    hasError |= diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  });
  llvm::StringRef bytes(reinterpret_cast<const char *>(data), size);
  mlir::OwningOpRef<mlir::ModuleOp> module = incc::onnximport::importOnnx(
      context, llvm::MemoryBufferRef(bytes, "fuzz"), "/nonexistent/model.onnx", {});
  if (!module ? !hasError : hasError || failed(verify(*module)))
    __builtin_trap();
  return 0;
}
