// Prints MLIR's diagnostics as `FILE:LINE:COL: error: LAYER: message`.
#ifndef INCC_FRONTEND_DIAGNOSTICS_H
#define INCC_FRONTEND_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

#include "llvm/Support/raw_ostream.h"

namespace incc {

/// Prints the context's diagnostics while it is alive. MLIR's own handler drops the names of
/// layers.
class DiagnosticPrinter {
public:
  /// `quiet` prints errors only, with the calls of modules that led to their layer; `normal` also
  /// warnings and remarks (as "note"); `verbose` the calls for these as well.
  enum class Verbosity { quiet, normal, verbose };

  explicit DiagnosticPrinter(mlir::MLIRContext *context, Verbosity verbosity = Verbosity::normal,
                             llvm::raw_ostream &os = llvm::errs());

  unsigned numErrors() const { return errors; }
  unsigned numWarnings() const { return warnings; }

private:
  void print(mlir::Diagnostic &diagnostic);
  void printLine(mlir::Location loc, mlir::DiagnosticSeverity severity, llvm::StringRef message);
  void printCallers(mlir::Location loc);

  Verbosity verbosity;
  llvm::raw_ostream &os;
  unsigned errors = 0, warnings = 0;
  mlir::ScopedDiagnosticHandler handler;
};

} // namespace incc

#endif // INCC_FRONTEND_DIAGNOSTICS_H
