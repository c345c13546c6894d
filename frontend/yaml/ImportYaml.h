// Imports a YAML model file.
#ifndef INCC_FRONTEND_YAML_IMPORTYAML_H
#define INCC_FRONTEND_YAML_IMPORTYAML_H

#include "frontend/Frontend.h"

namespace incc::yaml {

/// Imports `path`; null after diagnostics. The cnn and func dialects must be loaded.
mlir::OwningOpRef<mlir::ModuleOp> importYaml(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options);

} // namespace incc::yaml

#endif // INCC_FRONTEND_YAML_IMPORTYAML_H
