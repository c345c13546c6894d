// Imports bytes as a model file; the result, if any, must verify.
#include "frontend/Frontend.h"
#include "test/fuzz/FuzzContext.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <unistd.h>

static std::string makeFile() {
  llvm::SmallString<64> path;
  if (llvm::sys::fs::createTemporaryFile("fuzz", "yaml", path))
    abort();
  return path.str().str();
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const std::string path = makeFile();
  {
    std::error_code error;
    llvm::raw_fd_ostream file(path, error);
    file.write(reinterpret_cast<const char *>(data), size);
  }
  mlir::MLIRContext &context = fuzzContext();
  bool hasError = false;
  mlir::ScopedDiagnosticHandler handler(&context, [&](mlir::Diagnostic &diagnostic) {
    hasError |= diagnostic.getSeverity() == mlir::DiagnosticSeverity::Error;
  });
  // Weights that are nowhere: random ones of the allowed 4 GiB would only cost time.
  incc::ImportOptions options;
  options.weightsPath = "/nonexistent.safetensors";
  if (incc::importModel(context, path, options) || !hasError)
    __builtin_trap();
  return 0;
}
